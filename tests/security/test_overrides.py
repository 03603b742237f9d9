"""Overrides: a person with the emergency role may serve the last known good version for a while, and nothing else."""

import json
import os
from dataclasses import replace
from datetime import timedelta

import pytest

from gitops_models.delivery import overrides as module
from gitops_models.delivery.overrides import judge_override
from gitops_models.delivery.results import Done, State
from gitops_models.errors import GmError
from gitops_models.registry.canonical import jcs
from gitops_models.registry.times import format_time
from gitops_models.trust.bodies import Acceptance
from gitops_models.trust.dsse import PAYLOAD_TYPE, Envelope, EnvelopeSignature, pae
from gitops_models.trust.records import make_acceptance
from tests.support import policy as documents
from tests.support.keys import ed25519_key
from tests.support.registry import people_document
from tests.support.station import Station, emergency, rolled_back, told


@pytest.fixture
def station(story, tmp_path, home):
    found = Station(story(emergency), tmp_path, home)
    found.run()
    assert found.served() == "1.2.0"
    return found


def refused(station, code, where="override.json"):
    """The code with which the one override is refused while the live model stays as it was."""
    before, live = told(station.root), station.served()
    report = station.run()
    assert [(name, error.code) for name, error in report.problems] == [(where, code)]
    assert (told(station.root), station.served(), report.results[0].override) == (before, live, None)
    assert report.first_error.code == code
    return report


@pytest.mark.clause("A-limits-8", "A-testing-6", "A-testing-7")
@pytest.mark.lookalike("the last known good version served by an override until Git says the same")
def test_an_override_serves_the_last_known_good_version_while_the_forge_is_down_and_git_catches_up(station):
    record = station.override()
    with station.down():
        report = station.run()
        assert station.served() == "1.1.0"
        (result,) = report.results
        assert (result.state, result.done, result.desired) == (State.HELD, Done.SWITCHED, "1.1.0")
        assert result.hold.startswith("override by operator until 2026-11-")
        assert result.to_json()["override"] == record.statement_sha256
        assert station.run().results[0].done is Done.NOTHING
    station.run()
    (made,) = [record.body for record in station.records() if record.body.override]
    assert (made.override, made.version, made.change_id) == (record.statement_sha256, "1.1.0", None)
    rolled_back(station.registry)
    report = station.run()
    assert (report.ok, report.results[0].override, report.results[0].done) == (True, None, Done.NOTHING)
    assert report.notes == ("override override.json: Git says the same now; the file can be removed",)
    assert station.served() == "1.1.0"


def test_an_override_ends_when_it_expires_and_git_decides_again(station):
    station.override(hours=1)
    station.run()
    assert station.served() == "1.1.0"
    station.registry.clock.tick(hours=1)
    report = station.run()
    assert [error.code for _, error in report.problems] == ["GM-R424"]
    assert station.served() == "1.2.0"


@pytest.mark.attack("an override that has expired", "GM-R424", by="operator")
def test_an_expired_override_is_refused(station):
    station.override(created="2026-11-01T10:00:00Z", expires="2026-11-02T10:00:00Z")
    refused(station, "GM-R424")


@pytest.mark.attack("an override dated ahead, to hold for longer", "GM-R425", by="operator")
@pytest.mark.lookalike("an override signed by a clock that is a little ahead")
def test_an_override_from_the_future_is_refused(station):
    ahead = station.now() + timedelta(minutes=6)
    station.override(created=format_time(ahead), expires=format_time(ahead + timedelta(hours=1)))
    refused(station, "GM-R425")
    ahead = station.now() + timedelta(minutes=4)
    station.override(created=format_time(ahead), expires=format_time(ahead + timedelta(hours=1)))
    assert station.run().ok
    assert station.served() == "1.1.0"


@pytest.mark.attack("an override for longer than the policy lets Git be overruled", "GM-R431", by="operator")
@pytest.mark.lookalike("an override for just as long as the policy allows")
def test_an_override_that_lasts_longer_than_the_policy_allows_is_refused(station):
    station.override(hours=48.01)
    refused(station, "GM-R431")
    station.override(hours=48)
    assert station.run().ok


@pytest.mark.clause("B-10-1")
@pytest.mark.attack("an override by somebody without the emergency role", "GM-R421", by="author")
@pytest.mark.attack("an override by somebody with the role for other models", "GM-R421", by="author")
@pytest.mark.attack("an override by a workload", "GM-R421", by="ci")
@pytest.mark.attack("an override that names somebody else than its signer", "GM-R421", by="reviewer")
@pytest.mark.parametrize(("by", "key"), [("lead", "lead"), ("other", "other"), ("ci", "ci"), ("operator", "lead")])
def test_whoever_lacks_the_emergency_role_is_refused(station, by, key):
    station.override(by=by, key=ed25519_key(key))
    refused(station, "GM-R421")


