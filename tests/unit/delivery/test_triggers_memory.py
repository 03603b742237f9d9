"""What a monitor remembers, what it tells people, and who may change triggers."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gitops_models.delivery.notify.notices import Severity
from gitops_models.delivery.triggers.acting import Acted
from gitops_models.delivery.triggers.decide import Act, Decision, Standing, State
from gitops_models.delivery.triggers.memory import MOST_ACTS, Memory, load_memory, save_memory
from gitops_models.delivery.triggers.reports import MonitorReport, Row
from gitops_models.delivery.triggers.telling import AREA, alarms_of
from gitops_models.delivery.values import ModelStage
from gitops_models.errors import GmError
from gitops_models.registry.documents.triggers import Trigger

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
AT = ModelStage("fraud", "production")
TRIGGER = Trigger.model_validate({"name": "t", "use": "s", "fail": {"below": 0.9}})


def test_what_is_remembered_comes_back(tmp_path):
    memory = Memory().looked("a t", State("d", NOW, None, 2, NOW, NOW)).looked("b t", State())
    memory = memory.serving("a", "d", NOW).acted("a", NOW).acted("a", NOW)
    save_memory(tmp_path / "new/triggers.json", memory)
    assert load_memory(tmp_path / "new/triggers.json") == memory


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"states": {"a": {}}, "since": {}, "acts": {}}', '{"states": {}, "since": {"a": 1}, "acts": {}}',
     '{"states": {}, "since": {}, "acts": {"a": ["now"]}}', "[" * 100_000],
)  # fmt: skip
def test_a_memory_that_makes_no_sense_is_empty(tmp_path, text):
    (tmp_path / "triggers.json").write_text(text)
    assert load_memory(tmp_path / "triggers.json") == Memory()


def test_a_memory_that_cannot_be_kept_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(GmError) as caught:
        save_memory(tmp_path / "file/triggers.json", Memory())
    assert caught.value.code == "GM-R302"


def test_a_version_is_served_since_it_was_first_seen_and_never_in_the_future():
    memory = Memory().serving("a", "d", NOW)
    later = NOW + timedelta(hours=1)
    assert memory.serving("a", "d", later).since["a"] == ("d", NOW)
    assert memory.serving("a", "e", later).since["a"] == ("e", later)
    assert memory.serving("a", "d", NOW - timedelta(days=1)).since["a"] == ("d", NOW - timedelta(days=1))


def test_acts_are_counted_within_their_hours_and_outlive_what_is_forgotten():
    memory = Memory()
    for hours in range(30):
        memory = memory.acted("a", NOW + timedelta(hours=hours))
    now = NOW + timedelta(hours=29)
    assert (memory.acts_within("a", 24, now), memory.acts_within("b", 24, now)) == (24, 0)
    assert memory.unacted("a").acts_within("a", 24, now) == 23
    forgot = memory.looked("a t", State()).serving("a", "d", NOW).only((), ())
    assert (forgot.states, forgot.since, forgot.acts_within("a", 24, now)) == ({}, {}, 24)
    for _ in range(MOST_ACTS + 1):
        memory = memory.acted("a", NOW)
    assert len(memory.acts["a"]) == MOST_ACTS


def row(standing, *, act=None, alert=True, acted=None, **fields):
    trigger = TRIGGER.model_copy(update=fields)
    decision = Decision(standing, "0.8 is below 0.9", State(), act, alert)
    return Row("fraud#production t", AT, trigger, "1.2.0", decision, acted or Acted())


@pytest.mark.clause("A-triggers-2", "A-triggers-3")
def test_people_are_told_of_what_fired_of_what_may_not_act_and_of_what_says_nothing():
    rows = (
        row(Standing.FIRED, act=Act.RESTORE, acted=Acted("c" * 64, problems=(GmError("GM-S201", "away"),))),
        row(Standing.BLOCKED, severity="medium"),
        row(Standing.NO_DATA),
        row(Standing.OK, alert=False),
    )
    report = MonitorReport(NOW, "c" * 40, rows, problems=(("x.json", GmError("GM-R610", "no restoration")),))
    found = [(one.notice.kind, one.notice.usual.severity, one.notice.reason) for one in alarms_of(report)]
    assert found == [
        ("trigger-fired", Severity.CRITICAL, "0.8 is below 0.9"),
        ("trigger-blocked", Severity.WARNING, "0.8 is below 0.9"),
        ("trigger-silent", Severity.WARNING, "0.8 is below 0.9"),
        ("rollback-failed", Severity.CRITICAL, "away"),
        ("trigger-silent", Severity.WARNING, "no restoration"),
    ]
    first = alarms_of(report)[0]
    assert (first.area, first.notice.details["proposal"]) == (AREA, "c" * 64)
    assert len({one.key for one in alarms_of(report)}) == 5


def test_a_report_ends_with_its_first_error_or_with_drift():
    assert MonitorReport(NOW, "c", (row(Standing.OK, alert=False),)).exit_status == 0
    for standing in (Standing.FIRED, Standing.BLOCKED, Standing.IN_PROGRESS):
        assert MonitorReport(NOW, "c", (row(standing),)).exit_status == 8
    away = MonitorReport(NOW, "c", (row(Standing.FIRED, acted=Acted(problems=(GmError("GM-S201", "away"),))),))
    assert (away.exit_status, away.to_json()["triggers"][0]["problems"]) == (
        9, [{"code": "GM-S201", "message": "away"}]
    )  # fmt: skip
    assert json.dumps(replace(away, notes=("a note",)).to_json())
