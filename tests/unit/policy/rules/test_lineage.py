from typing import get_args

import pytest

from gitops_models.registry.documents.lineage import Role
from tests.support.policy import World, artifact, finding, policy_yaml, version_files

FULL = {
    "architecture": {"id": "tree"},
    "code": {"commit": "1" * 40},
    "data": [{"name": "transactions"}],
    "features": {"schema": "v7"},
    "parameters": {"values": {"depth": 3}},
    "environment": {"python": "3.12.6"},
    "metrics": [{"name": "auc", "value": 0.9}],
    "interface": {"outputs": [{"name": "score", "dtype": "float32", "shape": [-1]}]},
}

COVERED = get_args(Role)


def demanding(require=(), coverage=()):
    policy = policy_yaml(stage_rules={}, lineage={"require": list(require), "coverage": list(coverage)})
    return World(policy).registered()


@pytest.mark.clause("B-4.1-3", "B-4.1-4", "B-4.1-5", "B-4.1-6", "B-3-2", "B-4.2-5")
@pytest.mark.parametrize("field", [*FULL, "artifacts"])
def test_each_required_field_must_be_there(field):
    here = demanding([field])
    assert here.judge(version_files("1.0.0", **FULL)).allowed
    without = {name: value for name, value in FULL.items() if name != field}
    if field == "artifacts":
        without["artifacts"] = []
    verdict = here.judge(version_files("1.0.0", **without))
    assert verdict.codes == ("GM-P201",)
    assert field in finding(verdict, "GM-P201").message


@pytest.mark.clause("B-4.1-5", "B-4.1-6")
@pytest.mark.parametrize("field", ["code", "parameters", "environment", "interface"])
def test_an_empty_group_fills_nothing(field):
    assert demanding([field]).codes(version_files("1.0.0", **{**FULL, field: {}})) == ("GM-P201",)


def test_a_field_that_is_not_required_may_stay_empty():
    assert demanding().judge(version_files("1.0.0")).allowed


@pytest.mark.parametrize(
    ("kind", "entry", "asked"),
    [
        ("prompt", {"role": "prompt"}, False),
        ("configuration", {"role": "configuration"}, False),
        ("pipeline", {"role": "training-code"}, True),
        ("model", {"role": "prompt"}, True),
        ("prompt", {"role": "weights"}, True),
        ("configuration", {"role": "binary"}, True),
    ],
)
def test_training_data_are_not_asked_of_what_nobody_trained(kind, entry, asked):
    policy = policy_yaml(stage_rules={}, lineage={"require": ["data", "features", "metrics"], "coverage": []})
    here = World(policy).registered(type=kind)
    without = {"artifacts": [artifact("1.0.0", **entry)]}
    measured = {**without, "metrics": FULL["metrics"]}
    assert here.codes(version_files("1.0.0", **without)) == ("GM-P201",)
    assert here.codes(version_files("1.0.0", **measured)) == (("GM-P201",) if asked else ())


@pytest.mark.clause("B-4.2-1", "B-4.2-2", "B-4.2-3", "B-4.2-4", "B-4.2-5")
@pytest.mark.parametrize("role", COVERED)
def test_each_part_of_a_version_is_versioned_or_refused(role):
    here = demanding(coverage=[role])
    rest = [artifact("1.0.0", path=f"{one}.bin", role=one) for one in COVERED if one != role]
    assert here.codes(version_files("1.0.0", artifacts=rest)) == ("GM-P202",)
    assert role in finding(here.judge(version_files("1.0.0", artifacts=rest)), "GM-P202").message
    whole = [*rest, artifact("1.0.0", path=f"{role}.bin", role=role)]
    assert here.judge(version_files("1.0.0", artifacts=whole)).allowed


@pytest.mark.clause("B-4.2-1", "B-4.2-3", "B-4.2-6")
def test_each_covered_role_is_there_or_named_as_not_applicable():
    here = demanding(coverage=["weights", "prompt"])
    assert here.codes(version_files("1.0.0")) == ("GM-P202",)
    assert here.judge(version_files("1.0.0", not_applicable=["prompt"])).allowed
    both = [artifact("1.0.0"), artifact("1.0.0", path="prompt.txt", role="prompt")]
    assert here.judge(version_files("1.0.0", artifacts=both)).allowed


@pytest.mark.clause("B-4.2-6")
def test_a_role_that_is_there_and_not_applicable_contradicts_itself():
    assert demanding().codes(version_files("1.0.0", not_applicable=["weights"])) == ("GM-P202",)


@pytest.mark.clause("B-4.1-2")
def test_a_version_without_a_model_document_is_refused():
    assert World().codes(version_files("1.0.0")) == ("GM-P203",)
    here = demanding()
    assert "GM-P203" in here.codes({"models/fraud/model.yaml": None})


@pytest.mark.clause("A-snapshots-1", "B-4.1-7")
def test_a_lineage_signed_by_another_than_its_author_is_refused():
    here = demanding()
    verdict = here.judge(version_files("1.0.0", author="engineer2"))
    assert verdict.codes == ("GM-P204",)
    assert finding(verdict, "GM-P204").message == "the author is engineer2, signed by engineer"
    unsigned = here.judge(version_files("1.0.0"), by=None)
    assert "nobody known" in finding(unsigned, "GM-P204").message


def test_a_workload_may_register_and_be_the_author():
    assert demanding().judge(version_files("1.0.0", author="ci"), by="ci").allowed


@pytest.mark.parametrize("base", ["fraud@0.9.0", "churn@1.0.0", "fraud@1.1.0"])
def test_a_base_that_is_not_registered_or_the_version_itself_is_refused(base):
    here = demanding().registered("1.0.0")
    assert here.codes(version_files("1.1.0", base=base)) == ("GM-P205",)


def test_a_base_that_is_registered_is_fine():
    here = demanding().registered("1.0.0")
    assert here.judge(version_files("1.1.0", base="fraud@1.0.0")).allowed


@pytest.mark.clause("A-snapshots-5")
def test_bytes_that_are_absent_deny_at_admission_and_warn_on_replay():
    here = demanding().registered("1.0.0")
    edits = version_files("1.1.0")
    assert here.judge(edits, bytes_present=None).allowed
    assert here.judge(edits, bytes_present={("fraud", "1.1.0"): True}).allowed
    assert here.codes(edits, bytes_present={("fraud", "1.1.0"): False}) == ("GM-P206",)
    assert here.codes(edits, bytes_present={}) == ("GM-P206",)
    assert here.judge(edits, bytes_present={}, live=False).allowed


@pytest.mark.clause("A-snapshots-5")
def test_bytes_of_a_promoted_version_must_be_there():
    here = demanding().registered("1.0.0")
    edits = here.stage("1.0.0", "development")
    assert here.codes(edits, approvals=["lead"], bytes_present={}) == ("GM-P206",)
