"""Attacks on the line itself: rewritten first parents, unfaithful merges, unsigned and borrowed commits."""

import pytest

from gitops_models.errors import GmError
from gitops_models.store.writer import write_tree
from gitops_models.verification.fold import fold
from gitops_models.workflows.pin import pin
from gitops_models.workflows.session import open_session, remember
from tests.support.git import clone_repository
from tests.support.keys import ed25519_key
from tests.support.stories import denials, last, people_without, stage_file

STAGING = "models/fraud/stages/staging.yaml"


def promotion(registry, *approvers, version="1.1.0"):
    """An open promotion of ``fraud`` to staging with these approvals."""
    proposal = registry.promote("fraud", version, "staging")
    registry.approve(proposal, *approvers)
    return proposal


def foxtrot(registry):
    """A merge that has the branch as first and main as second parent, so that it descends from everything."""
    branch = registry.commit(stage_file(registry, "1.1.0", "staging"), parents=[registry.pin])
    return registry.commit({}, parents=[branch, registry.tip], tree=registry.store.commit(branch).tree)


# Rewritten lines


@pytest.mark.attack("a foxtrot merge that turns the line round", "GM-T600", by="forge")
def test_a_foxtrot_merge_is_a_rewrite_for_whoever_remembers_the_tip(registry):
    known = registry.history()
    merge = foxtrot(registry)
    with pytest.raises(GmError) as caught:
        fold(registry.store, pin=registry.pin, tip=merge, ledger=registry.ledger, known=known, now=None)
    assert caught.value.code == "GM-T600"


@pytest.mark.lookalike("a true merge of the branch that a foxtrot would use")
def test_a_true_merge_of_the_same_branch_goes_on(registry):
    known = registry.history()
    head = registry.commit({"README.md": b"other\n"}, parents=[registry.pin])
    step = registry.merge_by_hand(head, land=False)
    history = fold(registry.store, pin=registry.pin, tip=step, ledger=registry.ledger, known=known, now=None)
    assert (history.steps[-1].oid, history.steps[-1].status) == (step, "untouched")


@pytest.mark.clause("B-6.2-5", "B-7-5")
@pytest.mark.attack("a line forked after the remembered tip", "GM-T600", by="forge")
@pytest.mark.attack("a line rewound to an older tip", "GM-T600", by="forge")
@pytest.mark.parametrize("attack", ["foxtrot", "rewind", "fork"])
def test_a_clone_refuses_a_line_that_does_not_hold_its_remembered_tip(registry, tmp_path, home, attack):
    clone = clone_repository(registry.path, tmp_path / "clone", home).path
    clock = registry.clock
    pin(clone, registry.pin)
    open_session(clone, clock=clock)
    parent = registry.store.commit(registry.tip).parents[0]
    tips = {"foxtrot": foxtrot(registry), "rewind": parent, "fork": registry.commit({"x": b"x"}, parents=[parent])}
    registry.force(tips[attack])
    with pytest.raises(GmError) as caught:
        open_session(clone, clock=clock)
    assert caught.value.code == "GM-T600"
    assert caught.value.where == tips[attack]


@pytest.mark.lookalike("a line that grew")
def test_a_clone_follows_a_line_that_grew(registry, tmp_path, home):
    clone = clone_repository(registry.path, tmp_path / "clone", home).path
    pin(clone, registry.pin)
    open_session(clone, clock=registry.clock)
    step = registry.live("fraud", "1.1.0", "staging")
    assert open_session(clone, clock=registry.clock).history.tip == step


def test_a_refused_line_leaves_the_memory_as_it_was(registry):
    history = registry.history()
    remember(registry.store, history)
    registry.force(foxtrot(registry))
    for _ in range(2):
        with pytest.raises(GmError) as caught:
            remember(registry.store, registry.history(registry.store.commit(registry.tip).parents[0]))
        assert caught.value.code == "GM-T600"


