"""Names of proposals."""

import pytest

from gitops_models.forge.base import Proposal, parse_branch

HEAD = "1" * 40
FRAUD = Proposal("promotion", "fraud", "1.2.0", "production", "3fa9c1d2", HEAD)
POLICY = Proposal("policy", "-", "-", "-", "00000000", HEAD)


@pytest.mark.parametrize("proposal", [FRAUD, POLICY])
def test_a_branch_name_says_the_proposal_again(proposal):
    assert parse_branch(proposal.ref, HEAD) == proposal


@pytest.mark.parametrize(
    "ref",
    [
        "refs/heads/main",
        "refs/heads/gm/a/b/c/d",
        "refs/heads/gm/a/b/c/d/e/f",
        "refs/heads/gm/a//c/d/e",
        "refs/tags/gm/a/b/c/d/e",
    ],
)
def test_a_branch_of_another_shape_is_no_proposal(ref):
    assert parse_branch(ref, HEAD) is None


@pytest.mark.parametrize("name", ["3fa9c1d2", "fraud@1.2.0", FRAUD.branch, FRAUD.ref])
def test_a_proposal_answers_to_its_names(name):
    assert FRAUD.answers_to(name)


@pytest.mark.parametrize("name", ["", "3fa9", "3fa9c1d2" + "0" * 56, "fraud", "fraud@1.2", "-"])
def test_a_proposal_answers_to_nothing_else(name):
    assert not FRAUD.answers_to(name)
    assert Proposal("x", "fraud", "-", "-", "", HEAD).answers_to("fraud")
    assert not Proposal("x", "fraud", "-", "-", "", HEAD).answers_to("anything")
