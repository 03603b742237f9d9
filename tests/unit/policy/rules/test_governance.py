import pytest

from gitops_models.policy.document import load_policy
from gitops_models.policy.quorums import unreachable_quorums
from gitops_models.registry.documents import Model, parse_document
from tests.support.policy import (
    AT,
    LENIENT,
    PERSONS,
    World,
    approve,
    document,
    finding,
    people_yaml,
    policy_yaml,
)

POLICY = "policies/policy.yaml"
PEOPLE = "policies/people.yaml"
QUORUM = ("raio", "owner")


def world():
    return World().registered("1.0.0")


def newer(**changes):
    return {POLICY: policy_yaml(**{**LENIENT, "version": 2, **changes})}


def without(*names):
    return {PEOPLE: people_yaml({name: roles for name, roles in PERSONS.items() if name not in names})}


@pytest.mark.clause("B-3-5")
def test_a_policy_change_needs_the_quorum_of_the_accepted_policy():
    here = world()
    assert here.codes(newer(), by="visitor") == ("GM-P401",)
    assert here.judge(newer(), by="visitor", approvals=QUORUM).allowed
    weaker = newer(policy_changes={"approve": "none"})
    assert here.codes(weaker, by="visitor") == ("GM-P401",)


def test_a_policy_change_counts_signed_decisions_only():
    here = world()
    reviews = ("raio", approve("owner", source="forge"))
    assert here.codes(newer(), approvals=reviews) == ("GM-P401",)


def test_a_role_for_some_models_does_not_approve_the_policy():
    here = World(people=people_yaml(owner={"roles": [{"role": "policy-owner", "models": ["fraud"]}]}))
    assert here.codes(newer(), approvals=QUORUM) == ("GM-P401",)


def test_where_policy_changes_need_nobody_any_person_makes_them():
    policy = policy_yaml(**LENIENT, policy_changes={"approve": "none"})
    here = World(policy)
    assert here.judge(newer(policy_changes={"approve": "none"}), by="visitor").allowed
    assert here.codes(newer(policy_changes={"approve": "none"}), by="ci") == ("GM-P403",)


def test_added_persons_do_not_approve_the_change_that_adds_them():
    more = {PEOPLE: people_yaml({**PERSONS, "friend": ["raio", "policy-owner"]})}
    here = world()
    assert here.codes(more, approvals=("owner", "friend")) == ("GM-P401",)
    assert here.judge(more, approvals=QUORUM).allowed


@pytest.mark.parametrize("version", [1])
def test_a_policy_version_must_grow(version):
    verdict = world().judge(newer(version=version, owner="policy-owner"), approvals=QUORUM)
    assert verdict.codes == ("GM-P702",)
    assert world().judge(newer(version=7), approvals=QUORUM).allowed


def test_people_may_change_without_a_new_policy_version():
    assert world().judge(without("visitor"), approvals=QUORUM).allowed


def test_a_quorum_in_use_must_stay_reachable():
    verdict = world().judge(without("lead", "lead2"), approvals=QUORUM)
    assert verdict.codes == ("GM-P703",)
    assert finding(verdict, "GM-P703").details == ("changes of low risk (fraud)",)
    assert finding(verdict, "GM-P703").where == PEOPLE
    demanding = newer(policy_changes={"approve": [{"role": "policy-owner", "of": 2}]})
    verdict = world().judge(demanding, approvals=QUORUM)
    assert verdict.codes == ("GM-P703",)
    assert finding(verdict, "GM-P703").where == POLICY


def test_a_quorum_that_no_model_uses_may_be_out_of_reach():
    assert world().judge(without("board1", "board2", "board3"), approvals=QUORUM).allowed


def test_a_quorum_that_was_out_of_reach_before_does_not_stop_a_repair():
    few = {name: PERSONS[name] for name in ("engineer", "raio", "owner", "visitor")}
    here = World(people=people_yaml(few)).registered("1.0.0")
    half = {PEOPLE: people_yaml({**few, "engineer2": ["ml-engineer"]})}
    assert here.judge(half, approvals=QUORUM).allowed


def unreachable(people, risk="high", **changes):
    policy = load_policy(policy_yaml(**{**LENIENT, **changes}), "p")
    data = people_yaml({name: PERSONS[name] for name in people})
    return unreachable_quorums(policy, parse_document(data, "p"), [Model(name="fraud", risk=risk)], AT)


def test_somebody_must_be_left_to_propose():
    assert unreachable(["engineer", "raio", "domain", "owner"]) == ()
    assert unreachable(["raio", "domain", "owner"]) == ("changes of high risk (fraud)",)
    assert unreachable(["raio", "owner"], policy_changes={"approve": ["raio", "policy-owner"]})[0] == "policy changes"


def test_one_person_in_two_roles_does_not_meet_a_quorum_of_two():
    missing = unreachable(["engineer", "both", "owner", "visitor"])
    assert "changes of high risk (fraud)" in missing


def test_alone_with_self_approval_the_quorum_is_reachable():
    policy = load_policy(policy_yaml("solo"), "p")
    alone = parse_document(people_yaml({"me": ["technical-lead", "raio", "ml-engineer"]}), "p")
    assert unreachable_quorums(policy, alone, [Model(name="fraud", risk="low")], AT) == ()
    assert unreachable_quorums(policy, alone, [Model(name="fraud", risk="medium")], AT) == (
        "changes of medium risk (fraud)",
    )


def test_a_stages_own_quorum_is_looked_at_too():
    own = {"stage_rules": {"staging": {"approve": ["oversight-committee"]}, "production": {}}}
    missing = unreachable(["engineer", "raio", "domain", "owner"], **own)
    assert missing == ("promotions to staging (fraud)",)


def test_a_stage_in_use_is_not_dropped():
    here = world().promoted("1.0.0", "development")
    shorter = newer(stages=["validation", "staging", "production"])
    assert here.codes(shorter, approvals=QUORUM) == ("GM-P704",)
    assert world().judge(shorter, approvals=QUORUM).allowed
    assert here.judge(newer(stages=["development", "production"]), approvals=QUORUM).allowed


@pytest.mark.parametrize("changes", [{"id": "other"}, {"line": "trunk"}, {"models": "registry"}])
def test_the_identity_of_the_repository_stays(changes):
    edits = {"gm.yaml": document("Repository", **{"id": "test", **changes})}
    assert world().codes(edits, approvals=QUORUM) == ("GM-P705",)


def test_other_fields_of_the_repository_may_change():
    edits = {"gm.yaml": document("Repository", id="test", governed=["docs/"])}
    assert world().judge(edits, approvals=QUORUM).allowed


@pytest.mark.clause("B-1-1")
@pytest.mark.parametrize("path", ["gm.yaml", POLICY, PEOPLE])
def test_what_rules_is_never_removed(path):
    assert "GM-P706" in world().codes({path: None}, approvals=QUORUM)


@pytest.mark.parametrize(
    "edits",
    [
        {".github/workflows/gm-policy.yml": b"on: push"},
        {"policies/targets.yaml": document("Targets")},
        {"models/.gitignore": b"*.onnx"},
    ],
)
def test_every_other_governed_file_needs_the_same_quorum(edits):
    assert world().codes(edits, by="visitor") == ("GM-P401",)
    assert world().judge(edits, by="visitor", approvals=QUORUM).allowed
