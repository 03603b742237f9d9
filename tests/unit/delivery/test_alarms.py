"""What of a run is an alarm, and how alarms are told: pure values and a post without places."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from gitops_models.delivery.alarms import (
    MOST_PROPOSALS,
    PATIENCE,
    PROPOSALS,
    REPOSITORY,
    STALLED,
    alarms_of,
    areas_of,
    stalled_alarms,
)
from gitops_models.delivery.notify.assemble import open_post
from gitops_models.delivery.notify.notices import Severity
from gitops_models.delivery.results import Report, Result, State, Sync
from gitops_models.delivery.values import Drift, DriftKind, ModelStage
from gitops_models.delivery.watch import MOST_AT_ONCE, Lookout, Watch
from gitops_models.errors import GmError

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
AT = ModelStage("fraud", "production")


def history(blocked=(), pending=()):
    state = SimpleNamespace(blocked=dict(blocked))
    return SimpleNamespace(state=state, pending=dict(pending), repository=SimpleNamespace(id="shop"))


def result(at=AT, **changes):
    return Result("eu", at, State.LIVE, Sync.SYNCED, "1.0.0", "1.0.0", "d" * 64, **changes)


def alarms(*results, problems=(), of=None):
    report = Report("c" * 40, NOW, results, tuple(problems))
    return alarms_of(report, of or history(), ["eu"])


def test_an_override_in_force_is_an_alarm_with_its_words():
    (alarm,) = alarms(result(override="f" * 64, hold="override by ada until noon: forge down"))
    assert (alarm.notice.kind, alarm.notice.reason) == ("override-started", "override by ada until noon: forge down")
    assert (alarm.notice.version, alarm.notice.replaces, alarm.after) == ("1.0.0", None, timedelta(0))
    (other,) = alarms(result(override="e" * 64, hold="x"))
    assert alarm.key != other.key


@pytest.mark.parametrize(
    ("code", "kind", "after"),
    [
        ("GM-R303", "deployment-failed", timedelta(0)),
        ("GM-R311", "deployment-failed", timedelta(0)),
        ("GM-R312", "integrity-failure", timedelta(0)),
        ("GM-R202", "integrity-failure", timedelta(0)),
        ("GM-R302", "deployment-failed", PATIENCE),
        ("GM-R101", "deployment-failed", PATIENCE),
    ],
)
def test_what_fails_at_a_place_is_an_alarm_at_once_unless_it_may_pass(code, kind, after):
    (alarm,) = alarms(result(error=GmError(code, "why", where="here")))
    assert (alarm.area, alarm.notice.kind, alarm.notice.code, alarm.after) == ("eu", kind, code, after)


def test_what_the_words_of_an_error_say_does_not_make_another_condition():
    keys = {alarms(result(error=GmError("GM-R302", words)))[0].key for words in ("no space", "no inode")}
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("kinds", "severity"),
    [
        ((DriftKind.MISSING_FILE,), Severity.WARNING),
        ((DriftKind.EMPTY_ENGINE,), Severity.WARNING),
        ((DriftKind.OTHER_ENGINE,), Severity.CRITICAL),
        ((DriftKind.MISSING_LINK, DriftKind.EXTRA_FILE), Severity.CRITICAL),
        ((DriftKind.CHANGED_LINK,), Severity.CRITICAL),
    ],
)
def test_bytes_that_nobody_signed_are_worse_than_none(kinds, severity):
    (alarm,) = alarms(result(drift=tuple(Drift(kind, "x") for kind in kinds)))
    assert alarm.notice.usual.severity is severity


def test_a_step_that_waits_is_no_alarm_and_one_that_is_denied_is():
    why = SimpleNamespace(step="a" * 40, codes=("GM-P401", "GM-P402"))
    waits = SimpleNamespace(step=SimpleNamespace(status="pending"))
    denied = SimpleNamespace(step=SimpleNamespace(status="denied"))
    blocked = {"model:fraud": why, "model:spam": why, "policy": why}
    found = alarms(of=history(blocked, {"model:fraud": waits, "model:spam": denied}))
    assert [(alarm.notice.model, alarm.notice.commit) for alarm in found] == [("spam", "a" * 40), (None, "a" * 40)]
    assert {alarm.notice.kind for alarm in found} == {"step-refused"}
    (nameless,) = alarms(of=history({"policy": SimpleNamespace(step="a" * 40, codes=())}))
    assert nameless.notice.code is None


def test_a_target_that_could_not_be_seen_keeps_its_alarms():
    problems = [
        ("eu", GmError("GM-R101", "busy")),
        (REPOSITORY, GmError("GM-S201", "away")),
        ("x.json", GmError("GM-R424", "late")),
    ]
    found = alarms(problems=problems)
    assert [alarm.area for alarm in found] == ["eu", REPOSITORY, REPOSITORY]
    assert [alarm.notice.kind for alarm in found] == ["deployment-failed", "deployment-failed", "override-refused"]
    assert areas_of(Report(None, NOW, (), tuple(problems)), ["eu", "us"]) == {REPOSITORY, "us"}


def test_of_many_alarms_the_rest_follows_with_the_next_run(tmp_path):
    post = open_post((), tmp_path / "notifications", clock=lambda: NOW)
    watch = Watch(post, tmp_path / "alarms.json")
    places = [result(ModelStage(f"m{number}", "production"), override="f" * 64) for number in range(MOST_AT_ONCE + 5)]
    record = tmp_path / "notifications" / "notices.jsonl"
    for told in (MOST_AT_ONCE, MOST_AT_ONCE + 5, MOST_AT_ONCE + 5):
        watch.saw(Report("c" * 40, NOW, tuple(places)), history(), ["eu"])
        assert len(record.read_text().splitlines()) == told
    assert {error.code for error in watch.drain()} == {"GM-R709"}
    assert watch.drain() == []


def test_a_lookout_looks_no_more_often_than_it_should_and_its_alarms_stay_meanwhile(tmp_path):
    looks, now = [], [NOW]

    def look(_history):
        looks.append(1)
        return stalled_alarms(["refs/heads/gm/rollback/fraud/1.0.0/production/3fa9c1d2"])

    post = open_post((), tmp_path / "notifications", clock=lambda: now[0])
    watch = Watch(post, tmp_path / "alarms.json", [Lookout(PROPOSALS, timedelta(minutes=1), look)])
    for seconds, looked in ((0, 1), (30, 1), (30, 2), (0, 2)):
        now[0] += timedelta(seconds=seconds)
        watch.saw(Report("c" * 40, NOW), history(), ["eu"])
        assert len(looks) == looked
        assert "proposals" in (tmp_path / "alarms.json").read_text()


def test_only_so_many_proposals_are_told_and_odd_names_too():
    found = stalled_alarms([f"refs/heads/gm/rollback/{number}" for number in range(500)])
    assert len(found) == MOST_PROPOSALS
    (odd,) = stalled_alarms(["refs/heads/gm/rollback/"])
    assert (odd.notice.model, odd.after) == (None, STALLED)


def test_a_bug_in_telling_is_a_warning(tmp_path):
    watch = Watch(open_post((), tmp_path, clock=lambda: NOW), tmp_path / "alarms.json")
    watch.saw(Report("c" * 40, NOW, (None,)), history(), ["eu"])
    assert [error.code for error in watch.drain()] == ["GM-C001"]
