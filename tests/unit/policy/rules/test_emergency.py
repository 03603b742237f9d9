"""Emergency rollbacks: who declares one, where it leads, what goes with it, and how soon others agree to it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gitops_models.policy.facts import Unratified
from gitops_models.registry import yamls
from gitops_models.registry.chronicle import Happening
from tests.support.policy import (
    AT,
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
    version_files,
)

VERSIONS = ("1.0.0", "1.1.0", "1.2.0")
EMERGENCY = {
    "role": ["incident-commander", "operator"],
    "skips": ["approval", "soak", "freeze"],
    "ratify_within_hours": 48,
    "at_most": {"count": 2, "per_hours": 24},
}
OPERATING_RESCUE = {"rescue1": {"roles": ["emergency-committee", "operator"]}}


def policy(**changes):
    given = {**EMERGENCY, **changes}
    return policy_yaml(**LENIENT, emergency={key: value for key, value in given.items() if value is not None})


def world(risk="high", rules=None, **people):
    here = World(rules or policy(), people_yaml(**people)).registered(*VERSIONS, risk=risk)
    for version in VERSIONS:
        here.promoted(version)
    return here


def weights(*versions, model="fraud"):
    return sorted(artifact(version, model=model)["sha256"] for version in versions)


def declared(by="operator", *, number=1, stage="production", **fields):
    """The hold of an emergency."""
    said = {"skipped": ["approval", "soak", "freeze"], **fields.pop("emergency", {})}
    return hold_file(number, stage=stage, by=by, emergency=said, **{"incident": "INC-412", **fields})


def files(here, version="1.1.0", *, by="operator", bad="1.2.0", stages=None, number=1, **fields):
    """A whole emergency: every stage that serves the bad version goes back, each with its hold."""
    found = dict(quarantine_file(bad, by=by, digests=weights(bad)))
    for stage in stages or here.policy.stages:
        moved = here.stage(version, stage)
        found |= moved if version else dict.fromkeys(moved)
        found |= declared(by, stage=stage, number=number, **fields)
    return found


def without(found, part):
    return {path: data for path, data in found.items() if part not in path}


@pytest.mark.clause("A-emergency-3", "A-emergency-5")
@pytest.mark.parametrize("risk", ["low", "medium", "high"])
@pytest.mark.parametrize("by", ["operator", "visitor"])
def test_whoever_has_the_role_goes_back_alone_and_the_acceptance_is_on_record(risk, by):
    here = world(risk, visitor={"roles": ["incident-commander"]})
    found = files(here, by=by) | cause_file(by=by)
    verdict = here.judge(found, by=by)
    assert (verdict.allowed, verdict.quorums, verdict.quorum_needed) == (True, (), True)
    waiting = here.judge(found, by=by, accepted=False)
    assert (waiting.codes, waiting.missing_only) == (("GM-P404",), True)


@pytest.mark.parametrize("by", ["engineer", "raio", "rescue1", "visitor"])
def test_others_declare_no_emergency(by):
    verdict = world().judge(files(world(), by=by), by=by)
    assert "GM-P601" in verdict.codes
    assert by in finding(verdict, "GM-P601").message


def test_a_workload_declares_no_emergency():
    here = world()
    assert set(here.codes(files(here, by="monitor"), by="monitor")) == {"GM-P403", "GM-P601"}


def test_a_role_for_other_models_is_none_here():
    here = world(operator={"roles": [{"role": "operator", "models": ["other*"]}]})
    assert "GM-P601" in here.codes(files(here), by="operator")


def test_a_role_of_the_organisations_own_places_the_hold_and_the_quarantine_too():
    known = yamls.load(policy(role=["on-call"]), "policy.yaml")
    here = world(rules=yamls.dump({**known, "roles": [*known["roles"], "on-call"]}), visitor={"roles": ["on-call"]})
    assert here.judge(files(here, by="visitor"), by="visitor").allowed


def test_one_of_two_signers_without_the_role_is_enough_to_refuse():
    here = world()
    found = files(here)
    both = (commit(found, "operator"), commit(without(found, "quarantine"), "engineer", oid="d" * 40))
    assert "GM-P601" in here.codes(found, commits=both)


def test_a_suspended_or_unknown_signer_is_refused_by_the_rules_that_hold_for_all():
    here = world(operator={"suspended": True})
    assert here.codes(files(here), by="operator") == ("GM-P403",)
    here = world()
    found = files(here)
    stranger = replace(commit(found), actor=None)
    assert "an unknown signer" in finding(here.judge(found, commits=(stranger,)), "GM-P601").message


# Critical risk


@pytest.mark.clause("B-6.3-3", "A-emergency-3")
def test_at_critical_risk_one_of_the_emergency_committee_signs_too():
    here = world("critical")
    verdict = here.judge(files(here), by="operator")
    assert (verdict.codes, verdict.missing_only) == (("GM-P401",), True)
    assert verdict.quorums[0].missing == ("emergency-committee",)
    assert here.judge(files(here), by="operator", approvals=("rescue1",)).allowed
    assert here.codes(files(here), by="operator", approvals=("raio", "board1")) == ("GM-P401",)


def test_whoever_declares_it_fills_the_slot_of_the_committee_with_a_touched_key():
    here = world("critical", **OPERATING_RESCUE)
    found = files(here, by="rescue1")
    verdict = here.judge(found, by="rescue1")
    assert verdict.allowed
    assert verdict.quorums[0].counted[0].how == "proposer"
    assert here.codes(found, commits=(commit(found, "rescue1", touch=False),)) == ("GM-P401",)
    untouched = approve("rescue2", touch=False)
    assert here.codes(files(here), by="operator", approvals=(untouched,)) == ("GM-P401",)


def test_the_committee_may_reject_it():
    here = world("critical")
    rejected = (approve("rescue1"), approve("rescue2", decision="reject"))
    assert here.codes(files(here), by="operator", approvals=rejected) == ("GM-P402",)


def test_where_nobody_authorizes_critical_rollbacks_nobody_is_asked():
    row = {"approve": ["raio"], "evidence": "signed", "rollback": {"initiate": ["operator"]}}
    risks = dict.fromkeys(("low", "medium", "high", "critical"), row)
    here = world("critical", policy_yaml(**LENIENT, emergency=EMERGENCY, risks=risks))
    assert here.judge(files(here), by="operator").quorums == ()


# The rate


def emergencies(here, *ages):
    """Emergencies that happened so many hours ago, told to the accepted state only."""
    told = tuple(
        Happening("emergency", f"{n:040x}", None if age is None else AT - timedelta(hours=age), "production", "e" * 64)
        for n, age in enumerate(ages, 100)
    )
    here.state = replace(here.state, chronicle={"fraud": told})
    return here


@pytest.mark.parametrize(
    ("ages", "lacking"),
    [
        ((), ()),
        ((1,), ()),
        ((1, 2), ("second person",)),
        ((23.99, 1), ("second person",)),
        ((24, 1), ()),
        ((100, 200, 300), ()),
        ((-5, 1), ("second person",)),
        ((None, 1), ("second person",)),
    ],
)
def test_beyond_the_rate_a_second_person_is_asked_for(ages, lacking):
    here = emergencies(world(), *ages)
    verdict = here.judge(files(here), by="operator")
    assert tuple(slot for quorum in verdict.quorums for slot in quorum.missing) == lacking
    assert verdict.codes == (("GM-P401",) if lacking else ())


def test_the_second_person_is_anybody_with_a_role_for_safety_and_never_the_one_who_declares_it():
    here = emergencies(world(), 1, 2)
    for person in ("raio", "lead", "rescue1", "board1"):
        assert here.judge(files(here), by="operator", approvals=(person,)).allowed, person
    for person in ("operator", "engineer", "visitor"):
        assert here.codes(files(here), by="operator", approvals=(person,)) == ("GM-P401",), person
    quorum = here.judge(files(here), by="operator").quorums[0]
    assert quorum.basis == "one person declares at most 2 within 24 h"
    assert "raio" in quorum.candidates["second person"]


def test_several_stages_in_one_step_are_one_emergency():
    here = emergencies(world(), 1, 2)
    chronicle = here.state.chronicle["fraud"]
    here.state = replace(here.state, chronicle={"fraud": tuple(replace(one, step="f" * 40) for one in chronicle)})
    assert here.judge(files(here), by="operator").allowed


def test_without_a_time_every_emergency_counts_and_without_a_rate_none():
    here = emergencies(world(), 1000, 2000)
    assert here.codes(files(here), by="operator", at=None) == ("GM-P401",)
    assert emergencies(world(rules=policy(at_most=None)), 1, 1, 1).judge(files(here), by="operator").allowed


def test_at_critical_risk_beyond_the_rate_a_committee_member_is_the_second_person():
    here = emergencies(world("critical", **OPERATING_RESCUE), 1, 2)
    assert here.codes(files(here, by="rescue1"), by="rescue1") == ("GM-P401",)
    assert here.judge(files(here, by="rescue1"), by="rescue1", approvals=("raio",)).allowed
    assert here.judge(files(here), by="operator", approvals=("rescue2",)).allowed
    assert here.codes(files(here), by="operator", approvals=("raio",)) == ("GM-P401",)


# What it says


@pytest.mark.clause("A-emergency-1")
@pytest.mark.parametrize("fields", [{"incident": None}, {"incident": "  "}, {"reason": " \n"}])
def test_an_emergency_names_its_incident_and_its_reason(fields):
    here = world()
    given = {key: value for key, value in {"incident": "INC-412", **fields}.items() if value is not None}
    edits = files(here)
    for stage in here.policy.stages:
        said = {"skipped": ["approval"]}
        edits |= hold_file(1, stage=stage, emergency=said, **given)
    assert set(here.codes(edits, by="operator")) == {"GM-P602"}


@pytest.mark.clause("A-emergency-4")
def test_it_skips_only_what_the_policy_lets_it_and_says_what_it_keeps():
    here = world(rules=policy(skips=["approval", "soak"]))
    assert "freeze" in finding(here.judge(files(here), by="operator"), "GM-P605").message
    assert here.judge(files(here, emergency={"skipped": ["approval"]}), by="operator").allowed
    less = files(here, emergency={"skipped": ["approval"], "kept": ["bytes", "signature"]})
    verdict = here.judge(less, by="operator")
    assert (verdict.codes, finding(verdict, "GM-P605").message) == (
        ("GM-P605",),
        "it does not say that it keeps quarantine",
    )


def test_where_approval_is_not_skipped_the_ordinary_quorum_holds():
    here = world(rules=policy(skips=["soak"]))
    found = files(here, emergency={"skipped": ["soak"]})
    assert here.codes(found, by="operator") == ("GM-P401",)
    assert here.judge(found, by="operator", approvals=("raio",)).allowed
    claimed = here.codes(files(here, emergency={"skipped": ["approval"]}), by="operator")
    assert claimed == ("GM-P401", "GM-P605")
    here = world()
    assert here.codes(files(here, emergency={"skipped": []}), by="operator") == ("GM-P401",)


def test_a_hold_is_not_lifted_as_an_emergency():
    here = world().accept(hold_file())
    lift = hold_file(
        2, action="lift", by="engineer", root_cause="https://incidents.example/1", emergency={"skipped": ["approval"]}
    )
    verdict = here.judge(lift, approvals=("raio", "domain"))
    assert (verdict.codes, finding(verdict, "GM-P605").message) == (
        ("GM-P605",),
        "a hold is not lifted as an emergency",
    )


def test_a_policy_that_knows_no_emergencies_has_none():
    known = yamls.load(policy(), "policy.yaml")
    del known["emergency"]
    here = world(rules=yamls.dump(known))
    assert set(here.codes(files(here), by="operator")) == {"GM-P401", "GM-P605", "GM-P607"}


# Where it leads


@pytest.mark.clause("A-summary-2")
def test_it_leads_to_the_last_known_good_version_and_no_deeper():
    here = world()
    verdict = here.judge(files(here, "1.0.0"), by="operator")
    assert set(verdict.codes) == {"GM-P603"}
    assert "an emergency to 1.0.0, and the last known good version is 1.1.0" in finding(verdict, "GM-P603").message
    here.accept(quarantine_file("1.1.0"))
    assert here.judge(files(here, "1.0.0"), by="operator").allowed


def test_nobody_chooses_a_deeper_one_by_barring_what_lies_between():
    shared = artifact("shared", path="tokenizer.json", role="preprocessing")
    here = World(policy(), people_yaml()).registered(risk="high")
    for version in VERSIONS:
        mine = [artifact(version), *([shared] if version != "1.0.0" else [])]
        here.accept(version_files(version, artifacts=mine)).promoted(version)
    deeper = files(here, "1.0.0") | quarantine_file("1.1.0")
    assert "GM-P603" in here.codes(deeper, by="operator")
    bars = files(here, "1.0.0") | quarantine_file("1.2.0", digests=[*weights("1.2.0"), shared["sha256"]])
    assert "GM-P603" in here.codes(bars, by="operator")


def test_an_emergency_without_a_rollback_of_its_stage_is_none():
    here = world()
    assert here.codes(declared(), by="operator") == ("GM-P603",)
    promoted = files(here, stages=["production"]) | declared(stage="staging")
    assert "GM-P603" in here.codes(promoted, by="operator")


def test_a_stage_is_left_empty_only_where_nothing_good_is_there_and_the_policy_says_so():
    rules = {"emergency": EMERGENCY}
    for degrade, codes in (("refuse", {"GM-P603"}), ("undeploy", set())):
        rules["rollback"] = {"degrade": degrade}
        here = (
            World(policy_yaml(**{**LENIENT, **rules}), people_yaml()).registered("1.0.0", risk="high").promoted("1.0.0")
        )
        found = dict(quarantine_file("1.0.0", digests=weights("1.0.0")))
        for stage in here.policy.stages:
            found |= dict.fromkeys(here.stage("1.0.0", stage)) | declared(stage=stage)
        verdict = here.judge(found, by="operator")
        assert set(verdict.codes) == codes, degrade
    here = world(rules=policy_yaml(**{**LENIENT, **rules}))
    gone = files(here, stages=["production"]) | dict.fromkeys(here.stage("1.2.0", "production"))
    verdict = here.judge(gone, by="operator")
    assert finding(verdict, "GM-P603").message == "nothing would be left in production, and 1.1.0 is good"


def test_a_stage_that_only_ever_served_the_bad_version_goes_empty_with_the_others():
    here = World(policy(), people_yaml()).registered("1.0.0", "1.1.0", risk="high")
    here.promoted("1.0.0", "development", "validation", "production").promoted("1.1.0")
    found = files(here, "1.0.0", bad="1.1.0", stages=["development", "validation", "production"])
    found |= dict.fromkeys(here.stage("1.1.0", "staging")) | declared(stage="staging")
    assert here.judge(found, by="operator").allowed


# What goes with it


@pytest.mark.clause("A-emergency-5", "A-emergency-6")
def test_the_bad_version_is_quarantined_in_the_same_change_with_its_bytes():
    here = world()
    found = files(here)
    missing = here.judge(without(found, "quarantine"), by="operator")
    assert (missing.codes, finding(missing, "GM-P604").message) == (
        ("GM-P604",),
        "fraud@1.2.0 is not quarantined with it",
    )
    empty = here.judge(found | quarantine_file("1.2.0"), by="operator")
    assert (empty.codes, finding(empty, "GM-P604").details) == (("GM-P604",), tuple(weights("1.2.0")))
    other = without(found, "quarantine") | quarantine_file("1.0.0", digests=weights("1.0.0"))
    assert "GM-P604" in here.codes(other, by="operator")
    here.accept(found, by="operator")
    assert set(here.codes(here.stage("1.2.0"), approvals=("raio", "domain"))) >= {"GM-P304"}
    assert here.state.snapshot.has_version("fraud", "1.2.0")


def test_bytes_that_another_model_serves_stay_out_of_the_quarantine():
    here = world()
    same = artifact("1.2.0")
    here.accept({"models/twin/model.yaml": model_yaml("twin", "high")})
    here.accept(version_files("1.0.0", model="twin", artifacts=[same]))
    assert "GM-P604" in here.codes(files(here) | quarantine_file("1.2.0"), by="operator")
    here.promoted("1.0.0", "development", model="twin")
    assert here.judge(files(here) | quarantine_file("1.2.0"), by="operator").allowed


def test_the_quarantine_needs_no_approval_even_where_another_stage_loses_its_last_known_good():
    here = World(policy(), people_yaml()).registered(*VERSIONS, risk="high")
    here.promoted("1.0.0", "production").promoted("1.1.0").promoted("1.2.0", "development")
    stages = ["production"]
    found = files(here, "1.0.0", bad="1.1.0", stages=stages)
    for stage in ("validation", "staging"):
        found |= dict.fromkeys(here.stage("1.1.0", stage)) | declared(stage=stage)
    verdict = here.judge(found, by="operator")
    assert verdict.allowed
    foreign = found | quarantine_file("1.1.0", digests=weights("1.1.0", "1.2.0"))
    assert not here.judge(foreign, by="operator").allowed


def test_the_quarantine_of_another_version_is_judged_as_ever():
    here = World(policy(), people_yaml()).registered(*VERSIONS, risk="high")
    here.promoted("1.0.0", "development").promoted("1.1.0", "development").promoted("1.1.0", "production")
    here.promoted("1.2.0", "production")
    found = files(here, "1.1.0", stages=["production"]) | quarantine_file("1.0.0", digests=weights("1.0.0"))
    assert here.codes(found, by="operator") == ("GM-P401",)


@pytest.mark.parametrize("beside", [model_yaml("fraud", "low"), None])
def test_nothing_rides_along(beside):
    rules = policy_yaml(**{**LENIENT, "emergency": EMERGENCY, "rollback": {"degrade": "undeploy"}})
    here = world(rules=rules)
    extra = {"models/fraud/model.yaml": beside} if beside else evidence_file("1.1.0", "evaluation", by="operator")
    assert "GM-P502" in here.codes(files(here) | extra, by="operator", approvals=("raio", "domain"))
    alone = World(rules, people_yaml()).registered("1.0.0", "1.1.0", risk="high").promoted("1.0.0")
    gone = dict(quarantine_file("1.0.0", digests=weights("1.0.0")))
    for stage in alone.policy.stages:
        gone |= dict.fromkeys(alone.stage("1.0.0", stage)) | declared(stage=stage)
    assert alone.judge(gone, by="operator").allowed
    assert "GM-P608" in alone.codes(gone | extra, by="operator", approvals=("raio", "domain"))


def test_an_ordinary_rollback_has_no_part_in_any_of_this():
    here = emergencies(world("low"), 1, 1, 1)
    verdict = here.judge({**here.stage("1.1.0"), **hold_file()}, by="operator")
    assert (verdict.allowed, verdict.quorum_needed) == (True, False)


# Ratification


def unratified(hours, stage="production", model="fraud"):
    at = None if hours is None else AT - timedelta(hours=hours)
    return (Unratified(model, stage, "b" * 40, "e" * 64, at),)


def promotion(here, **facts):
    edits = here.stage("1.0.0", "development")
    return here.judge(edits, approvals=("raio", "domain"), **facts)


@pytest.mark.parametrize(("hours", "denied"), [(1, False), (48, False), (48.01, True), (None, True)])
def test_nothing_is_promoted_once_the_time_to_ratify_is_over(hours, denied):
    here = World(policy(), people_yaml()).registered("1.0.0", risk="high")
    verdict = promotion(here, unratified=unratified(hours))
    assert verdict.codes == (("GM-P606",) if denied else ())
    if denied:
        assert finding(verdict, "GM-P606").hint == "have it ratified: gm approve --ratify eeeeeeee"


def test_it_is_judged_once_by_whoever_sees_the_step_live_and_other_models_go_on():
    here = World(policy(), people_yaml()).registered("1.0.0", risk="high")
    late = unratified(100)
    replayed = promotion(here, unratified=late, live=False)
    assert (replayed.allowed, finding(replayed, "GM-P606").severity.value) == (True, "warn")
    assert promotion(here, unratified=None).allowed
    assert promotion(here, unratified=unratified(100, model="spam")).allowed
    assert promotion(here, unratified=late, at=None).codes[-1] == "GM-P606"


def test_without_emergencies_in_the_policy_the_time_is_over():
    here = World(policy_yaml("minimal", **LENIENT), people_yaml()).registered("1.0.0", risk="high")
    assert promotion(here, unratified=unratified(1)).codes == ("GM-P606",)


def test_the_hold_of_an_emergency_is_lifted_once_it_is_ratified():
    here = world().accept(hold_file())
    lift = hold_file(2, action="lift", root_cause="https://incidents.example/1", by="engineer")
    agreed = ("raio", "domain")
    assert here.codes(lift, approvals=agreed, unratified=unratified(1)) == ("GM-P606",)
    assert here.judge(lift, approvals=agreed, unratified=unratified(1, stage="staging")).allowed
    assert here.judge(lift, approvals=agreed, unratified=()).allowed
