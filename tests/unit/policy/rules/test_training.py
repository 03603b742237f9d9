"""The training register: who is asked, for how long it counts, and what never waits for it."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.policy import (
    AT,
    LENIENT,
    TRAINED,
    World,
    approve,
    evidence_file,
    finding,
    hold_file,
    people_yaml,
    policy_yaml,
    quarantine_file,
    status_file,
    version_files,
    yamls,
)

RULE = {"topics": ["versioning", "rollback", "incident"], "valid_days": 365}
DAY = timedelta(days=1)


def ago(days, *topics):
    """Training in all topics so many days ago, or in these only."""
    return {"training": dict.fromkeys(topics or RULE["topics"], str((AT - days * DAY).date()))}


def world(*, policy_fields=None, **people):
    policy = policy_yaml(**{**LENIENT, "training": RULE, **(policy_fields or {})})
    return World(policy, people_yaml(**people)).registered("1.0.0", "1.1.0")


def promoting(here, **fields):
    return here.judge(here.stage("1.0.0", "development"), approvals=["lead"], **fields)


@pytest.mark.clause("B-10-3")
@pytest.mark.parametrize(("days", "codes"), [(0, ()), (365, ()), (366, ("GM-P410",)), (-1, ("GM-P410",))])
def test_training_of_a_proposer_counts_for_as_long_as_the_policy_says(days, codes):
    assert promoting(world(engineer=ago(days))).codes == codes


@pytest.mark.clause("B-10-2")
@pytest.mark.parametrize("missing", RULE["topics"])
def test_every_topic_is_asked_for(missing):
    verdict = promoting(world(engineer=ago(1, *(topic for topic in RULE["topics"] if topic != missing))))
    assert verdict.codes == ("GM-P410",)
    said = finding(verdict, "GM-P410").message
    assert (
        said == f"engineer is without valid training in {missing} and proposes promotion of fraud@1.0.0 to development"
    )


def test_without_the_demand_nobody_is_asked():
    here = world(policy_fields={"training": None}, engineer={"training": {}}, lead={"training": {}})
    assert promoting(here).allowed


@pytest.mark.clause("B-10-2")
def test_who_registers_is_asked_too():
    here = world(engineer={"training": {}})
    assert here.codes(version_files("1.2.0")) == ("GM-P410",)
    new = {"models/churn/model.yaml": here.state.snapshot.data("models/fraud/model.yaml").replace(b"fraud", b"churn")}
    assert here.codes(new, approvals=["lead", "raio"]) == ("GM-P410",)


def test_workloads_and_who_adds_evidence_need_none():
    here = world(engineer={"training": {}})
    assert here.codes(version_files("1.2.0", author="ci"), "ci") == ()
    assert here.codes(evidence_file("1.0.0", "evaluation", by="engineer")) == ()


@pytest.mark.clause("B-10-3")
def test_an_approval_without_valid_training_is_ignored_with_that_reason():
    verdict = promoting(world(lead=ago(400)))
    assert verdict.codes == ("GM-P401",)
    (quorum,) = verdict.quorums
    why = "without valid training in versioning, rollback, incident"
    assert [(one.person, one.why) for one in quorum.ignored] == [("lead", why)]
    assert quorum.candidates == {"technical-lead": ("lead2",)}


def test_a_rejection_stands_without_training():
    here = world(lead={"training": {}})
    edits = here.stage("1.0.0", "development")
    assert here.codes(edits, approvals=["lead2", approve("lead", decision="reject")]) == ("GM-P402",)


def test_a_later_training_counts_from_its_own_day():
    here = world(lead={"training": dict.fromkeys(RULE["topics"], "2026-11-22")})
    assert promoting(here).codes == ("GM-P401",)
    tomorrow = datetime(2026, 11, 22, tzinfo=UTC)
    edits = here.stage("1.0.0", "development")
    assert here.codes(edits, approvals=["lead"], at=tomorrow) == ()


def test_who_may_approve_their_own_work_is_trained():
    own = {"approvals": {"self_approval": ["low"]}}
    roles = {"engineer": ["ml-engineer", "technical-lead"]}
    for training, codes in ((TRAINED, ()), ({}, ("GM-P401", "GM-P410"))):
        people = people_yaml(roles, engineer={"training": training})
        here = World(policy_yaml(**{**LENIENT, "training": RULE, **own}), people).registered("1.0.0")
        assert here.codes(here.stage("1.0.0", "development")) == codes


def test_on_replay_training_of_proposers_only_warns():
    assert promoting(world(engineer=ago(400)), live=False).allowed


def test_without_a_time_no_training_is_valid():
    assert "GM-P410" in promoting(world(), at=None).codes


GONE = ("engineer", "lead", "raio", "raio2", "domain", "operator", "owner", "rescue1", "rescue2")
NOBODY = {name: {"training": {}} for name in GONE}


@pytest.mark.clause("B-10-3")
@pytest.mark.parametrize("risk", ["low", "high"])
def test_rollback_hold_quarantine_and_cause_never_wait_for_training(risk):
    here = world(**NOBODY).registered(risk=risk).promoted("1.0.0").promoted("1.1.0")
    edits = {**here.stage("1.0.0"), **hold_file(), **quarantine_file("1.1.0")}
    for stage in ("development", "validation", "staging"):
        edits |= here.stage("1.0.0", stage)
    by, others = ("operator", []) if risk == "low" else ("raio", ["raio2"])
    edits = {path: data.replace(b"by: operator", f"by: {by}".encode()) for path, data in edits.items()}
    assert here.codes(edits, by, approvals=others) == ()
    assert here.codes(status_file("suspend"), "operator") == ()


def test_a_quarantine_that_needs_agreement_does_not_wait_for_training():
    here = world(**NOBODY).promoted("1.0.0").promoted("1.1.0")
    assert here.codes(quarantine_file("1.0.0"), "operator") == ("GM-P401",)
    assert here.codes(quarantine_file("1.0.0"), "operator", approvals=["lead"]) == ()


def test_an_emergency_that_takes_a_stage_out_of_service_does_not_wait_for_training():
    here = world(**NOBODY, policy_fields={"emergency": None}).promoted("1.0.0", "development")
    plain = {"models/fraud/stages/development.yaml": None}
    assert here.codes(plain, approvals=["lead"]) == ("GM-P401",)
    urgent = {**plain, **hold_file(stage="development", by="engineer", emergency={"skipped": ["approval"]})}
    verdict = here.judge(urgent, approvals=["lead"])
    assert [one.why for quorum in verdict.quorums for one in quorum.ignored if "training" in one.why] == []


def people_change(here, **changes):
    listed = yamls.load(here.state.snapshot.data("policies/people.yaml"), "p")
    for one in listed["people"]:
        one.update(changes.get(one["id"], {}))
    return {"policies/people.yaml": yamls.dump(listed)}


@pytest.mark.clause("B-10-3")
def test_renewing_trainings_is_not_blocked_by_expired_training():
    here = world(**NOBODY)
    renewal = people_change(here, engineer=ago(1), raio=ago(1))
    assert here.codes(renewal, "engineer", approvals=["raio", "owner"]) == ()
    for other in ({"roles": ["raio"]}, {"until": "2027-01-01"}, {"suspended": True}):
        more = people_change(here, engineer={**ago(1), **other})
        assert here.codes(more, "engineer2", approvals=["raio", "owner"]) == ("GM-P401",)


def test_a_change_of_the_policy_is_approved_by_trained_people():
    here = world(raio={"training": {}})
    edits = {"policies/policy.yaml": policy_yaml(**{**LENIENT, "training": RULE, "version": 2})}
    assert here.codes(edits, approvals=["raio", "owner"]) == ("GM-P401",)
    assert here.codes(edits, approvals=["raio2", "owner"]) == ()
