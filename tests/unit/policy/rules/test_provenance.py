"""Provenance that a stage asks for: who has to vouch, and what the judge says of what was attached."""

import pytest

from gitops_models.policy.facts import Attestation
from gitops_models.registry.paths import Layout
from tests.support.policy import LENIENT, World, document, finding, policy_yaml

WORKFLOW = {
    "identity": "https://forge.example/train/.github/workflows/ci.yml@refs/heads/main",
    "issuer": "https://issuer.example",
    "repository_id": "1",
    "owner_id": "2",
    "ref": "refs/heads/main",
}
FACTORY = {"id": "factory", "may": ["provenance"], "workflows": [WORKFLOW]}
SECOND = {**FACTORY, "workflows": [{**WORKFLOW, "repository_id": "7"}], "id": "second"}
SILENT = {"id": "silent", "may": ["provenance"]}
IDLE = {"id": "idle", "may": ["promoted"], "workflows": [{**WORKFLOW, "repository_id": "8"}]}
LEAD = {"id": "lead", "emails": ["lead@example.org"], "roles": ["technical-lead"]}
ENGINEER = {"id": "engineer", "emails": ["engineer@example.org"], "roles": ["ml-engineer"]}


def world(*names):
    """The second stage asks for provenance by one of these workloads."""
    people = document("People", people=[LEAD, ENGINEER], workloads=[FACTORY, SECOND, SILENT, IDLE])
    rules = {"development": {}, "validation": {"provenance": list(names)}, "staging": {"evidence": []}}
    return World(policy_yaml(**{**LENIENT, "stage_rules": rules}), people).registered("1.0.0")


def attested(*found):
    return {("fraud", "1.0.0"): tuple(found)}


def held(workload="factory", code=None, detail="", path="a.sigstore.json"):
    return Attestation(path, workload, code, detail)


def promote(here, *found, stages=("development", "validation", "staging")):
    edits = {path: data for stage in stages for path, data in here.stage("1.0.0", stage).items()}
    return here.judge(edits, approvals=("lead",), provenance=attested(*found) if found else {})


def test_one_statement_by_one_of_the_workloads_is_enough():
    assert promote(world("factory"), held()).allowed
    assert promote(world("second", "factory"), held()).allowed
    assert promote(world("factory"), held(code="GM-T601"), held(path="b")).allowed
    assert promote(world("factory"), stages=("development",)).allowed


@pytest.mark.parametrize("names", [("factory",), ("factory", "second"), ("nobody", "factory")])
def test_a_stage_that_asks_for_provenance_gets_some(names):
    verdict = promote(world(*names))
    assert verdict.codes == ("GM-P330",)
    one = finding(verdict, "GM-P330")
    assert one.message == f"fraud@1.0.0 has no provenance by {', '.join(names)}; validation asks for it"
    assert one.where == "models/fraud/stages/validation.yaml"


def test_a_statement_that_does_not_hold_says_why():
    wrong = [held(code="GM-T601", detail="of another\n commit"), held("second", "GM-T602", path="b.json")]
    verdict = promote(world("factory", "second"), *wrong, held("idle"))
    assert verdict.codes == ("GM-P331",)
    one = finding(verdict, "GM-P331")
    assert one.message == "no provenance of fraud@1.0.0 holds for validation"
    assert one.details[1] == "b.json as second: GM-T602: "
    assert len(one.details) == 2
    assert "\n" not in one.details[0]


def test_a_statement_of_somebody_who_was_not_asked_says_nothing():
    verdict = promote(world("second"), held("factory"), held("factory", "GM-T601"))
    assert verdict.codes == ()


@pytest.mark.parametrize(("number", "told"), [(16, 16), (17, 17), (20, 17)])
def test_a_refusal_speaks_of_sixteen_statements(number, told):
    wrong = [held(code="GM-T601", path=f"{place}.json") for place in range(number)]
    one = finding(promote(world("factory"), *wrong), "GM-P331")
    assert len(one.details) == told
    assert (one.details[-1] == f"{number - 16} more") == (number > 16)
    assert one.details[15] == "15.json as factory: GM-T601: "


@pytest.mark.parametrize("names", [("nobody",), ("silent",), ("idle",), ("idle", "silent", "nobody")])
def test_a_workload_that_may_not_sign_or_cannot_is_no_demand_that_could_be_met(names):
    verdict = promote(world(*names))
    assert verdict.codes == ("GM-P332",)
    one = finding(verdict, "GM-P332")
    assert one.message == f"{', '.join(names)} may not sign provenance, validation asks for it"
    assert one.where == "models/fraud/stages/validation.yaml"
    assert promote(world(*names, "factory"), held()).allowed


def test_what_is_attached_is_a_signature_over_these_bytes():
    here = world("factory")
    paths = [Layout().signature_path("fraud", "1.0.0", f"{name}.sigstore.json") for name in ("a", "b", "c")]
    edits = dict.fromkeys(paths, b"{}")
    verdict = here.judge(edits, malformed={paths[1]: ("GM-T301", "no bundle\n"), paths[2]: ("GM-T302", "")})
    found = [one for one in verdict.findings if one.code == "GM-P333"]
    assert [one.where for one in found] == paths[1:]
    assert found[0].message.endswith("(GM-T301)")
    assert "\n" not in found[0].message
    assert found[1].message == " (GM-T302)"