# Unfaithful merges


@pytest.mark.attack("a merge that keeps the older side of a file", "GM-P804", by="author")
def test_a_merge_that_keeps_the_older_side_is_foreign(registry):
    proposal = promotion(registry, "lead")
    older = registry.history().state.snapshot.entry(STAGING)
    registry.merge_by_hand(proposal.head, files={STAGING: older, "README.md": b"x\n"})
    assert (last(registry).status, registry.history().blocked) == ("denied", frozenset())
    assert "GM-P804" in last(registry).verdict.codes
    assert registry.live_version("fraud", "staging") == "1.0.0"


def test_a_merge_that_keeps_one_of_two_files_is_foreign(registry):
    files = {**stage_file(registry, "1.1.0", "staging"), **stage_file(registry, "1.1.0", "production")}
    proposal = registry.draft("fraud", files, event="promotion")
    registry.approve(proposal, "lead")
    registry.merge_by_hand(proposal.head, files={"models/fraud/stages/production.yaml": None})
    assert "GM-P804" in last(registry).verdict.codes
    assert registry.live_version("fraud", "staging") == "1.0.0"


@pytest.mark.attack("a merge with a blob of neither parent", "GM-P804", by="author")
def test_a_merge_that_invents_a_blob_is_foreign(registry):
    proposal = promotion(registry, "lead")
    registry.merge_by_hand(
        proposal.head, files={STAGING: stage_file(registry, "1.0.0")[STAGING[:-12] + "production.yaml"]}
    )
    assert "GM-P804" in last(registry).verdict.codes
    assert registry.live_version("fraud", "staging") == "1.0.0"


@pytest.mark.attack("a merge that hides a second change", "GM-P804", "GM-P805", by="author")
def test_a_merge_that_hides_a_second_change_is_foreign(registry):
    proposal = promotion(registry, "lead")
    registry.merge_by_hand(proposal.head, files=stage_file(registry, "1.0.0", "production", "spam"))
    codes = last(registry).verdict.codes
    assert {"GM-P804", "GM-P805"} <= set(codes)
    assert registry.live_version("spam", "production") is None


@pytest.mark.attack("a removal hidden by merging main without a file", "GM-P805", by="author")
def test_a_proposal_that_undoes_the_line_in_its_own_merge_has_nobody_who_proposed_that(registry):
    proposal = promotion(registry, "lead")
    older = registry.store.commit(registry.tip).tree
    registry.live("spam", "1.0.0", "production")
    # Main is merged into the proposal, but spam's file is left out: in the next merge that reads as a removal.
    tree = write_tree(
        registry.store, older, {STAGING: registry.entry(stage_file(registry, "1.1.0", "staging")[STAGING])}
    )
    head = registry.commit({}, parents=[proposal.head, registry.tip], tree=tree)
    registry.merge_by_hand(head)
    assert "GM-P805" in last(registry).verdict.codes
    assert registry.live_version("spam", "production") == "1.0.0"


@pytest.mark.attack("an octopus merge", "GM-P804", by="author")
def test_an_octopus_merge_is_foreign_as_a_whole(registry):
    one = promotion(registry, "lead")
    other = registry.commit({"README.md": b"x\n"})
    tree = registry.store.commit(one.head).tree
    registry.commit({}, parents=[registry.tip, one.head, other], tree=tree, land=True)
    assert {"GM-P804", "GM-P805"} <= set(last(registry).verdict.codes)
    assert registry.live_version("fraud", "staging") == "1.0.0"


def test_a_merge_of_both_parents_as_they_are_is_whole(registry):
    proposal = promotion(registry, "lead")
    registry.merge_by_hand(proposal.head)
    assert last(registry).verdict.codes == ("GM-P404",)


# Who signed


