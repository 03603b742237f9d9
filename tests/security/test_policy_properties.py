"""What must hold of the judge whatever the policy, the people, the change and the decisions are."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.policy.verdict import Severity
from gitops_models.registry.change import change_id
from gitops_models.registry.scopes import Entry
from tests.support import policy as documents
from tests.support.policy import LENIENT, PERSONS, World, approve, policy_yaml

EXECUTABLE = 0o100755
# One more approval never turns allowed into denied

PROFILES = ("regulated", "minimal", "solo")
VERSIONS = ("1.0.0", "1.1.0", "1.2.0", "1.3.0")
POLICY = "policies/policy.yaml"
PEOPLE = "policies/people.yaml"


def any_policy(chance):
    """A profile with some of its fields changed at random; every role of the world is known."""
    profile = chance.choice(PROFILES)
    fields = documents.yamls.load(policy_yaml(profile), "policy.yaml")
    fields["roles"] = sorted({*fields["roles"], "incident-commander", "emergency-committee", "oversight-committee"})
    fields["risks"] = {risk: any_rule(chance, rule) for risk, rule in fields["risks"].items()}
    fields["approvals"] = {
        **fields.get("approvals", {}),
        "self_approval": chance.choice([[], ["low"], ["low", "medium"]]),
    }
    edits = {
        "stage_rules": {"production": {"approve": any_quorum(chance)}},
        "policy_changes": {"approve": any_quorum(chance), "evidence": chance.choice(["forge", "signed"])},
        "emergency": {"role": ["operator", "raio"], "skips": ["approval"], "ratify_within_hours": 8},
        "registration": {"may": ["ml-engineer"], "approve": any_quorum(chance)},
        "training": {"topics": ["rollback"], "valid_days": chance.choice([30, 365])},
        "rollback": {"degrade": chance.choice(["refuse", "undeploy"])},
    }
    lenient = LENIENT if chance.random() < 0.8 else {}
    chosen = {name: edits[name] for name in edits if chance.random() < 0.3}
    return documents.yamls.dump({**fields, **lenient, **chosen})


def any_quorum(chance):
    return chance.choice(["none", ["raio"], ["raio", "domain-lead"], [{"role": "oversight-committee", "of": 2}]])


def any_rule(chance, rule):
    if chance.random() < 0.5:
        return rule
    evidence, touch = chance.choice(["forge", "signed"]), chance.random() < 0.2
    return {**rule, "approve": any_quorum(chance), "evidence": evidence, "touch": touch}


def any_world(chance):
    """Three versions, two of them live in every stage and the third in all but the last."""
    world = World(any_policy(chance)).registered(
        *VERSIONS[:3], risk=chance.choice(["low", "medium", "high", "critical"])
    )
    world.promoted("1.0.0").promoted("1.1.0").promoted("1.2.0", *world.policy.stages[:-1])
    if chance.random() < 0.3:
        world.accept(documents.hold_file(), by="operator")
    return world


def any_edits(chance, world):
    """One or two things that people do, in one change."""
    emergency = {"skipped": ["approval"], "kept": ["bytes", "signature", "quarantine"]}
    again = documents.yamls.dump({**documents.yamls.load(world.state.snapshot.data(POLICY), POLICY), "version": 2})
    menu = [
        world.stage("1.2.0"),
        world.stage("1.2.0"),
        world.stage("1.0.0"),
        world.stage("1.0.0") | documents.hold_file(2),
        world.stage("1.0.0") | documents.hold_file(2, incident="INC-7", emergency=emergency),
        {"models/fraud/stages/production.yaml": None},
        documents.hold_file(2),
        documents.hold_file(2, action="lift", by="engineer"),
        documents.quarantine_file("1.2.0", digests=[documents.artifact("1.2.0")["sha256"]]),
        documents.cause_file(),
        documents.status_file("suspend"),
        documents.status_file("retire"),
        {"models/fraud/model.yaml": documents.model_yaml(risk=chance.choice(["low", "high"]), owners=["new"])},
        documents.version_files("1.3.0"),
        {PEOPLE: documents.people_yaml({**PERSONS, "visitor": ["raio"]})},
        {POLICY: again},
    ]
    first = chance.choice(menu)
    return first if chance.random() < 0.8 else {**first, **chance.choice(menu)}


def any_opinion(chance, person, decision=None):
    touch, source = chance.random() < 0.5, chance.choice(["signed", "signed", "forge"])
    fields = {} if chance.random() < 0.9 else {"change_id": "d" * 64}
    decision = decision or chance.choices(["approve", "reject", "withdraw"], [8, 1, 1])[0]
    return approve(person, decision=decision, source=source, touch=touch, **fields)


def one_more(seed):
    """A random verdict, and the same with one more approval."""
    chance = random.Random(seed)
    world = any_world(chance)
    change = world.change(any_edits(chance, world))
    crowd = chance.sample(sorted(PERSONS), chance.randrange(len(PERSONS)))
    said = [any_opinion(chance, person) for person in crowd]
    by = chance.choice(["engineer", "engineer", "engineer", "operator", "raio", "owner", "ci"])
    silent = [*set(PERSONS).difference(crowd), *(one.person for one in said if one.decision != "approve"), "nobody"]
    extra = any_opinion(chance, chance.choice(sorted(silent)), "approve")
    kept = [one for one in said if one.person != extra.person or chance.random() < 0.5]
    merge = documents.good_merge() if chance.random() < 0.5 else None
    facts = world.facts(change, by, kept, merge=merge, live=chance.random() < 0.5)
    if chance.random() < 0.2:
        facts = replace(facts, commits=(*facts.commits, documents.commit((), "engineer2")))
    more = replace(facts, opinions=tuple(chance.sample([*kept, extra], len(kept) + 1)))
    return [documents.judge(change, one, world.policy) for one in (facts, more)]


def test_one_more_approval_never_turns_allowed_into_denied():
    """The order in which decisions come makes no difference either: they are shuffled."""
    allowed = []

    @given(st.integers(0, 1 << 40))
    def holds(seed):
        before, after = one_more(seed)
        allowed.append(before.allowed)
        assert set(after.codes) <= set(before.codes)
        assert after.allowed or not before.allowed
        assert sum(len(quorum.missing) for quorum in after.quorums) <= sum(len(one.missing) for one in before.quorums)

    holds()
    # Otherwise this showed nothing: enough of them were allowed, and enough lacked an approval only.
    assert sum(allowed) > len(allowed) // 20
    assert not all(allowed)


@given(st.integers(0, 1 << 40))
def test_one_more_rejection_never_turns_denied_into_allowed(seed):
    chance = random.Random(seed)
    world = any_world(chance)
    edits = any_edits(chance, world)
    said = [any_opinion(chance, person) for person in chance.sample(sorted(PERSONS), chance.randrange(8))]
    spoken = {one.person for one in said}
    person = chance.choice(sorted(set(PERSONS) - spoken))
    before = world.judge(edits, approvals=said)
    after = world.judge(edits, approvals=[*said, any_opinion(chance, person, "reject")])
    assert set(before.codes) <= set(after.codes)


# Any edit of what is governed is another change


def proposals(world):
    """What people propose, each with the paths that it brings."""
    return [
        world.stage("1.2.0"),
        world.stage("1.0.0") | documents.hold_file() | documents.cause_file(),
        documents.version_files("1.3.0"),
        documents.quarantine_file("1.2.0"),
        {"models/fraud/model.yaml": documents.model_yaml(owners=["new"])},
        {PEOPLE: documents.people_yaml({**PERSONS, "visitor": ["raio"]})},
    ]


def identity(world, edits):
    change = world.change(edits)
    return change_id("test", "main", change, world.state.anchor(change))


def edited(chance, edits):
    """The proposal with one byte changed, one path, or one file gone."""
    path = chance.choice(sorted(edits))
    data, kind = bytearray(edits[path]), chance.choice(["flip", "insert", "delete", "path", "gone"])
    at = chance.randrange(len(data))
    if kind == "flip":
        data[at] ^= 1 << chance.randrange(8)
    elif kind == "insert":
        data.insert(at, chance.randrange(256))
    elif kind == "delete":
        del data[at]
    rest = {name: content for name, content in edits.items() if name != path}
    name = path.replace("fraud", "spam", 1) if kind == "path" else path
    name = f"{path}x" if name == path and kind == "path" else name
    return rest if kind == "gone" else {**rest, name: bytes(data)}


@pytest.fixture(scope="module")
def settled():
    """Three versions that went live one after the other."""
    world = World(policy_yaml(**LENIENT)).registered("1.0.0", "1.1.0", "1.2.0")
    return world.promoted("1.0.0").promoted("1.1.0").promoted("1.2.0", *world.policy.stages[:-1])


@given(seed=st.integers(0, 1 << 40))
def test_any_edit_of_a_governed_byte_or_path_makes_another_change(settled, seed):
    chance = random.Random(seed)
    edits = chance.choice(proposals(settled))
    assert identity(settled, edited(chance, edits)) != identity(settled, edits)


@pytest.mark.parametrize("number", range(6))
def test_another_mode_is_the_same_content_and_is_denied_whoever_approved(settled, number):
    """Modes are no content: nothing but plain files is ever accepted, so no approval could speak for another."""
    edits = proposals(settled)[number]
    changed = dict(edits)
    path = min(edits)
    changed[path] = Entry(EXECUTABLE, settled.blobs.add(edits[path]))
    verdict = settled.judge(changed, approvals=sorted(PERSONS))
    assert "GM-P003" in verdict.codes
    assert all(one.severity is Severity.DENY for one in verdict.findings if one.code == "GM-P003")


@given(st.sampled_from(["test", "other"]), st.sampled_from(["main", "next"]))
def test_an_approval_speaks_for_one_repository_and_one_line(repository, line):
    world = World(policy_yaml(**LENIENT)).registered("1.0.0")
    change = world.change(world.stage("1.0.0", "development"))
    mine, there = (
        change_id(*names, change, world.state.anchor(change)) for names in (("test", "main"), (repository, line))
    )
    assert (mine == there) == ((repository, line) == ("test", "main"))


def test_what_happened_between_makes_the_same_files_another_change():
    world = World(policy_yaml(**LENIENT)).registered("1.0.0", "1.1.0").promoted("1.0.0").promoted("1.1.0")
    promotion = world.stage("1.0.0")
    before = identity(world, promotion)
    world.accept(world.stage("1.0.0")).accept(world.stage("1.1.0"))
    assert identity(world, promotion) != before
