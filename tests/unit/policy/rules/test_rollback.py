import pytest

from tests.support.policy import (
    LENIENT,
    World,
    approve,
    artifact,
    cause_file,
    commit,
    evidence_file,
    finding,
    hold_file,
    model_yaml,
    people_yaml,
    policy_yaml,
    quarantine_file,
    status_file,
    version_files,
)

VERSIONS = ("1.0.0", "1.1.0", "1.2.0")


def world(risk="low", policy=None, **people):
    here = World(policy, people_yaml(**people)).registered(*VERSIONS, risk=risk)
    for version in VERSIONS:
        here.promoted(version)
    return here


def back(here, version="1.1.0", by="operator", approvals=(), beside=None, **facts):
    return here.judge({**here.stage(version), **(beside or {})}, by=by, approvals=approvals, **facts)


@pytest.mark.clause("B-6.3-1")
@pytest.mark.parametrize("risk", ["low", "medium"])
def test_an_operator_rolls_back_low_and_medium_risk_alone(risk):
    verdict = back(world(risk), beside={**hold_file(), **cause_file()})
    assert verdict.allowed
    assert not verdict.quorum_needed


@pytest.mark.clause("B-6.3-2")
def test_high_risk_is_authorized_by_the_officer_who_may_also_propose_it():
    here = world("high")
    assert back(here, approvals=("raio",), by="both").allowed
    verdict = back(here, by="both")
    assert verdict.allowed
    assert verdict.quorums[0].counted[0].how == "proposer"
    assert not verdict.quorum_needed
    assert back(here).codes == ("GM-P401", "GM-P403")


def test_an_operator_starts_a_rollback_of_high_risk_only_where_the_policy_says_so():
    risks = {
        risk: {
            "approve": ["raio"],
            "evidence": "signed",
            "rollback": {"initiate": ["operator"], "authorize": ["raio"]},
        }
        for risk in ("low", "medium", "high", "critical")
    }
    here = world("high", policy_yaml(**LENIENT, risks=risks))
    assert back(here).codes == ("GM-P401",)
    assert back(here, approvals=("raio",)).allowed
    assert back(here, approvals=(approve("raio", source="forge"),)).codes == ("GM-P401",)


@pytest.mark.clause("B-6.3-3")
def test_critical_risk_needs_two_of_the_emergency_committee_one_of_whom_may_propose():
    here = world("critical")
    assert back(here, by="rescue1").codes == ("GM-P401",)
    assert back(here, by="rescue1", approvals=("rescue1",)).codes == ("GM-P401",)
    assert back(here, by="rescue1", approvals=("rescue2",)).allowed


def test_two_proposers_do_not_authorize_each_other():
    here = world("critical")
    edits = here.stage("1.1.0")
    both = (commit(edits, "rescue1"), commit(edits, "rescue2", oid="d" * 40))
    assert here.codes(edits, commits=both, approvals=("rescue1", "rescue2")) == ("GM-P401",)


@pytest.mark.clause("B-6.3-1", "B-10-1")
def test_somebody_without_a_role_rolls_nothing_back():
    assert back(world(), by="engineer").codes == ("GM-P403",)


def test_going_deeper_than_the_last_known_good_needs_one_more_approver():
    here = world()
    assert back(here, "1.0.0").codes == ("GM-P401",)
    assert back(here, "1.0.0", approvals=("lead",)).allowed
    high = world("high")
    assert back(high, "1.0.0", by="raio").codes == ("GM-P401",)
    verdict = back(high, "1.0.0", by="raio", approvals=("domain",))
    assert verdict.allowed
    assert verdict.quorums[0].required == ("raio", "raio or domain-lead")


def test_where_nobody_approves_nobody_approves_going_deeper():
    risks = {
        risk: {"approve": "none", "evidence": "signed", "rollback": {"initiate": ["operator"]}}
        for risk in ("low", "medium", "high", "critical")
    }
    assert back(world(policy=policy_yaml(**LENIENT, risks=risks)), "1.0.0").allowed


