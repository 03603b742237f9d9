"""Names of proposals."""

import pytest

from gitops_models.forge.base import Proposal, parse_branch

HEAD = "1" * 40
FRAUD = Proposal("promotion", "fraud", "1.2.0", "production", "3fa9c1d2", HEAD)
PULL = "https://github.com/acme/registry/pull/12"
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


@pytest.mark.parametrize("name", ["12", "#12", "https://github.com/acme/registry/pull/12", "refs/pull/12/head"])
def test_a_pull_request_answers_to_its_number_and_its_address(name):
    by_hand = Proposal("-", "-", "-", "-", "12", HEAD, number=12, source="refs/pull/12/head", url=PULL)
    assert by_hand.answers_to(name)
    assert by_hand.ref == by_hand.branch == "refs/pull/12/head"
    assert not FRAUD.answers_to(name)
