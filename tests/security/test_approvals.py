"""Attacks on approvals: who counts, for what, and for how long. The matrix goes through approve, check and merge."""

import pytest

from gitops_models.errors import GmError
from gitops_models.policy.denied import Denied
from gitops_models.workflows.merging import merge
from gitops_models.workflows.review import approve
from tests.support import policy as documents
from tests.support import stories
from tests.support.registry import APPROVERS
from tests.support.stories import append, decision, denials, last, stage_file

STAGING = "models/fraud/stages/staging.yaml"
EVERYTHING = ["ml-engineer", "technical-lead", "raio", "domain-lead", "oversight-committee"]
TEAM = {
    **stories.CROWD,
    "allround": EVERYTHING,
    "elsewhere": [{"role": role, "models": ["spam*"]} for role in EVERYTHING],
    "here": [{"role": "technical-lead", "models": ["fraud*"]}],
    "gone": EVERYTHING,
    "ended": EVERYTHING,
    "ending": EVERYTHING,
}
CHANGES = {"gone": {"suspended": True}, "ended": {"until": "2026-11-20"}, "ending": {"until": "2026-11-21"}}


def one_model(path, risk):
    """``fraud`` of one risk with 1.0.0 and 1.1.0 registered, and a people file with all sorts of people."""
    story = stories.registry(path, persons=CHANGES)
    change = {"policies/people.yaml": stories.people_document(TEAM, **CHANGES)}
    proposal = story.draft("-", change, by="owner", event="people")
    story.approve(proposal, "raio")
    story.merge(proposal, by="owner")
    story.version("fraud", "1.0.0", risk=risk)
    story.version("fraud", "1.1.0")
    return story


@pytest.fixture
def low(story):
    return story(one_model, "low")


def ignored(registry, proposal):
    """Who is ignored, and why."""
    return {one.person: one.why for quorum in registry.check(proposal).verdict.quorums for one in quorum.ignored}


# The matrix: each risk, end to end

PARTIAL = {"high": ["raio"], "critical": ["raio", "domain", "board1"]}
WRONG = {
    "low": ["raio", "domain", "operator"],
    "medium": ["lead", "domain"],
    "high": ["lead", "domain", "board1"],
    "critical": ["lead", "raio", "domain", "rescue1", "rescue2"],
}
TWICE = {"high": ["both", "both"], "critical": ["raio", "domain", "board1", "board1"]}
DENIED = [
    *((risk, "none", []) for risk in APPROVERS),
    *((risk, "partial", who) for risk, who in PARTIAL.items()),
    *((risk, "wrong role", who) for risk, who in WRONG.items()),
    *((risk, "same person twice", who) for risk, who in TWICE.items()),
    *((risk, "author as approver", ["allround", *APPROVERS[risk][:-1]]) for risk in APPROVERS),
]


