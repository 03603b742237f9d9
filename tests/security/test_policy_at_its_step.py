"""A policy that a forge merged is accepted by an acceptance made at its own step, and by none that came later."""

import pytest

from gitops_models.verification.fold import fold
from tests.support import stories

POLICY = "policies/policy.yaml"


@pytest.fixture
def merged(tmp_path):
    """A registry, an approved proposal of a policy, and the step that merged it without an acceptance."""
    story = stories.registry(tmp_path / "r")
    proposal = story.draft("policy", {POLICY: stories.better_policy(story)}, by="owner", event="policy", reason="r")
    quorums = story.check(proposal).verdict.quorums
    people = {person for one in quorums for role in one.missing for person in one.candidates[role]}
    story.approve(proposal, *sorted(people))
    change = story.check(proposal).change_id
    step = story.merge_by_hand(proposal.head, by="owner")
    assert story.statuses()[-1] == "pending"
    return story, proposal, change, step


def accept(merged, main, head=None):
    story, proposal, change, step = merged
    record = stories.acceptance(story, by="owner", merge=step, head=head or proposal.head, change_id=change, main=main)
    stories.append(story, change, record, by="owner")


def test_an_acceptance_made_at_the_step_puts_the_policy_in_force(merged):
    story, _, _, step = merged
    accept(merged, step)
    found = story.history().steps[-1]
    assert (found.oid, found.status, found.released) == (step, "accepted", None)
    assert story.history().policy.version == 2


@pytest.mark.attack("a policy is accepted behind what was built on it", "pending", by="thief")
def test_an_acceptance_made_at_a_later_step_does_not(merged):
    story, *_ = merged
    later = story.commit({"README.md": b"later"}, land=True)
    accept(merged, later)
    history = story.history()
    assert [step.status for step in history.steps[-2:]] == ["pending", "untouched"]
    assert (history.policy.version, "policy" in history.blocked) == (1, True)


@pytest.mark.attack("an acceptance is dated back to a step that readers saw unaccepted", "pending", by="thief")
def test_who_saw_the_line_go_on_believes_none_that_claims_to_be_earlier(merged):
    story, _, _, step = merged
    later = story.commit({"README.md": b"later"}, land=True)
    accept(merged, step)
    seen = fold(story.store, pin=story.pin, tip=story.tip, ledger=story.ledger, now=None, undecided={step: later})
    assert [one.status for one in seen.steps[-2:]] == ["pending", "untouched"]
    at_the_step = fold(story.store, pin=story.pin, tip=story.tip, ledger=story.ledger, now=None, undecided={step: step})
    assert [one.status for one in at_the_step.steps[-2:]] == ["accepted", "untouched"]


def test_an_acceptance_of_another_head_does_not(merged):
    story, proposal, _, step = merged
    other = story.commit({"x": b"x"}, parents=[proposal.head])
    accept(merged, step, head=other)
    assert story.statuses()[-1] == "pending"
