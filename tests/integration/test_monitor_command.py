"""``gm monitor`` as a process: once, over a recording, and the words it refuses."""

import json

import pytest

from tests.support import policy as documents
from tests.support.recorded_day import TRIGGER, TURNS, whole_day
from tests.support.team import Team, gm

PEOPLE = {"ann": ["ml-engineer", "technical-lead", "operator"]}
TRIGGERS = """apiVersion: gitops-models/v1
kind: Triggers
model: fraud
triggers:
- {name: floor, use: metrics, fail: {below: 0.9}, for: 5m}
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    from tests.conftest import isolate  # noqa: PLC0415

    root = tmp_path_factory.mktemp("monitor")
    with pytest.MonkeyPatch.context() as monkeypatch:
        isolate(monkeypatch, root / "home")
        team = Team(root, root / "home", PEOPLE)
        team.registry.version("fraud", "1.0.0", by="ann")
        yield team.clone("ann")


def line(time, value):
    return json.dumps({"time": f"2026-11-21T{time}:00Z", "trigger": "floor", "value": value}) + "\n"


def test_a_recording_is_replayed_and_nothing_is_changed(clone):
    (clone / "triggers.yaml").write_text(TRIGGERS)
    (clone / "day.jsonl").write_text(line("08:00", 0.95) + line("09:00", 0.8) + line("09:05", 0.8) + line("09:06", 0.8))
    ran = gm(clone, "--json", "monitor", "--replay", "day.jsonl", "--triggers", "triggers.yaml")
    assert ran.status == 0, ran.err
    said = json.loads(ran.out)
    assert (said["kind"], said["lines"], said["fired"]) == ("Replay", 4, 1)
    assert [turn["standing"] for turn in said["turns"]] == ["ok", "pending", "fired", "in-progress"]
    assert said["turns"][2]["reason"] == "0.8 is below 0.9"


def test_a_whole_day_is_replayed(clone):
    """What comes of every value is in tests/unit/delivery/test_triggers_replay.py; here are the turns."""
    (clone / "triggers.yaml").write_bytes(documents.document("Triggers", model="fraud", triggers=[TRIGGER]))
    (clone / "day.jsonl").write_bytes(b"".join(whole_day()))
    ran = gm(clone, "--json", "monitor", "--replay", "day.jsonl", "--triggers", "triggers.yaml")
    assert ran.status == 0, ran.err
    said = json.loads(ran.out)
    assert (said["lines"], said["fired"]) == (706, 2)
    assert [(turn["time"][11:16], turn["standing"]) for turn in said["turns"]] == TURNS


def test_without_a_model_that_has_triggers_there_is_nothing_to_replay(clone):
    (clone / "day.jsonl").write_text(line("08:00", 0.95))
    ran = gm(clone, "monitor", "--replay", "day.jsonl")
    assert (ran.status, "GM-R630" in ran.err) == (2, True)
    ran = gm(clone, "monitor", "--triggers", "day.jsonl")
    assert (ran.status, "--triggers belongs to --replay" in ran.err) == (2, True)


def test_a_file_without_a_monitor_is_wrong_usage(clone):
    (clone / "gm-reconciler.yaml").write_text(
        "apiVersion: gitops-models/v1\nkind: Reconciler\nurls: [../server.git]\nartifacts: {url: dvc}\n"
        "targets: [{id: local, path: srv}]\nstate: state\n"
    )
    ran = gm(clone, "monitor", "--once")
    assert (ran.status, "GM-R621" in ran.err) == (2, True)