@pytest.mark.attack("an override by somebody suspended", "GM-R430", by="thief")
@pytest.mark.attack("an override by somebody past their last day", "GM-R430", by="thief")
@pytest.mark.parametrize("by", ["away", "gone"])
def test_somebody_suspended_or_gone_is_refused(station, by):
    station.override(by=by)
    refused(station, "GM-R430")


@pytest.mark.attack("an override by a key of nobody", "GM-T002", by="thief")
def test_a_key_of_nobody_is_refused(station):
    station.override(key=ed25519_key("stranger"))
    refused(station, "GM-T002")


@pytest.mark.attack("an override to another version than the last known good", "GM-R422", by="operator")
@pytest.mark.attack("an override to the last known good version with another lineage", "GM-R422", by="operator")
def test_another_version_than_the_last_known_good_is_refused(station):
    older = station.registry.history().state.stack("fraud", "production").versions[0]
    station.override(version=older.version, lineage_sha256=older.lineage_sha256)
    assert "1.1.0 is" in refused(station, "GM-R422").first_error.message
    station.override(lineage_sha256="0" * 64)
    refused(station, "GM-R422")


def test_where_nothing_good_lies_below_there_is_nothing_to_override_with(station):
    for version in ("1.0.0", "1.1.0"):
        bar(station, version)
    station.override(version="9.0.0", lineage_sha256="0" * 64)
    assert "there is none" in refused(station, "GM-R422").first_error.message


def bar(station, version):
    registry = station.registry
    shared = documents.artifact(version)["sha256"]
    files = documents.quarantine_file(version, digests=[shared])
    proposal = registry.draft("fraud", files, by="operator", event="quarantine", version=version)
    if any(not quorum.met for quorum in registry.check(proposal).verdict.quorums):
        registry.approve(proposal, "lead")
    registry.merge(proposal, by="operator")
    station.run()


@pytest.mark.attack("an override to a quarantined version", "GM-R423", by="operator")
@pytest.mark.lookalike("an override to the version below the one that was quarantined")
def test_a_quarantined_version_is_refused(station):
    kept = station.statement()
    bar(station, "1.1.0")
    station.override(version="1.1.0", lineage_sha256=kept.lineage_sha256)
    refused(station, "GM-R423")
    older = station.registry.history().state.stack("fraud", "production").versions[0]
    station.override(version="1.0.0", lineage_sha256=older.lineage_sha256)
    assert station.run().ok
    assert station.served() == "1.0.0"


@pytest.mark.attack("an override of another repository replayed here", "GM-R426", by="operator")
@pytest.mark.attack("an override of another line of the repository", "GM-R426", by="operator")
@pytest.mark.parametrize("field", ["repository", "line"])
def test_an_override_of_another_repository_or_line_is_refused(station, field):
    station.override(**{field: "another"})
    refused(station, "GM-R426")


@pytest.mark.attack("an override of another target replayed here", "GM-R427", by="operator")
@pytest.mark.lookalike("an override for this very target")
def test_an_override_for_another_target_is_refused(station):
    station.override(target="us")
    refused(station, "GM-R427")
    station.override(target="eu")
    assert station.run().ok
    assert station.served() == "1.1.0"


@pytest.mark.attack("an override of another model", "GM-R428", by="operator")
@pytest.mark.attack("an override of a model that was suspended on purpose", "GM-R428", by="operator")
def test_an_override_where_nothing_is_live_is_refused(station):
    station.override(model="other")
    refused(station, "GM-R428")
    station.override(stage="nowhere")
    refused(station, "GM-R428")
    suspended = station.registry.draft("fraud", documents.status_file("suspend"), by="operator", event="suspension")
    station.registry.merge(suspended, by="operator")
    station.override()
    refused(station, "GM-R428")


@pytest.mark.attack("an override replayed after Git moved on", "GM-R429", by="operator")
def test_an_override_is_void_once_git_has_moved_on(station):
    station.override()
    station.run()
    assert station.served() == "1.1.0"
    rolled_back(station.registry)
    station.run()
    registry = station.registry
    proposal = registry.promote("fraud", "1.2.0", "production", lift_hold=True, root_cause="https://wiki/1")
    registry.approve(proposal, "lead")
    registry.merge(proposal)
    report = station.run()
    assert [error.code for _, error in report.problems] == ["GM-R429"]
    assert station.served() == "1.2.0"
    refused(station, "GM-R429")


@pytest.mark.attack("a signed override with another reason put in", "GM-T003", by="node")
@pytest.mark.attack("an override behind a symbolic link", "GM-R432", by="node")
@pytest.mark.attack("another signed record given as an override", "GM-R432", by="operator")
@pytest.mark.attack("a record of megabytes given as an override", "GM-T100", by="node")
def test_what_is_no_override_is_refused(station):
    path = station.root / "overrides" / "override.json"
    record = station.override()
    path.unlink()
    path.symlink_to(station.root / "key")
    refused(station, "GM-R432")
    path.unlink()
    os.mkfifo(path)
    refused(station, "GM-R432")
    path.unlink()
    body = {"main": "0" * 40, "merge": "0" * 40, "head": "0" * 40, "change_id": "0" * 64, "checkpoint": None}
    acceptance = Acceptance.model_validate({**body, "at": "2026-11-21T10:00:00Z"})
    path.write_bytes(make_acceptance(acceptance, ed25519_key("operator")).envelope)
    refused(station, "GM-R432")
    path.write_bytes(b"x" * 2**20)
    refused(station, "GM-T100")
    other = station.override(reason="another")
    forged = other.envelope.split(b'"signatures":')[0] + b'"signatures":' + record.envelope.split(b'"signatures":')[1]
    path.write_bytes(forged)
    refused(station, "GM-T003")


