"""``touch: true`` by risk: only what a touched hardware key signed counts there."""

import pytest

from gitops_models.policy.quorums import unreachable_quorums
from gitops_models.policy.render.jsons import to_json
from gitops_models.policy.render.text import to_text
from gitops_models.registry.documents import Model, parse_document
from tests.support.keys import ed25519_key, hardware_key
from tests.support.policy import (
    AT,
    LENIENT,
    PERSONS,
    World,
    approve,
    commit,
    finding,
    people_yaml,
    policy_yaml,
    version_files,
)

UNTOUCHED = "no touch of a hardware key, which this risk asks for"
FULL = ("raio", "domain", "board1", "board2")
PEOPLE, POLICY = "policies/people.yaml", "policies/policy.yaml"


def keys(name, *, hardware):
    return {"keys": [{"type": "ssh", "key": (hardware_key if hardware else ed25519_key)(name).public_key}]}


def armed(*names, **changes):
    """A people file in which ``names`` have hardware keys and everybody else has a plain one."""
    given = {name.replace("-", "_"): keys(name, hardware=name in names) for name in PERSONS}
    return people_yaml(**{name: {**given[name], **changes.get(name, {})} for name in given})


def risks(**changes):
    """Every risk is approved by raio and demands a touch, unless ``changes`` say otherwise."""
    row = {"approve": ["raio"], "evidence": "signed", "touch": True, "rollback": {"authorize": ["raio"]}, **changes}
    return dict.fromkeys(("low", "medium", "high", "critical"), row)


def world(policy=None, *, people=None, risk="critical"):
    return World(policy, people or armed(*PERSONS)).registered("1.0.0", "1.1.0", risk=risk)


def promote(here, approvals, **facts):
    return here.judge(here.stage("1.0.0", "development"), approvals=approvals, **facts)


def ignored(verdict):
    return {one.person: one.why for quorum in verdict.quorums for one in quorum.ignored}


def test_the_strict_profile_wants_a_touch_for_critical_risk_and_no_other_profile_does():
    here = world()
    assert promote(here, FULL).allowed
    verdict = promote(here, (*FULL[:-1], approve("board2", touch=False)))
    assert verdict.codes == ("GM-P401",)
    assert ignored(verdict) == {"board2": UNTOUCHED}
    assert promote(world(risk="high"), (approve("raio", touch=False), approve("domain", touch=False))).allowed
    easy = world(policy_yaml("minimal", **LENIENT))
    assert promote(easy, [approve(name, touch=False) for name in FULL]).allowed


def test_the_denial_says_that_a_touch_is_wanted():
    verdict = promote(world(), (approve("raio", touch=False),))
    text = to_text(verdict)
    assert (
        "risk is critical: needs raio, domain-lead, oversight-committee and oversight-committee, each with the touch"
        in text
    )
    assert f"ignored: raio ({UNTOUCHED})" in text
    assert to_json(verdict)["quorums"][0]["touch"] is True
    assert "touch" not in to_text(promote(world(risk="high"), ()))


def test_a_forge_review_is_no_touch():
    here = world(policy_yaml(**LENIENT, risks=risks(evidence="forge")))
    assert promote(here, ("raio",)).allowed
    verdict = promote(here, (approve("raio", source="forge"),))
    assert verdict.codes == ("GM-P401",)
    assert ignored(verdict) == {"raio": UNTOUCHED}


def test_a_rejection_stands_without_a_touch():
    verdict = promote(world(), (*FULL, approve("raio2", decision="reject", touch=False)))
    assert "GM-P402" in verdict.codes


def test_only_people_with_a_hardware_key_are_asked():
    verdict = promote(world(people=armed("raio2", "domain")), ())
    assert verdict.quorums[0].candidates == {"domain-lead": ("domain",), "raio": ("raio2",)}
    verdict = promote(world(people=armed()), ())
    assert "nobody with a hardware key is left who can fill raio" in finding(verdict, "GM-P401").hint