@pytest.mark.clause("A-summary-2", "B-8-2")
def test_a_quarantined_retired_or_unfit_version_is_not_the_last_known_good():
    here = world().accept(quarantine_file("1.1.0"))
    assert back(here, "1.0.0").allowed
    here = world().accept(status_file("retire", version="1.1.0"))
    assert back(here, "1.0.0").allowed
    needs = {"consumers": [{"name": "checkout", "requires": {"outputs": ["score"]}}]}
    score = {"interface": {"outputs": [{"name": "score", "dtype": "float32", "shape": [-1]}]}}
    here = World().registered(**needs)
    for version in VERSIONS:
        here.accept(version_files(version, **({} if version == "1.1.0" else score))).promoted(version)
    assert back(here, "1.0.0").allowed


@pytest.mark.clause("B-6.2-1")
def test_a_quarantined_or_retired_target_is_refused():
    here = world().accept(quarantine_file("1.1.0"))
    assert "GM-P501" in back(here, approvals=("lead",)).codes
    here = world().accept(status_file("retire", version="1.1.0"))
    assert "GM-P501" in back(here, approvals=("lead",)).codes
    assert "retired" in finding(back(here), "GM-P501").message


def test_a_stage_outside_the_policy_is_not_rolled_back():
    here = world()
    for version in VERSIONS:
        here.promoted(version, "canary")
    verdict = here.judge(here.stage("1.1.0", "canary"), by="operator")
    assert verdict.codes == ("GM-P501",)


def test_a_rollback_goes_on_while_held_suspended_or_without_evidence():
    here = World(people=people_yaml()).registered(*VERSIONS)
    for version in VERSIONS:
        here.promoted(version)
    here.accept(hold_file()).accept(status_file("suspend"))
    assert back(here).allowed


@pytest.mark.clause("B-6.2-4")
@pytest.mark.parametrize(
    "beside",
    [
        {"models/fraud/model.yaml": model_yaml(owners=["team"])},
        version_files("2.0.0", author="operator"),
        status_file("suspend"),
        evidence_file("1.1.0", "evaluation", by="operator"),
    ],
)
def test_a_rollback_touches_stages_and_safety_records_only(beside):
    assert (
        "GM-P502"
        in back(world(operator={"roles": ["operator", "ml-engineer"]}), beside=beside, approvals=("lead", "raio")).codes
    )


def test_a_promotion_beside_a_rollback_is_refused():
    here = World(people=people_yaml(operator={"roles": ["operator", "ml-engineer"]})).registered(*VERSIONS)
    here.promoted("1.0.0").promoted("1.1.0")
    edits = {**here.stage("1.0.0"), **here.stage("1.2.0", "development")}
    assert here.codes(edits, by="operator", approvals=("lead",)) == ("GM-P502",)


def test_a_rollback_beside_another_model_is_that_models_matter():
    here = world().registered(model="churn")
    edits = {**here.stage("1.1.0"), **cause_file(model="churn")}
    assert here.judge(edits, by="operator").allowed


def test_automation_goes_to_the_last_known_good_only():
    here = world()
    assert back(here, by="monitor").allowed
    assert back(here, "1.0.0", by="monitor", approvals=("lead",)).codes == ("GM-P503",)


@pytest.mark.clause("B-6.2-3")
def test_automation_does_not_authorize_high_risk():
    here = world("high")
    assert back(here, by="monitor").codes == ("GM-P401",)
    assert back(here, by="monitor", approvals=("raio",)).allowed


def test_after_rollbacks_a_popped_version_needs_full_approval():
    here = world()
    here.accept(here.stage("1.1.0"))
    assert here.codes(here.stage("1.2.0")) == ("GM-P401",)
    assert here.judge(here.stage("1.2.0"), approvals=("lead",)).allowed
    assert back(here, "1.0.0").allowed


