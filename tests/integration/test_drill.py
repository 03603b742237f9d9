"""gm drill: the way back is rehearsed on a scratch clone and directory, timed, and recorded."""

import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import TypeAdapter

from gitops_models.artifacts.readers import object_path
from gitops_models.delivery.checks.settings import CheckList
from gitops_models.delivery.results import Result, State, Sync
from gitops_models.delivery.targets.directory import DirectoryTarget
from gitops_models.delivery.values import ModelStage
from gitops_models.errors import GmError
from gitops_models.policy.profiles import profile
from gitops_models.registry import yamls
from gitops_models.registry.times import format_time
from gitops_models.trust.records import make_drill
from gitops_models.workflows.drill import keep, places_to_rehearse, rehearse, stand_of
from gitops_models.workflows.drill_restore import unserved
from gitops_models.workflows.drill_served import ask_here
from gitops_models.workflows.drilled import last_drills
from gitops_models.workflows.standing import standing
from tests.support import policy as documents
from tests.support import stories
from tests.support.delivery import Bytes, deployment, desired, settle
from tests.support.inference import cases_file
from tests.support.keys import ed25519_key
from tests.support.models import linear_onnx
from tests.support.station import Station, emergency

AT = ModelStage("fraud", "production")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    risks = yamls.load(profile("minimal"), "policy")["risks"]
    asked = {**risks["low"], "rollback": {"initiate": ["operator"], "authorize": ["raio"], "automation": "propose"}}
    return emergency(tmp_path_factory.mktemp("told") / "forge.git", risks={**risks, "low": asked})


@pytest.fixture
def station(told, tmp_path, home):
    return Station(told.copy(tmp_path / "forge.git"), tmp_path, home)


def go(station, *, at=AT, by="operator", config=None):
    session = station.registry.session(by)
    folder = station.root / "scratch"
    folder.mkdir()
    stand = stand_of(session, config or station.config, None)
    return rehearse(session, at, stand, folder)


@pytest.mark.clause("A-testing-9")
def test_a_drill_brings_the_last_known_good_version_back_and_touches_nothing(station):
    with station.registry.untouched():
        found = go(station)
    assert found.ok
    body = found.body
    assert (body.model, body.stage, body.version, body.to) == ("fraud", "production", "1.2.0", "1.1.0")
    assert body.seconds > 0
    assert body.missing == ("raio",)  # whose agreement a real one would need
    assert [phase.name for phase in body.phases] == ["clone", "decide", "install", "fetch", "restore", "validate"]
    assert body.bytes == len("fraud 1.1.0 model.onnx")
    assert [(one.id, one.passed) for one in body.checks] == [("scan", True), ("interface", True)]
    assert (station.root / "scratch/srv/fraud/production/current/model.onnx").read_text() == "fraud 1.1.0 model.onnx"
    assert not (station.root / "srv").exists()


def test_whoever_may_not_begin_a_rollback_cannot_rehearse_one(station):
    found = go(station, by="engineer")
    assert (found.ok, found.error.code, found.body.to) == (False, "GM-P401", "1.1.0")


def test_bytes_that_are_gone_or_swapped_are_found_before_they_are_needed(station):
    path = station.root / "dvc" / object_path(documents.artifact("1.1.0")["md5"])
    path.write_text("fraud 6.6.6 model.onnx")
    found = go(station)
    assert not found.ok
    assert found.error.code in {"GM-A313", "GM-A314", "GM-A312", "GM-A403"}
    assert (found.body.result, found.body.seconds, found.body.code) == ("failed", None, found.error.code)


def test_the_live_versions_bytes_are_not_needed(station):
    (station.root / "dvc" / object_path(documents.artifact("1.2.0")["md5"])).unlink()
    assert go(station).ok


def test_a_check_of_the_operator_that_the_way_back_fails_fails_the_drill(station):
    program = "import sys; sys.exit('1.1.0' == sys.argv[1])"
    command = [sys.executable, "-c", program, "{version}"]
    strict = {"id": "strict", "use": "command", "when": "before", "retries": 0, "timeout": 30, "command": command}
    station.configure(checks=[strict])
    found = go(station)
    assert (found.error.code, found.body.to) == ("GM-R520", "1.1.0")
    assert {one.id: one.passed for one in found.body.checks} == {"scan": True, "interface": True, "strict": False}


def test_what_is_no_model_that_can_be_served_here_is_not_asked_and_that_is_said(station):
    station.configure(checks=[{"id": "asking", "use": "served-version", "url": "http://127.0.0.1:1"}])
    found = go(station)
    assert found.ok
    asked = found.body.checks[-1]
    assert (asked.id, asked.passed, asked.required) == ("asking", None, False)
    assert asked.message.startswith("nothing was asked: ")