def test_a_rollback_of_that_risk_needs_the_touch_of_whoever_authorizes_it_the_proposer_too():
    here = world().promoted("1.0.0").promoted("1.1.0")
    edits = here.stage("1.0.0")
    assert here.codes(edits, by="rescue1", approvals=("rescue2",)) == ()
    plain = (commit(edits, "rescue1", touch=None),)
    verdict = here.judge(edits, commits=plain, approvals=("rescue2",))
    assert verdict.codes == ("GM-P401",)
    assert ignored(verdict) == {"rescue1": UNTOUCHED}
    assert here.codes(edits, commits=plain, approvals=("rescue2", "rescue1")) == ()
    assert here.codes(edits, by="rescue1", approvals=(approve("rescue2", touch=False),)) == ("GM-P401",)


def test_a_proposer_who_may_approve_alone_has_to_touch_too():
    approvals = {"self_approval": ["low"]}
    policy = policy_yaml(**LENIENT, risks=risks(approve=["ml-engineer"]), approvals=approvals)
    here = world(policy, risk="low")
    edits = here.stage("1.0.0", "development")
    assert here.codes(edits) == ()
    verdict = here.judge(edits, commits=(commit(edits, touch=False),))
    assert verdict.codes == ("GM-P401",)
    assert ignored(verdict) == {"engineer": UNTOUCHED}


def test_proposing_and_landing_needs_no_touch():
    here = world()
    edits = here.stage("1.0.0", "development")
    assert here.codes(edits, commits=(commit(edits, touch=None),), approvals=FULL) == ()
    assert here.codes(version_files("1.2.0"), commits=(commit(version_files("1.2.0"), touch=None),)) == ()


def test_the_policy_of_a_change_of_policy_asks_for_no_touch():
    here = world()
    edits = {PEOPLE: armed(*PERSONS, visitor={"until": "2027-01-01"})}
    assert here.codes(edits, approvals=(approve("raio", touch=False), approve("owner", touch=False))) == ()


def test_a_policy_that_asks_for_a_touch_needs_enough_people_who_can_give_it():
    minimal = policy_yaml("minimal", **LENIENT)
    strict = policy_yaml("regulated", **LENIENT, version=2)
    here = world(minimal, people=armed(*FULL[:-1]))
    verdict = here.judge({POLICY: strict}, approvals=("raio",))
    assert verdict.codes == ("GM-P703",)
    assert finding(verdict, "GM-P703").details[0] == "changes of critical risk (fraud)"
    able = world(minimal, people=armed(*FULL, "rescue1", "rescue2"))
    assert able.codes({POLICY: strict}, approvals=("raio",)) == ()


def test_the_last_hardware_key_that_a_quorum_needs_stays():
    here = world(people=armed(*FULL, "owner", "rescue1", "rescue2"))
    verdict = here.judge({PEOPLE: armed(*FULL[:-1], "owner", "rescue1", "rescue2")}, approvals=("raio", "owner"))
    assert verdict.codes == ("GM-P703",)


@pytest.mark.parametrize(
    ("key", "able"),
    [
        (hardware_key("raio").public_key, True),
        (hardware_key("raio", "ecdsa").public_key, True),
        (ed25519_key("raio").public_key, False),
    ],
)
def test_a_key_in_hardware_is_told_by_its_type(key, able):
    policy = World(policy_yaml(**LENIENT, risks=risks(approve=["raio"]), policy_changes={"approve": "none"})).policy
    fields = {"keys": [{"type": "ssh", "key": key}]}
    people = parse_document(people_yaml({"raio": ["raio"], "engineer": ["ml-engineer"]}, raio=fields), "p", "People")
    found = unreachable_quorums(policy, people, [Model(name="fraud", risk="low")], AT)
    assert found == (() if able else ("changes of low risk (fraud)", "rollbacks of low risk (fraud)"))


def test_a_stage_with_a_quorum_of_its_own_asks_for_the_touch_of_the_risk():
    rules = {"stage_rules": {"production": {"approve": ["domain-lead"]}}, "lineage": LENIENT["lineage"]}
    policy = World(policy_yaml(**rules, risks=risks(), policy_changes={"approve": "none"})).policy
    people = parse_document(armed("raio"), PEOPLE, "People")
    found = unreachable_quorums(policy, people, [Model(name="fraud", risk="low")], AT)
    assert found == ("promotions to production (fraud)",)