SIGNERS = {
    "unsigned": ("engineer", "unsigned", "GM-P801"),
    "unknown key": ("engineer", ed25519_key("stranger"), "GM-P801"),
    "wrong e-mail": ("engineer", ed25519_key("engineer2"), "GM-P802"),
}


@pytest.mark.clause("A-snapshots-1")
@pytest.mark.attack("a commit in another person's name", "GM-P802", by="thief")
@pytest.mark.attack("an unsigned commit on governed paths", "GM-P801", by="forge")
@pytest.mark.parametrize("case", SIGNERS)
def test_a_direct_commit_needs_the_committers_own_good_signature(registry, case):
    by, signer, code = SIGNERS[case]
    registry.commit(stage_file(registry, "1.1.0", "staging"), by=by, signer=signer, land=True)
    assert code in last(registry).verdict.codes
    assert registry.live_version("fraud", "staging") == "1.0.0"


@pytest.mark.parametrize("case", SIGNERS)
def test_a_proposal_commit_needs_the_committers_own_good_signature(registry, case):
    by, signer, code = SIGNERS[case]
    head = registry.commit(stage_file(registry, "1.1.0", "staging"), by=by, signer=signer)
    registry.merge_by_hand(head, by="engineer2")
    assert code in last(registry).verdict.codes


@pytest.mark.attack("a merge signed by an unknown key", "GM-P803", by="forge")
@pytest.mark.parametrize("case", SIGNERS)
def test_a_merge_needs_a_good_signature_too(registry, case):
    by, signer, _ = SIGNERS[case]
    proposal = promotion(registry, "lead")
    tree = registry.store.commit(proposal.head).tree
    registry.commit({}, by=by, signer=signer, parents=[registry.tip, proposal.head], tree=tree, land=True)
    assert last(registry).verdict.codes == ("GM-P404", "GM-P803")
    assert registry.live_version("fraud", "staging") == "1.0.0"


@pytest.mark.lookalike("a commit with its committer's own signature")
def test_a_commit_with_the_committers_own_signature_passes_all_of_that(registry):
    registry.version("fraud", "1.2.0")
    assert last(registry).status == "accepted"


@pytest.mark.attack("the author of one commit approves under another's proposal", "GM-P401", by="author")
def test_who_wrote_a_commit_under_anothers_merge_does_not_approve(registry):
    head = registry.commit(stage_file(registry, "1.1.0", "staging"), by="lead")
    head = registry.commit({"README.md": b"x\n"}, by="engineer", parents=[head])
    proposal = registry.draft("spam", stage_file(registry, "1.0.0", "production", "spam"), event="promotion")
    proposal = type(proposal)("promotion", "fraud", "1.1.0", "staging", "1" * 8, head)
    registry.force(head, proposal.ref)
    registry.approve(proposal, "lead")
    verdict = registry.check(proposal).verdict
    assert verdict.codes == ("GM-P401",)
    assert [(one.person, one.why) for one in verdict.quorums[0].ignored] == [("lead", "author of the change")]
    registry.approve(proposal, "lead2")
    assert registry.check(proposal).verdict.allowed


@pytest.mark.attack("a branch signed before its key was removed, merged after", "GM-P801", by="thief")
def test_the_old_key_of_a_branch_signed_before_its_removal_does_not_land(registry):
    proposal = promotion(registry, "lead")
    change = registry.draft("-", {"policies/people.yaml": people_without("engineer")}, by="owner", event="people")
    registry.approve(change, "raio")
    registry.merge(change, by="owner")
    assert denials(registry, proposal) == ("GM-P801",)


def test_two_readers_with_different_pins_find_the_same_state(registry):
    whole = registry.history()
    middle = whole.steps[1].oid
    short = fold(registry.store, pin=middle, tip=registry.tip, ledger=registry.ledger, now=None)
    assert short.blocked == frozenset()
    assert {key: stack.live_version for key, stack in short.state.stacks.items()} == {
        key: stack.live_version for key, stack in whole.state.stacks.items()
    }
