"""Supposed decisions: judged by the one judge, and said so."""

from dataclasses import replace

import pytest

from gitops_models.policy.render.text import to_text
from gitops_models.policy.simulation import load_simulation, simulate
from tests.support.policy import LENIENT, World, approve, people_yaml, policy_yaml, yamls
from tests.support.recorded import refused, tell

HARDWARE = {
    "type": "ssh",
    "key": "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIA"
    "ABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fAAAABHNzaDo=",
}


def world(**changes):
    made = World(policy=policy_yaml(**{**LENIENT, **changes}), people=people_yaml(raio={"keys": [HARDWARE]}))
    return made.registered("1.0.0", risk="high").promoted("1.0.0", "development", "validation", "staging")


def simulated(text, made=None, approvals=(), **fields):
    made = made or world(stage_rules={}, lineage={"require": [], "coverage": []})
    change = made.change(made.stage("1.0.0"))
    facts = made.facts(change, "engineer2", approvals)
    found = simulate(change, replace(facts, **fields), made.policy, load_simulation(text, "what-if.yaml"))
    tell(f"{found.supposed}: {to_text(found.verdict)}")
    return found


BOTH = b"- person: raio\n- {person: domain, decision: approve}\n"


def test_supposed_approvals_complete_a_quorum_and_are_named():
    found = simulated(BOTH)
    assert found.verdict.allowed
    assert found.supposed == ("raio (approve)", "domain (approve)")


def test_they_stand_on_top_of_the_real_ones():
    found = simulated(b'[{"person": "domain"}]', approvals=["raio"])
    assert found.verdict.allowed
    assert [one.person for one in found.verdict.quorums[0].counted] == ["raio", "domain"]


def test_a_document_of_kind_simulation_says_the_same():
    text = yamls.dump(
        {
            "apiVersion": "gitops-models/v1",
            "kind": "Simulation",
            "decisions": [{"person": "raio"}, {"person": "domain"}],
        }
    )
    assert simulated(text).verdict.allowed


def test_the_last_decision_of_a_person_takes_the_place_of_what_they_signed():
    assert simulated(b"- {person: raio, decision: withdraw}\n", approvals=["raio", "domain"]).verdict.codes == (
        "GM-P401",
    )
    assert simulated(BOTH + b"- {person: raio, decision: reject}\n").verdict.codes == ("GM-P401", "GM-P402")


def test_a_review_on_a_forge_stays_beside_what_is_supposed():
    rejected = approve("raio", decision="reject", source="forge")
    assert "GM-P402" in simulated(BOTH, approvals=[rejected]).verdict.codes


def test_who_may_not_approve_does_not_in_a_simulation_either():
    found = simulated(b"- person: engineer2\n- person: stranger\n- person: visitor\n")
    assert found.verdict.codes == ("GM-P401",)
    assert {one.person: one.why for one in found.verdict.quorums[0].ignored} == {
        "engineer2": "author of the change",
        "stranger": "not a person in the accepted people file",
        "visitor": "holds none of the roles that are needed here",
    }


def test_a_touch_is_supposed_of_who_has_a_hardware_key():
    made = world(
        stage_rules={},
        lineage={"require": [], "coverage": []},
        risks={
            **yamls.load(policy_yaml(), "p")["risks"],
            "high": {"approve": ["raio"], "evidence": "signed", "touch": True, "rollback": {"authorize": ["raio"]}},
        },
    )
    assert simulated(b"- person: raio\n", made).verdict.allowed
    bare = simulated(b"- {person: raio, touch: false}\n", made)
    assert (bare.verdict.codes, bare.supposed) == (("GM-P401",), ("raio (approve without touch)",))
    assert simulated(b"- {person: both, touch: true}\n", made).supposed == ("both (approve with touch)",)
    assert simulated(b"- {person: both}\n", made).verdict.codes == ("GM-P401",)


def test_without_a_time_nothing_counts():
    assert simulated(BOTH, at=None).verdict.codes == ("GM-P401",)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"- person: raio\n  touch: yes please\n", "GM-D021"),
        (b"- {person: raio, role: raio}\n", "GM-D021"),
        (b"- {person: raio, decision: maybe}\n", "GM-D021"),
        (b"[]", "GM-D021"),
        (b"- person: raio\n" * 65, "GM-D021"),
        (b"decisions: [{person: raio}]\n", "GM-D022"),
        (b"apiVersion: gitops-models/v1\nkind: Policy\ndecisions: [{person: raio}]\n", "GM-D022"),
        (b"- &a {person: raio}\n", "GM-D004"),
        (b"raio\n", "GM-D007"),
    ],
)
def test_a_file_that_is_not_exactly_that_is_refused(text, code):
    with refused() as caught:
        load_simulation(text, "what-if.yaml")
    assert (caught.value.code, caught.value.where) == (code, "what-if.yaml")
