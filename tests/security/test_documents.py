"""Attacks on ``gm check --documents``: a head that says itself what is governed."""

import pytest

from gitops_models.workflows.checking import check_documents
from tests.support import policy as documents

LINEAGE = "models/fraud/versions/1.0.0/lineage.yaml"


def codes(registry, base, files):
    """The codes that the documents of a commit with these files get."""
    head = registry.commit(files, parents=[registry.tip] if base else [])
    return tuple(finding.code for finding in check_documents(registry.path, base, head).findings)


def gm_yaml(**fields):
    return {"gm.yaml": documents.document("Repository", id="test-registry", line="main", **fields)}


@pytest.mark.attack("moving the models root to hide an edit", "GM-P101", "GM-P705", by="author")
@pytest.mark.parametrize("models", ["elsewhere", "models/fraud/versions"])
def test_another_models_root_hides_no_edit_of_a_released_version(registry, models):
    edited = {LINEAGE: documents.lineage_yaml("1.0.0", metrics=[{"name": "auc", "value": 0.99}])}
    assert codes(registry, registry.tip, edited) == ("GM-P101",)
    assert set(codes(registry, registry.tip, {**edited, **gm_yaml(models=models)})) == {"GM-P101", "GM-P705"}
    assert codes(registry, registry.tip, gm_yaml(models=models)) == ("GM-P705",)


def test_further_governed_paths_may_be_declared(registry):
    assert codes(registry, registry.tip, gm_yaml(models="models", governed=["infra/**"])) == ()


@pytest.mark.lookalike("a registry that begins with another models root")
def test_a_registry_may_begin_with_any_models_root(registry):
    bare = registry.commit({"README.md": b"x"}, parents=[])
    files = {**gm_yaml(models="ml"), "policies/policy.yaml": documents.policy_yaml("minimal")}
    head = registry.commit(files, parents=[bare])
    assert check_documents(registry.path, bare, head).allowed
    assert check_documents(registry.path, None, head).allowed
