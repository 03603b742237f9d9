"""The table of clauses: complete, without duplicates, each held up by something and shown by a test."""

import re

import pytest

from gitops_models.errors.codes import all_codes
from gitops_models.policy.clauses import BY_ID, CLAUSES, DOCUMENTS
from gitops_models.policy.clauses.needs import given, lacks, lists, values
from gitops_models.policy.document import Policy, load_policy
from tests.support.clauses import marked
from tests.support.policy import policy_yaml


def policy(**changes):
    return load_policy(policy_yaml("regulated", **changes), "policies/policy.yaml")


def test_every_clause_has_one_id_of_its_document_and_section():
    assert len(BY_ID) == len(CLAUSES)
    assert [clause.id for clause in CLAUSES if not re.fullmatch(r"(A-[a-z]+|B-\d+(\.\d)?)-\d+", clause.id)] == []
    assert {clause.document for clause in CLAUSES} == set(DOCUMENTS)


def test_every_clause_is_held_up_by_a_code_or_by_something_that_is_named():
    assert [clause.id for clause in CLAUSES if not (clause.rules or clause.mechanism)] == []


def test_every_code_of_a_clause_exists():
    assert [
        (clause.id, set(clause.rules) - set(all_codes())) for clause in CLAUSES if set(clause.rules) - set(all_codes())
    ] == []


def test_every_clause_has_a_test():
    assert [clause.id for clause in CLAUSES if clause.id not in marked()] == []


def test_no_test_names_a_clause_that_is_not_there():
    assert {clause: tests for clause, tests in marked().items() if clause not in BY_ID} == {}


def test_a_need_is_met_by_what_the_policy_says():
    assert given("emergency").met(policy())
    assert not given("emergency").met(policy(emergency=None))
    assert given("stage_rules.*.evidence").met(policy())
    assert not given("stage_rules.*.evidence").met(policy(stage_rules={}))
    assert lists("lineage.require", "data", "code").met(policy())
    assert not lists("lineage.require", "interface").met(policy())
    assert lacks("approvals.self_approval").met(policy())
    assert not lacks("approvals.self_approval").met(policy(approvals={"self_approval": ["low"]}))


def test_a_path_that_the_policy_does_not_have_gives_nothing():
    assert values(policy(), "no.such.field") == [None]
    assert values(policy(emergency=None), "emergency.role") == [None]


@pytest.mark.parametrize(
    ("clause", "field", "value"),
    [
        ("B-4.1-3", "lineage", {"require": ["code"]}),
        ("B-4.2-3", "lineage", {"coverage": ["weights"]}),
        ("B-5.2-1", "stages", ["staging", "production"]),
        ("B-5.2-2", "stage_rules", {"production": {"evidence": ["evaluation"]}}),
        ("B-5.1-5", "approvals", {"self_approval": ["low"]}),
    ],
)
def test_a_clause_is_left_open_by_a_policy_that_does_not_ask_for_it(clause, field, value):
    changes = {"stage_rules": {}, field: value}
    assert all(need.met(policy()) for need in BY_ID[clause].needs)
    assert not all(need.met(policy(**changes)) for need in BY_ID[clause].needs)


def test_the_quorum_and_the_rollback_of_a_risk_are_asked_for_by_role():
    risks = {**policy().model_dump(mode="json", exclude_defaults=True)["risks"]}
    weaker = {name: {**row, "approve": "none"} for name, row in risks.items()}
    nobody = {name: {**row, "approve": ["raio"], "rollback": {"initiate": ["raio"]}} for name, row in risks.items()}
    for clause in ("B-5.1-1", "B-5.1-4"):
        assert all(need.met(policy()) for need in BY_ID[clause].needs)
        assert not all(need.met(policy(risks=weaker)) for need in BY_ID[clause].needs)
    for clause in ("B-6.3-1", "B-6.3-2", "B-6.3-3"):
        assert all(need.met(policy()) for need in BY_ID[clause].needs)
        assert not all(need.met(policy(risks=nobody)) for need in BY_ID[clause].needs)


def test_every_need_names_a_field_of_the_policy():
    schema = Policy.model_json_schema()
    needs = {need.field for clause in CLAUSES for need in clause.needs}
    assert {field for field in needs if not exists(schema, schema, field.split("."))} == set()


def exists(schema, node, path):
    """Whether a JSON Schema knows the path; ``*`` is each entry of a mapping or list."""
    if "$ref" in node:
        return exists(schema, schema["$defs"][node["$ref"].rpartition("/")[2]], path)
    if "anyOf" in node:
        return any(exists(schema, one, path) for one in node["anyOf"])
    if not path:
        return True
    below = node.get("properties", {}).get(path[0])
    if path[0] == "*":
        (below,) = node.get("patternProperties", {"": node.get("items")}).values()
    return isinstance(below, dict) and exists(schema, below, path[1:])
