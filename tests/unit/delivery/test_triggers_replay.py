"""A recorded day replayed: the decisions that docs/how-to/monitor.md documents, and nothing is asked or changed."""

import json

import pytest

from gitops_models.delivery.triggers.replay import Rate, read_recording, replay
from gitops_models.errors import GmError
from gitops_models.registry.documents import Trigger

DROP = Trigger.model_validate(
    {
        "name": "accuracy-drop",
        "use": "prometheus-main",
        "query": "a{{version}}",
        "baseline": {"of": "previous-version", "max_drop": 0.05},
        "for": "5m",
        "grace": "2m",
        "cooldown": "30m",
        "min_samples": 200,
    }
)


def line(time, value=0.95, **fields):
    said = {"time": f"2026-11-21T{time}:00Z", "trigger": "accuracy-drop", "value": value, "samples": 400}
    return json.dumps({"baseline": {"value": 0.95, "samples": 400}, "version": "1.2.0", **said, **fields}).encode()


DAY = [
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


def test_the_recorded_day_gives_the_documented_decisions():
    found = run(DAY)
    assert [(f"{one.line.time:%H:%M}", one.decision.standing.value) for one in found] == DOCUMENTED
    assert [one.decision.act for one in found if one.decision.act] == ["restore", "restore"]
    assert [f"{one.line.time:%H:%M}" for one in found if one.decision.alert] == ["09:05", "11:07", "13:06"]
    assert found[4].decision.reason == "0.88 is 0.07 below 0.95, more than 0.05"


def test_where_the_risk_lets_automation_only_propose_it_says_so():
    assert [one.decision.act for one in run(DAY, restores=False) if one.decision.act] == ["propose", "propose"]


def test_automation_that_acted_often_enough_only_alerts():
    found = run(DAY, rate=Rate(count=1, per_hours=24))
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