def test_golden_answers_are_rehearsed_on_a_server_of_ones_own(station, tmp_path):
    """The very checks of production, on what came back in the scratch directory."""
    pytest.importorskip("onnxruntime")
    content = {"model.onnx": linear_onnx((1.0, 0.0))}
    wanted = deployment("1.1.0", content)
    target = DirectoryTarget(tmp_path / "srv")
    settle(target, desired(wanted), Bytes({"1.1.0": content}))
    inputs = [{"name": "features", "datatype": "FP32", "shape": [1, 2], "data": [0.5, 1.0]}]
    cases = cases_file(tmp_path / "cases.json", {"inputs": inputs, "outputs": [{"name": "score", "data": [0.5]}]})
    parts = {"url": "http://127.0.0.1:1", "cases": cases, "retries": 0, "targets": ["eu"], "timeout": 60}
    checks = TypeAdapter(CheckList).validate_python(
        [
            {"id": "answers", "use": "golden", **parts},
            {"id": "seen", "use": "served-version", "url": parts["url"], "timeout": 60},
            {"id": "speed", "use": "latency", "p95_below_ms": 5000.0, "requests": 8, **parts},
        ]
    )
    history = station.registry.history()
    assert [one.passed for one in ask_here(checks, target, history, wanted)] == [True, True, True]
    cases_file(tmp_path / "cases.json", {"inputs": inputs, "outputs": [{"name": "score", "data": [0.6]}]})
    (failed, *_) = ask_here(checks, target, history, wanted)
    assert (failed.passed, failed.message) == (False, "1 of 1 cases: output score[0] is 0.5 instead of 0.6")


def test_where_nothing_good_is_left_the_drill_says_what_the_rollback_would(station):
    station.registry.version("spam", "1.0.0")
    with pytest.raises(GmError) as caught:
        places_to_rehearse(station.registry.session("operator"), "spam", None)
    assert caught.value.code == "GM-R530"
    station.registry.live("spam", "1.0.0", "staging")
    found = go(station, at=ModelStage("spam", "staging"))
    assert (found.ok, found.error.code, found.body.to) == (False, "GM-P510", None)
    assert [phase.name for phase in found.body.phases] == ["clone", "decide"]


def test_what_can_be_rehearsed_is_what_is_live(station):
    session = station.registry.session("operator")
    assert places_to_rehearse(session, None, None) == (AT, ModelStage("fraud", "staging"))
    assert places_to_rehearse(session, "fraud", "production") == (AT,)
    with pytest.raises(GmError) as caught:
        places_to_rehearse(session, "frod", None)
    assert caught.value.code.startswith("GM-C14")
    with pytest.raises(GmError) as caught:
        places_to_rehearse(session, None, "development")
    assert caught.value.code.startswith("GM-C14")


def test_a_record_is_kept_and_sent(station):
    session = station.registry.session("operator")
    found = go(station)
    assert keep(session, found) is None
    (record,) = station.registry.ledger.recent_drills()
    assert (record.body, record.fingerprint) == (found.body, session.signer().fingerprint)


def test_a_rollback_that_ends_with_another_version_is_no_rollback():
    result = Result("drill", AT, State.SUSPENDED, Sync.BEHIND, "1.1.0", "1.2.0", "a" * 64)
    assert unserved(result).code == "GM-R531"
    assert unserved(result).message == "1.2.0 is served instead of 1.1.0"
    assert unserved(replace(result, sync=Sync.SYNCED)) is None


def doubts(station):
    return [f"{one.model}#{one.stage}: {one.why}" for one in standing(station.registry.session("operator")).drills]


def test_status_says_when_the_last_drill_is_too_old_or_failed(station):
    assert doubts(station) == []  # nobody has begun, and the policy asks for none
    found = go(station)
    keep(station.registry.session("operator"), found)
    row = next(row for row in standing(station.registry.session("lead")).rows if row.stage == "production")
    assert (row.drilled.days, row.drilled.version, row.drilled.seconds) == (0, "1.1.0", found.body.seconds)
    assert doubts(station) == []
    station.clock.tick(days=90)
    assert doubts(station) == ["fraud#production: a rollback was last rehearsed 90 days ago"]
    failed = replace(found, body=found.body.model_copy(update={"result": "failed", "at": format_time(station.now())}))
    keep(station.registry.session("operator"), failed)
    assert doubts(station) == ["fraud#production: the rollback that was rehearsed 0 days ago failed"]


def test_the_policy_says_how_often_and_never_is_too_seldom(tmp_path):
    registry = stories.registry(tmp_path / "forge.git", changes={"rollback": {"drill_every_days": 30}})
    for version in ("1.0.0", "1.1.0"):
        registry.version("fraud", version)
        registry.live("fraud", version, "staging", "production")
    (one,) = standing(registry.session("lead")).drills
    assert (one.stage, one.why) == ("production", "a rollback was never rehearsed")


def test_drills_of_strangers_of_other_repositories_and_from_the_future_do_not_count(station):
    found = go(station)
    session = station.registry.session("operator")
    later = found.body.model_copy(update={"at": format_time(station.now() + timedelta(days=1))})
    elsewhere = found.body.model_copy(update={"repository": "another"})
    for body, by in ((found.body, "mallory"), (later, "operator"), (elsewhere, "operator")):
        session.writer().append_drill(make_drill(body, ed25519_key(by)))
    assert last_drills(station.registry.session("lead")) == {}
