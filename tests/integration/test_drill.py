"""gm drill: the way back is rehearsed on a scratch clone and directory, timed, and recorded."""

import sys
from dataclasses import replace

import pytest

from gitops_models.artifacts.readers import object_path
from gitops_models.delivery.results import Result, State, Sync
from gitops_models.delivery.values import ModelStage
from gitops_models.errors import GmError
from gitops_models.workflows.drill import keep, places_to_rehearse, rehearse, stand_of
from gitops_models.workflows.drill_restore import unserved
from tests.support import policy as documents
from tests.support.station import Station, emergency

AT = ModelStage("fraud", "production")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return emergency(tmp_path_factory.mktemp("told") / "forge.git")


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
    assert [phase.name for phase in body.phases] == ["clone", "decide", "install", "fetch", "restore"]
    assert body.bytes == len("fraud 1.1.0 model.onnx")
    assert [(one.id, one.passed) for one in body.checks] == [("interface", True)]
    assert (station.root / "scratch/srv/fraud/production/current/model.onnx").read_text() == "fraud 1.1.0 model.onnx"
    assert not (station.root / "srv").exists()


def test_whose_agreement_a_real_one_would_need_is_said(station):
    found = go(station, by="engineer")
    assert (found.ok, found.body.missing) == (True, ("operator",))


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
    asking = {"id": "asking", "use": "served-version", "address": "http://127.0.0.1:1"}
    station.configure(checks=[strict, asking])
    found = go(station)
    assert (found.error.code, found.body.to) == ("GM-R520", "1.1.0")
    assert [(one.id, one.passed) for one in found.body.checks] == [("interface", True), ("strict", False)]


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
