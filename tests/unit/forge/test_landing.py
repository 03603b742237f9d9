"""The merge that lands a proposal: its message, tree, tags and acceptance."""

import pytest

from gitops_models.errors import GmError
from gitops_models.registry.trailers import parse_trailers
from tests.support import stories


@pytest.fixture
def registry(tmp_path):
    made = stories.registry(tmp_path / "r")
    made.version("fraud", "1.0.0")
    return made


def prepare(registry, proposal, by="engineer"):
    """The landing of a proposal as a person would make it; nothing moves."""
    with registry.untouched():
        return registry.landing(proposal, by=by)


def test_a_landing_moves_line_ledger_and_branch_each_from_what_was_judged(registry):
    proposal = registry.promote("fraud", "1.0.0", "staging")
    registry.approve(proposal, "lead")
    change = registry.check(proposal).change_id
    landing = prepare(registry, proposal)
    moves = {update.name: (update.old, update.new is None) for update in landing.updates}
    name = stories.ledger_ref(change)
    assert moves == {
        "refs/heads/main": (registry.tip, False),
        name: (registry.store.ref(name), False),
        proposal.ref: (proposal.head, True),
    }
    commit = registry.store.commit(landing.merge)
    assert commit.parents == (registry.tip, proposal.head)
    trailers = dict(parse_trailers(commit.message))
    assert (trailers["Gm-Change"], trailers["Approved-by"], trailers["Gm-Event"]) == (change, "lead", "promotion")


def test_a_registration_brings_its_tag_and_no_acceptance(registry):
    files = stories.documents.version_files("1.1.0", author="engineer")
    landing = prepare(registry, registry.draft("fraud", files, event="registration"))
    assert landing.tags == ("fraud@v1.1.0",)
    assert not [update for update in landing.updates if update.name.startswith("refs/gm/")]
    tag = next(update for update in landing.updates if update.name == "refs/tags/fraud@v1.1.0")
    assert (tag.old, registry.store.tag(tag.new).target) == (None, landing.merge)


@pytest.mark.parametrize("key", ["Approved-by", "Approved-By", "approved-by", "APPROVED-BY"])
def test_claims_of_approval_in_the_proposal_are_not_carried_over(registry, key):
    claimed = ((key, "raio"), (key.replace("pproved", "PPROVED"), "domain"), ("gm-change", "0" * 64))
    proposal = registry.draft("fraud", stories.stage_file(registry, "1.0.0", "staging"), trailers=claimed)
    registry.approve(proposal, "lead")
    trailers = parse_trailers(registry.store.commit(prepare(registry, proposal).merge).message)
    assert trailers.all("Approved-by") == ("lead",)  # compares without case
    assert trailers.all("Gm-Change") == (registry.check(proposal).change_id,)
    assert trailers.get("Gm-Reason") == "because"  # what is no approval stays a claim


def test_what_both_sides_changed_outside_the_governed_paths_is_a_conflict(registry):
    proposal = registry.draft("fraud", {**stories.stage_file(registry, "1.0.0", "staging"), "README.md": b"mine\n"})
    registry.approve(proposal, "lead")
    registry.commit({"README.md": b"theirs\n"}, land=True)
    assert registry.check(proposal).verdict.allowed
    with pytest.raises(GmError) as caught:
        prepare(registry, proposal)
    assert (caught.value.code, caught.value.where) == ("GM-F201", "README.md")


def test_what_the_proposal_changed_outside_the_governed_paths_lands_with_it(registry):
    proposal = registry.draft("fraud", {**stories.stage_file(registry, "1.0.0", "staging"), "README.md": b"mine\n"})
    registry.approve(proposal, "lead")
    registry.commit({"OTHER.md": b"theirs\n"}, land=True)
    registry.merge(proposal)
    tree = registry.store.libgit2[registry.tip].tree
    assert (tree["README.md"].data, tree["OTHER.md"].data) == (b"mine\n", b"theirs\n")


def test_the_same_acceptance_twice_is_carried_once(registry):
    proposal = registry.promote("fraud", "1.0.0", "staging")
    registry.approve(proposal, "lead")
    landing = prepare(registry, proposal)
    ledger = next(update for update in landing.updates if update.name.startswith("refs/gm/"))
    registry.force(ledger.new, ledger.name)
    assert not any(update.name.startswith("refs/gm/") for update in prepare(registry, proposal).updates)
