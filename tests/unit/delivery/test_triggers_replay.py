"""A recorded day replayed: the decisions that docs/how-to/monitor.md documents, and nothing is asked or changed."""

import json

import pytest

from gitops_models.delivery.triggers.replay import Rate, read_recording, replay
from gitops_models.errors import GmError
from gitops_models.registry.documents.triggers import Trigger
from tests.support.recorded_day import TRIGGER, TURNS, whole_day

DROP = Trigger.model_validate(TRIGGER)


def line(time, value=0.95, **fields):
    said = {"time": f"2026-11-21T{time}:00Z", "trigger": "accuracy-drop", "value": value, "samples": 400}
    return json.dumps({"baseline": {"value": 0.95, "samples": 400}, "version": "1.2.0", **said, **fields}).encode()


HOURS = [
    line("08:00"),
    line("08:10", 0.90),
    line("09:00", 0.89),
    line("09:04", 0.89),
    line("09:05", 0.88),
    line("09:06", 0.88),
    line("09:10", None, error="connection refused"),
    line("09:11", float("nan")),
    line("09:12", 0.95),
    line("10:00", 0.80, samples=199),
    line("10:01", 0.80, at="2026-11-21T09:55:00Z"),
    line("11:00", 0.80, version="1.1.0"),
    line("11:02", 0.80, version="1.1.0"),
    line("11:06", 0.80, version="1.1.0"),
    line("11:07", 0.80, version="1.1.0"),
    line("11:08", 0.95, version="1.1.0"),
    line("13:00", None, version="1.1.0"),
    line("13:06", None, version="1.1.0"),
]
DOCUMENTED = [
    ("08:00", "ok"),
    ("08:10", "ok"),
    ("09:00", "pending"),
    ("09:04", "pending"),
    ("09:05", "fired"),
    ("09:06", "in-progress"),
    ("09:10", "error"),
    ("09:11", "no-data"),
    ("09:12", "ok"),
    ("10:00", "no-data"),
    ("10:01", "no-data"),
    ("11:00", "grace"),
    ("11:02", "pending"),
    ("11:06", "pending"),
    ("11:07", "fired"),
    ("11:08", "ok"),
    ("13:00", "no-data"),
    ("13:06", "no-data"),
]


def run(lines, trigger=DROP, **options):
    found = replay({trigger.name: trigger}, read_recording(lines), **{"restores": True, **options})
    return list(found)


def test_recorded_hours_give_the_documented_decisions():
    found = run(HOURS)
    assert [(f"{one.line.time:%H:%M}", one.decision.standing.value) for one in found] == DOCUMENTED
    assert [one.decision.act for one in found if one.decision.act] == ["restore", "restore"]
    assert [f"{one.line.time:%H:%M}" for one in found if one.decision.alert] == ["09:05", "11:07", "13:06"]
    assert found[4].decision.reason == "0.88 is 0.07 below 0.95, more than 0.05"


def clock(found):
    return f"{found.line.time:%H:%M}"


@pytest.mark.clause("A-triggers-4", "A-triggers-5")
def test_the_recorded_day_gives_the_documented_decisions():
    """A value every two minutes over 24 hours, every decision of them."""
    found = run(whole_day())
    assert len(found) == 24 * 30 - 14
    assert (clock(found[0]), clock(found[-1])) == ("00:00", "23:58")
    expected = dict(TURNS)
    standing = None
    for one in found:
        standing = expected.pop(clock(one), standing)
        assert (clock(one), one.decision.standing.value) == (clock(one), standing)
    assert expected == {}
    assert [(clock(one), one.decision.act) for one in found if one.decision.act] == [
        ("12:06", "restore"), ("12:36", "restore")
    ]  # fmt: skip
    told = [clock(one) for one in found if one.decision.alert]
    silent = [f"{hour}:{minute:02}" for hour in ("02", "16") for minute in range(6, 60, 2)]
    assert sorted(told) == sorted([*silent, "12:06", "12:36", "13:06", "20:06", "20:08"])


def test_what_nobody_recorded_counts_for_nothing():
    found = {clock(one): one.decision for one in run(whole_day())}
    assert f"{found['10:30'].state.failing:%H:%M}" == "10:30"
    assert found["12:06"].reason == "0.85 is 0.1 below 0.95, more than 0.05"
    assert found["13:06"].reason.endswith("automation acted 2 times in 24 h")


def test_where_the_risk_lets_automation_only_propose_it_says_so():
    assert [one.decision.act for one in run(HOURS, restores=False) if one.decision.act] == ["propose", "propose"]


def test_automation_that_acted_often_enough_only_alerts():
    found = run(HOURS, rate=Rate(count=1, per_hours=24))
    assert [one.decision.standing.value for one in found if one.decision.alert] == ["fired", "blocked", "no-data"]


def test_a_constant_is_the_baseline_of_a_recording_without_one():
    constant = DROP.model_copy(update={"baseline": DROP.baseline.model_copy(update={"of": 0.9}), "min_samples": 1})
    (found,) = run([b'{"time": "2026-11-21T08:00:00Z", "trigger": "accuracy-drop", "value": 0.85}', b""], constant)
    assert found.decision.reason == "0.85 is 0.05 below 0.9, not more than 0.05"
    assert found.line.version == "recorded"


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([b"{"], "line 1: the answer is no JSON"),
        ([b"[]"], "line 1: it is no object"),
        ([b"{}"], "line 1: 'time'"),
        ([line("08:00"), line("07:59")], "line 2: it is older than the line before it"),
        ([line("08:00", strange=1)], "line 1: `strange` means nothing here"),
        ([line("08:00", trigger=1)], "line 1: time, trigger, version, model and stage are texts"),
        ([line("08:00", at="noon")], "line 1: `noon` is not a UTC time"),
        ([line("08:00", [None])], "line 1: the report holds an empty value or a list in a list"),
        ([line("08:00", samples="many")], "line 1: "),
        ([b" " * (1 << 20) + b"{}"], "line 1: it is too long"),
        ([line("08:00", trigger="other")], "there is no trigger other"),
    ],
)
def test_what_is_no_recording_is_refused(lines, why):
    with pytest.raises(GmError) as caught:
        run(lines)
    assert caught.value.code == "GM-R630"
    assert caught.value.message.startswith(why)