@pytest.mark.clause("B-5.1-1", "B-5.1-2", "B-5.1-3", "B-5.1-4", "B-4.3-3")
@pytest.mark.attack("landing with a part of the quorum, wrong roles or the author's own word", "GM-P401", by="author")
@pytest.mark.parametrize(
    ("risk", "case", "approvers"), DENIED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_promotion_without_its_quorum_does_not_land(story, risk, case, approvers):
    registry = story(one_model, risk)
    author = "allround" if case == "author as approver" else "engineer"
    proposal = registry.promote("fraud", "1.0.0", "staging", by=author)
    registry.approve(proposal, *approvers)
    assert denials(registry, proposal) == ("GM-P401",)
    with registry.untouched(), pytest.raises(Denied) as caught:
        merge(registry.session("engineer"), proposal)
    assert caught.value.code == "GM-P401"
    registry.merge_by_hand(proposal.head)
    assert (last(registry).status, registry.live_version("fraud", "staging")) == ("pending", None)


@pytest.mark.clause("B-5.1-1", "B-5.1-2", "B-5.1-3", "B-5.1-4")
@pytest.mark.lookalike("the full quorum of each risk")
@pytest.mark.parametrize("risk", APPROVERS)
def test_a_promotion_with_its_full_quorum_lands(story, risk):
    registry = story(one_model, risk)
    proposal = registry.promote("fraud", "1.0.0", "staging")
    registry.approve(proposal, *APPROVERS[risk])
    registry.merge(proposal)
    assert (last(registry).status, registry.live_version("fraud", "staging")) == ("accepted", "1.0.0")
    assert last(registry).verdict.allowed


@pytest.mark.attack("an edit of the branch after it was approved", "GM-P401", by="author")
@pytest.mark.parametrize("risk", APPROVERS)
def test_an_edit_after_the_approvals_voids_them(story, risk):
    registry = story(one_model, risk)
    proposal = registry.promote("fraud", "1.0.0", "staging")
    registry.approve(proposal, *APPROVERS[risk])
    edited = registry.commit(stage_file(registry, "1.1.0", "staging"), parents=[proposal.head])
    stale = type(proposal)(**{**vars(proposal), "head": edited, "event": "change", "version": "-"})
    registry.force(edited, stale.ref)
    assert denials(registry, stale) == ("GM-P401",)
    with registry.untouched(), pytest.raises(Denied):
        merge(registry.session("engineer"), stale)


@pytest.mark.clause("B-5.1-5")
@pytest.mark.lookalike("one person with two roles beside a second person")
def test_one_person_with_two_roles_fills_one_of_them(story):
    registry = story(one_model, "high")
    proposal = registry.promote("fraud", "1.0.0", "staging")
    registry.approve(proposal, "both", "domain")
    counted = registry.check(proposal).verdict.quorums[0].counted
    assert {(one.role, one.person) for one in counted} == {("raio", "both"), ("domain-lead", "domain")}
    registry.merge(proposal)
    assert last(registry).status == "accepted"


# Who counts


@pytest.mark.attack("an approval by somebody without the role in this model", "GM-P401", by="reviewer")
@pytest.mark.parametrize(
    ("person", "why"),
    [
        ("engineer", "author of the change"),
        ("gone", "suspended"),
        ("ended", "past 2026-11-20"),
        ("operator", "holds none of the roles that are needed here"),
        ("elsewhere", "holds none of the roles that are needed here"),
    ],
)
def test_an_approval_of_somebody_who_does_not_count_is_shown_and_ignored(low, person, why):
    proposal = low.promote("fraud", "1.0.0", "staging")
    low.approve(proposal, person)
    assert (denials(low, proposal), ignored(low, proposal)) == (("GM-P401",), {person: why})


@pytest.mark.parametrize("person", ["lead", "lead2", "here", "ending", "allround"])
def test_an_approval_of_somebody_who_counts_is_enough(low, person):
    proposal = low.promote("fraud", "1.0.0", "staging")
    low.approve(proposal, person)
    low.merge(proposal)
    assert last(low).status == "accepted"


@pytest.mark.clause("B-5.1-5")
@pytest.mark.attack("the one who registered a version approves its promotion", "ignored", by="author")
def test_who_registered_a_version_does_not_approve_its_promotion(low):
    low.version("fraud", "1.2.0", by="allround")
    proposal = low.promote("fraud", "1.2.0", "staging")
    low.approve(proposal, "allround")
    assert ignored(low, proposal) == {"allround": "registered the version"}


@pytest.mark.attack("an approval signed by a workload's key in a person's name", "GM-P401", by="ci")
@pytest.mark.parametrize("signer", ["ci", "stranger"])
def test_a_decision_by_a_workload_or_an_unknown_key_does_not_count(low, signer):
    proposal = low.promote("fraud", "1.0.0", "staging")
    like = low.approve(proposal, "operator")[0]
    change = low.check(proposal).change_id
    append(low, change, decision(by=signer, change_id=change, like=like, person="lead"))
    assert denials(low, proposal) == ("GM-P401",)


@pytest.mark.attack("an approval in the name of another person", "GM-P401", by="reviewer")
def test_a_decision_in_the_name_of_another_does_not_count(low):
    proposal = low.promote("fraud", "1.0.0", "staging")
    like = low.approve(proposal, "operator")[0]
    change = low.check(proposal).change_id
    append(low, change, decision(by="operator", change_id=change, like=like, person="lead"))
    assert denials(low, proposal) == ("GM-P401",)
    why = {one.why for quorum in low.check(proposal).verdict.quorums for one in quorum.ignored}
    assert "it names lead, but operator signed it" in why


@pytest.mark.attack("an approval of somebody removed since", "GM-P401", by="thief")
def test_a_removed_approver_does_not_count(low):
    proposal = low.promote("fraud", "1.0.0", "staging")
    low.approve(proposal, "lead")
    assert low.check(proposal).verdict.allowed
    remaining = {name: roles for name, roles in TEAM.items() if name != "lead"}
    change = low.draft(
        "-", {"policies/people.yaml": stories.people_document(remaining, **CHANGES)}, by="owner", event="people"
    )
    low.approve(change, "raio")
    low.merge(change, by="owner")
    assert denials(low, proposal) == ("GM-P401",)
    with low.untouched(), pytest.raises(Denied):
        merge(low.session("engineer"), proposal)


@pytest.mark.lookalike("an approval after the removal of somebody else")
def test_the_removal_of_somebody_else_changes_nothing(low):
    proposal = low.promote("fraud", "1.0.0", "staging")
    low.approve(proposal, "lead")
    remaining = {name: roles for name, roles in TEAM.items() if name != "lead2"}
    change = low.draft(
        "-", {"policies/people.yaml": stories.people_document(remaining, **CHANGES)}, by="owner", event="people"
    )
    low.approve(change, "raio")
    low.merge(change, by="owner")
    low.merge(proposal)
    assert last(low).status == "accepted"


# Rejections, withdrawals, copies


@pytest.mark.attack("landing over a rejection", "GM-P402", by="author")
def test_a_rejection_blocks_until_it_is_withdrawn(low):
    proposal = low.promote("fraud", "1.0.0", "staging")
    low.approve(proposal, "lead")
    low.approve(proposal, "lead2", decision="reject")
    assert denials(low, proposal) == ("GM-P402",)
    with low.untouched(), pytest.raises(Denied) as caught:
        merge(low.session("engineer"), proposal)
    assert caught.value.code == "GM-P402"
    low.approve(proposal, "lead2", decision="withdraw")
    low.merge(proposal)
    assert last(low).status == "accepted"


@pytest.mark.attack("a rejection by somebody who could not approve", "ignored", by="reviewer")
def test_a_rejection_of_somebody_who_could_not_approve_blocks_nothing(low):
    proposal = low.promote("fraud", "1.0.0", "staging")
    low.approve(proposal, "lead")
    low.approve(proposal, "operator", "engineer", decision="reject")
    assert low.check(proposal).verdict.allowed


@pytest.mark.attack("an old approval copied again after its withdrawal", "GM-P401", by="forge")
def test_a_copied_old_approval_does_not_undo_a_withdrawal(low):
    proposal = low.promote("fraud", "1.0.0", "staging")
    old = low.approve(proposal, "lead")[0]
    low.approve(proposal, "lead", decision="withdraw")
    change = low.check(proposal).change_id
    again = decision(by="lead", change_id=change, like=old, previous=old.body.previous)
    append(low, change, old, again)
    assert denials(low, proposal) == ("GM-P401",)


@pytest.mark.lookalike("a new approval after a withdrawal")
def test_a_new_approval_after_a_withdrawal_counts(low):
    proposal = low.promote("fraud", "1.0.0", "staging")
    low.approve(proposal, "lead")
    low.approve(proposal, "lead", decision="withdraw")
    assert denials(low, proposal) == ("GM-P401",)
    low.approve(proposal, "lead")
    assert low.check(proposal).verdict.allowed


@pytest.mark.attack("an approval copied from another version's change", "GM-P401", by="forge")
def test_an_approval_of_another_change_does_not_count(low):
    other = low.promote("fraud", "1.1.0", "staging")
    record = low.approve(other, "lead")[0]
    proposal = low.promote("fraud", "1.0.0", "staging")
    change = low.check(proposal).change_id
    append(low, change, record)
    assert denials(low, proposal) == ("GM-P401",)


@pytest.mark.attack("an approval appended after the acceptance", "pending", by="reviewer")
@pytest.mark.parametrize(("order", "status"), [((0, 1), "accepted"), ((1, 0), "pending")])
def test_an_approval_counts_only_before_the_acceptance_on_the_ledger(low, order, status):
    proposal = low.promote("fraud", "1.0.0", "staging")
    approval = approve(low.session("lead"), proposal, keep_local=True).record
    change, main = low.check(proposal).change_id, low.tip
    step = low.merge_by_hand(proposal.head)
    accepted = stories.acceptance(low, by="engineer", merge=step, head=proposal.head, change_id=change, main=main)
    append(low, change, *[(approval, accepted)[place] for place in order])
    assert last(low).status == status


# What an approval survives


def survives(registry, proposal, head, branch=None):
    """Whether the approvals of ``proposal`` still speak for ``head``, which then lands."""
    moved = type(proposal)(**{**vars(proposal), "head": head, **({"id": branch} if branch else {})})
    registry.force(head, moved.ref)
    assert registry.check(moved).verdict.allowed
    registry.merge(moved)
    assert (last(registry).status, registry.live_version("fraud", "staging")) == ("accepted", "1.0.0")


@pytest.fixture
def approved(low):
    """An approved promotion, and unrelated steps on the line since."""
    proposal = low.promote("fraud", "1.0.0", "staging")
    low.approve(proposal, "lead")
    low.version("fraud", "1.2.0")
    low.version("other", "1.0.0")
    return low, proposal


@pytest.mark.lookalike("an approval after unrelated merges")
def test_an_approval_survives_unrelated_merges(approved):
    registry, proposal = approved
    survives(registry, proposal, proposal.head)


@pytest.mark.lookalike("an approval after a rebase under another branch name")
def test_an_approval_survives_a_rebase_under_another_branch_name(approved):
    registry, proposal = approved
    rebased = registry.commit(stage_file(registry, "1.0.0", "staging"), by="engineer2")
    survives(registry, proposal, rebased, branch="f" * 8)


@pytest.mark.lookalike("an approval after main was merged into the proposal")
def test_an_approval_survives_main_merged_into_the_proposal(approved):
    registry, proposal = approved
    tree = registry.store.commit(registry.tip).tree
    parents = [proposal.head, registry.tip]
    updated = registry.commit(stage_file(registry, "1.0.0", "staging"), parents=parents, tree=tree)
    survives(registry, proposal, updated)


@pytest.mark.parametrize("files", [{STAGING: b"kind: StageState\n"}, documents.hold_file(stage="staging")])
def test_an_approval_does_not_survive_any_other_file(approved, files):
    registry, proposal = approved
    changed = registry.commit(files, parents=[proposal.head])
    moved = type(proposal)(**{**vars(proposal), "head": changed, "event": "change", "version": "-"})
    assert not registry.check(moved).verdict.allowed


@pytest.mark.attack("an approval kept over another move of the same stage", "GM-P401", by="author")
def test_an_approval_does_not_survive_another_move_of_the_same_stage(approved):
    registry, proposal = approved
    registry.live("fraud", "1.1.0", "staging")
    rebased = registry.commit(stage_file(registry, "1.0.0", "staging"))
    moved = type(proposal)(**{**vars(proposal), "head": rebased})
    assert denials(registry, moved) == ("GM-P401",)


@pytest.mark.attack("a workload approves", "GM-C121", by="ci")
def test_nobody_but_a_person_decides(low):
    proposal = low.promote("fraud", "1.0.0", "staging")
    with low.untouched(), pytest.raises(GmError) as caught:
        low.approve(proposal, "ci")
    assert caught.value.code == "GM-C121"