@pytest.mark.clause("A-emergency-6")
def test_a_live_version_is_quarantined_only_with_a_rollback_of_every_stage_that_serves_it():
    here = world()
    bar = quarantine_file("1.2.0")
    assert here.codes(bar, by="operator") == ("GM-P504",)
    stages = {path: data for stage in here.policy.stages for path, data in here.stage("1.1.0", stage).items()}
    assert here.judge({**bar, **stages}, by="operator").allowed
    one = here.judge({**bar, **here.stage("1.1.0")}, by="operator")
    assert one.codes == ("GM-P504",)
    assert len(one.denials) == 3


def test_a_version_that_is_live_nowhere_is_quarantined_by_an_operator():
    here = world()
    assert here.judge(quarantine_file("1.0.0"), by="operator").allowed
    here.registered("2.0.0")
    assert here.judge(quarantine_file("2.0.0"), by="operator").allowed


def test_a_quarantine_that_leaves_nothing_to_fall_back_to_needs_approval():
    here = World().registered("1.0.0", "1.1.0").promoted("1.0.0").promoted("1.1.0")
    assert here.codes(quarantine_file("1.0.0"), by="operator") == ("GM-P401",)
    assert here.judge(quarantine_file("1.0.0"), by="operator", approvals=("lead",)).allowed


def test_quarantined_bytes_that_another_version_shares_bar_it_as_a_fallback_too():
    shared = artifact("shared", path="prep.bin", role="preprocessing")
    here = World().registered("1.2.0", "1.3.0")
    for version in ("1.0.0", "1.1.0"):
        here.accept(version_files(version, artifacts=[artifact(version), shared]))
    here.promoted("1.1.0").promoted("1.2.0")
    bar = quarantine_file("1.0.0", digests=[shared["sha256"]])
    assert here.codes(bar, by="operator") == ("GM-P401",)
    here.promoted("1.0.0")
    assert "GM-P504" in here.codes(quarantine_file("1.1.0", digests=[shared["sha256"]]), by="operator")


def test_a_quarantine_under_an_undeployed_stage_needs_no_approval():
    here = World().registered("1.0.0", "1.1.0").promoted("1.0.0", "development").promoted("1.1.0", "development")
    here.accept(dict.fromkeys(here.stage("1.1.0", "development")))
    assert here.judge(quarantine_file("1.0.0"), by="operator").allowed


def test_undeploying_needs_the_risks_approval():
    here = world()
    edits = dict.fromkeys(here.stage("1.2.0"))
    assert here.codes(edits) == ("GM-P401",)
    assert here.judge(edits, approvals=("lead",)).allowed
    assert here.codes(edits, by="operator", approvals=("lead",)) == ("GM-P403",)


@pytest.mark.clause("A-limits-4")
def test_a_hold_is_lifted_with_its_root_cause_and_the_risks_approval():
    here = world().accept(hold_file())
    lift = hold_file(2, action="lift", root_cause="https://incidents.example/1", by="engineer")
    assert here.judge(lift, approvals=("lead",)).allowed
    assert here.codes(lift) == ("GM-P401",)
    assert here.codes(hold_file(2, action="lift", by="engineer"), approvals=("lead",)) == ("GM-P505",)


@pytest.mark.parametrize(
    ("before", "edits"),
    [
        (quarantine_file("1.0.0"), quarantine_file("1.0.0", 2, action="release", by="engineer")),
        (status_file("suspend"), status_file("resume", 2, by="engineer")),
        ({}, status_file("retire", by="engineer")),
    ],
)
def test_release_resume_and_retire_need_the_risks_approval(before, edits):
    here = World().registered("1.0.0")
    if before:
        here.accept(before)
    assert here.codes(edits) == ("GM-P401",)
    assert here.judge(edits, approvals=("lead",)).allowed


def test_who_registered_a_version_does_not_release_it():
    here = World().registered("1.0.0", by="lead").accept(quarantine_file("1.0.0"))
    release = quarantine_file("1.0.0", 2, action="release", by="engineer")
    assert here.codes(release, approvals=("lead",)) == ("GM-P401",)