@pytest.mark.attack("an override whose subject names other bytes than its body", "GM-T105", by="operator")
@pytest.mark.attack("an override without a reason", "GM-T105", by="operator")
@pytest.mark.parametrize(
    "changes", [{"subject": [{"digest": {"sha256": "0" * 64}, "name": "version"}]}, {"reason": " "}]
)
def test_a_statement_that_contradicts_itself_or_gives_no_reason_is_refused(station, changes):
    key, statement = ed25519_key("operator"), json.loads(Envelope.decode(station.override().envelope).payload)
    statement["predicate"] |= {name: value for name, value in changes.items() if name == "reason"}
    payload = jcs(statement | {name: value for name, value in changes.items() if name == "subject"})
    signature = key.sign(pae(PAYLOAD_TYPE, payload), "gm-record@v1").encode()
    envelope = Envelope(PAYLOAD_TYPE, payload, (EnvelopeSignature(key.fingerprint, signature),))
    (station.root / "overrides/override.json").write_bytes(envelope.encode())
    refused(station, "GM-T105")


def test_a_directory_that_cannot_be_read_is_told_and_one_that_is_not_there_is_empty(station, monkeypatch):
    station.override("a.json")
    station.override("b.json")
    monkeypatch.setattr(module, "MOST_FILES", 1)
    refused(station, "GM-R432", where="overrides")
    for path in (station.root / "overrides").iterdir():
        path.unlink()
    (station.root / "overrides").rmdir()
    (station.root / "overrides").write_text("")
    refused(station, "GM-R432", where="overrides")
    (station.root / "overrides").unlink()
    assert station.run().ok


def test_a_file_that_is_named_holds_beside_those_of_the_directory_and_the_newest_counts(station):
    station.override("old.json", reason="first")
    station.registry.clock.tick()
    second = station.override("new.json", reason="second")
    (station.root / "overrides/new.json").rename(station.root / "given.json")
    report = station.run(overrides=[station.root / "given.json"])
    assert report.results[0].override == second.statement_sha256


@pytest.mark.attack("an override under a policy that knows no emergency", "GM-R420", by="operator")
def test_without_an_emergency_role_in_the_policy_there_is_no_override(story, tmp_path, home):
    station = Station(story(emergency, "low", None), tmp_path, home)
    station.run()
    station.override()
    refused(station, "GM-R420")


def test_an_override_of_a_removed_key_ends_with_the_key(station):
    station.override()
    station.run()
    registry = station.registry
    people = {name: roles for name, roles in registry.people.items() if name != "operator"}
    changed = registry.draft("-", {"policies/people.yaml": people_document(people)}, by="owner", event="people")
    registry.approve(changed, "raio")
    registry.merge(changed, by="owner")
    report = station.run()
    assert [error.code for _, error in report.problems] == ["GM-T002"]
    assert station.served() == "1.2.0"


@pytest.mark.attack("an override of a critical model by one person alone", "GM-R433", by="thief")
@pytest.mark.attack("an override of a critical model without the emergency role", "GM-R433", by="thief")
@pytest.mark.lookalike("an override of a critical model that an authorizing person signed too")
def test_a_critical_model_needs_a_second_person(story, tmp_path, home):
    station = Station(story(emergency, "critical"), tmp_path, home)
    station.run()
    station.override()
    refused(station, "GM-R433")
    station.override(by="rescue1")
    refused(station, "GM-R433")
    station.override("a.json")
    station.override("b.json", by="lead")
    report = station.run()
    assert {name: error.code for name, error in report.problems} == {"b.json": "GM-R421"}
    assert station.served() == "1.1.0"
    (station.root / "overrides/b.json").unlink()
    assert station.run().ok


@pytest.mark.attack("an override by an untouched key where the risk asks for a touch", "GM-T021", by="thief")
def test_a_touch_is_asked_for_where_the_risk_does(story, tmp_path, home):
    station = Station(story(emergency), tmp_path, home)
    history = station.registry.history()
    risks = history.policy.risks
    low = risks.low.model_copy(update={"touch": True})
    policy = history.policy.model_copy(update={"risks": risks.model_copy(update={"low": low})})
    asking, record = replace(history, policy=policy), station.override()
    with pytest.raises(GmError) as error:
        judge_override(record, asking, at=station.now())
    assert error.value.code == "GM-T021"
    judge_override(replace(record, touch=True), asking, at=station.now())
    judge_override(record, history, at=station.now())
