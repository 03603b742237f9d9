"""Who may do what, held against the judge: the table must not say what the rules do not do."""

import pytest

from gitops_models.policy.approvals import tally
from gitops_models.policy.authority import demand, proposers
from gitops_models.policy.context import Context
from gitops_models.policy.document import RISKS, Policy, load_policy
from gitops_models.policy.effective import entitlements, filled
from gitops_models.registry import yamls
from gitops_models.registry.documents import validate
from tests.support.policy import (
    CREATED,
    LENIENT,
    World,
    cause_file,
    document,
    hold_file,
    model_yaml,
    policy_yaml,
    quarantine_file,
)

WHERE = "policies/policy.yaml"
STAGED = {**LENIENT, "stage_rules": {"staging": {"approve": ["technical-lead"]}}}


def rows(**changes):
    return {row.what: row for row in entitlements(load_policy(policy_yaml(**changes), WHERE))}


def judged(world, edits, event=0):
    """Roles that may propose the first event, and the roles that have to agree, as the judge has it."""
    change = world.change(edits)
    context = Context(change, world.facts(change), world.policy)
    what = change.events[event]
    may, wanted = proposers(context, what), demand(context, what)
    agree = sorted(tally(context, wanted).quorum.required) if wanted else []
    return (sorted(may.roles) if may.roles is not None else ["any person"]), agree


def told(row, risk):
    index = RISKS.index(risk)
    agree = []
    for entry in row.agree[index]:
        count, _, role = entry.rpartition(" x ")
        agree += [role] * int(count or 1)
    return sorted(row.may[index]), sorted(agree)


@pytest.mark.parametrize("risk", RISKS)
def test_the_table_says_what_the_judge_asks_for(risk):
    table = rows(**STAGED)
    world = World(policy=policy_yaml(**STAGED))
    added = {"models/fraud/model.yaml": model_yaml("fraud", risk)}
    assert judged(world, added) == told(table["add a model, lower its risk"], risk)
    world.registered("1.0.0", "1.1.0", "1.2.0", risk=risk)
    changed = {"models/fraud/model.yaml": model_yaml("fraud", risk, owners=["team"])}
    assert judged(world, changed) == told(table["change a model or its triggers"], risk)
    assert judged(world, world.stage("1.0.0", "development")) == told(table["promote"], risk)
    assert judged(world, world.stage("1.0.0", "staging")) == told(table["promote to staging"], risk)
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        world.promoted(version, "production")
    assert judged(world, world.stage("1.1.0")) == told(table["roll back to the last known good"], risk)
    assert judged(world, world.stage("1.0.0")) == told(table["roll back deeper"], risk)
    what = table["lift a hold, release from quarantine, resume, undeploy, retire"]
    assert judged(world, {"models/fraud/stages/production.yaml": None}) == told(what, risk)
    safety = table["hold a stage, open or resolve a cause, suspend"]
    assert judged(world, hold_file()) == told(safety, risk)
    assert judged(world, cause_file()) == told(safety, risk)
    assert judged(world, quarantine_file("1.0.0", digests=["0" * 64])) == told(table["quarantine"], risk)


def test_governance_is_open_to_any_person_and_asks_for_its_quorum():
    world = World()
    what = rows(**LENIENT)["change policy, people, targets, waivers, other governed files"]
    assert judged(world, {WHERE: policy_yaml(**LENIENT, version=2)}) == told(what, "low")


def test_what_a_policy_leaves_out_has_no_line():
    without = rows(emergency=None, retention=None)
    assert not {"roll back in an emergency", "delete bytes"} & set(without)
    emergency = {"role": ["operator"], "skips": []}
    given = rows(emergency=emergency, retention={"keep_days": 10, "delete": "none"})
    assert given["roll back in an emergency"].may[0] == ("operator",)
    assert "skips nothing" in given["roll back in an emergency"].note
    assert (given["delete bytes"].may[0], given["delete bytes"].agree[0]) == (("nobody",), ())
    changes = {**LENIENT, "retention": {"keep_days": 1, "delete": ["raio", "oversight-committee"]}}
    world = World(policy=policy_yaml(**changes)).registered("1.0.0")
    weights = world.state.snapshot.lineage("fraud", "1.0.0").digests()
    data = document(
        "Deletion", model="fraud", version="1.0.0", digests=list(weights), reason="x", by="raio", created=CREATED
    )
    edit = {"models/fraud/deletions/1.0.0/1.yaml": data}
    assert judged(world, edit) == told(rows(**changes)["delete bytes"], "low")
    asked = rows(retention={"keep_days": 10, "delete": ["raio", {"role": "raio", "of": 2}]})
    assert (asked["delete bytes"].may[0], asked["delete bytes"].agree[0]) == (("raio",), ("raio", "2 x raio"))


def test_a_rollback_of_a_risk_that_nobody_approves_asks_no_further_approver():
    table = {name: {**row, "approve": "none"} for name, row in yamls.load(policy_yaml(), WHERE)["risks"].items()}
    given = rows(risks=table)
    assert given["roll back deeper"].agree == given["roll back to the last known good"].agree


def test_self_approval_is_noted():
    assert rows(approvals={"self_approval": ["low", "medium"]})["promote"].note == (
        "at low, medium risk the proposer may approve"
    )
    assert rows(approvals={})["promote"].note == ""


def test_a_policy_with_every_default_written_out_is_the_same_policy():
    policy = load_policy(policy_yaml("minimal"), WHERE)
    document = filled(policy)
    assert set(document) == {field.alias or name for name, field in Policy.model_fields.items()}
    assert validate(Policy, document, WHERE) == policy
    assert document["registration"]["approve"] == "none"
    assert load_policy(yamls.dump(document), WHERE) == policy