@pytest.mark.parametrize(
    "files",
    [
        hold_file(by="raio"),
        quarantine_file("1.0.0", by="raio"),
        status_file("suspend", by="raio"),
        cause_file(by="raio"),
    ],
)
def test_a_record_names_its_signer(files):
    here = World().registered("1.0.0")
    verdict = here.judge(files, by="operator")
    assert verdict.codes == ("GM-P506",)
    assert finding(verdict, "GM-P506").message == "by is raio, signed by operator"
    assert "nobody known" in finding(here.judge(files, by=None), "GM-P506").message


def test_a_cause_is_opened_and_resolved_by_whoever_operates_or_approves():
    here = World().registered("1.0.0")
    assert here.judge(cause_file(), by="operator").allowed
    here.accept(cause_file())
    resolution = {"root_cause": "bad labels", "by": "raio", "at": "2026-11-21T12:00:00Z"}
    assert here.judge(cause_file(resolution=resolution), by="raio").allowed
    assert here.codes(cause_file(resolution=resolution), by="engineer") == ("GM-P403", "GM-P506")


def test_a_record_that_others_touched_too_is_not_the_word_of_its_signer():
    here = World().registered("1.0.0")
    files = hold_file()
    shared = (commit(files, "operator"), commit(files, "raio", oid="d" * 40, left="e" * 40))
    verdict = here.judge(files, commits=shared)
    assert verdict.codes == ("GM-P506",)
    assert finding(verdict, "GM-P506").message == "by is operator, touched by raio too"


def test_a_further_quarantine_bars_no_less_than_stands():
    one, two = "1" * 64, "2" * 64
    here = World().registered("1.0.0").accept(quarantine_file("1.0.0", digests=[one]))
    verdict = here.judge(quarantine_file("1.0.0", 2, digests=[two]), by="operator")
    assert verdict.codes == ("GM-P507",)
    assert finding(verdict, "GM-P507").details == (one,)
    assert here.judge(quarantine_file("1.0.0", 2, digests=[one, two]), by="operator").allowed
    here.accept(quarantine_file("1.0.0", 2, action="release"))
    assert here.judge(quarantine_file("1.0.0", 3, digests=[two]), by="operator").allowed


HOLDING = policy_yaml(**{**LENIENT, "rollback": {"hold": True}})


@pytest.mark.clause("A-limits-4")
@pytest.mark.attack("a rollback after which the bad version may come straight back", "GM-P531", by="operator")
def test_where_the_policy_says_so_a_rollback_holds_its_stage():
    here = world(policy=HOLDING)
    verdict = back(here)
    assert verdict.codes == ("GM-P531",)
    assert finding(verdict, "GM-P531").message == "fraud is rolled back and production is not held"
    assert back(here, beside=hold_file(stage="staging")).codes == ("GM-P531",)
    assert back(here, beside=hold_file()).allowed
    assert back(world()).allowed


def test_a_hold_that_stood_before_is_enough_and_one_that_is_lifted_with_it_is_none():
    here = world(policy=HOLDING).accept(hold_file())
    assert back(here).allowed
    lift = hold_file(2, action="lift", root_cause="https://incidents.example/1")
    assert back(here, beside=lift, approvals=("lead",)).codes == ("GM-P403", "GM-P531")


def test_the_declared_stop_leaves_its_stage_held_too():
    policy = policy_yaml(**{**LENIENT, "rollback": {"hold": True, "degrade": "undeploy"}})
    here = World(policy).registered("1.0.0").promoted("1.0.0")
    gone = dict.fromkeys(here.stage("1.0.0"))
    assert here.judge({**gone, **hold_file()}, by="operator").allowed
    lifted = {**gone, **hold_file(), **hold_file(2, action="lift", root_cause="https://incidents.example/1")}
    assert here.codes(lifted, by="operator", approvals=("lead",)) == ("GM-P403", "GM-P531")
    assert here.judge(gone, approvals=("lead",)).allowed
