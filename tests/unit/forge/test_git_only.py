"""Proposals as branches of a repository without a remote, bare or with a work tree."""

import pytest

from gitops_models.errors import GmError
from gitops_models.forge.base import Proposal
from gitops_models.forge.git_only import GitOnlyForge
from gitops_models.store.refs import RefUpdate
from gitops_models.store.repository import Store
from tests.support import stories
from tests.support.git import clone_repository


@pytest.fixture
def registry(tmp_path):
    return stories.registry(tmp_path / "r")


def proposal(registry, **files):
    """A proposal that is not published."""
    head = registry.commit(files or {"x": b"x"})
    return Proposal("promotion", "fraud", "1.0.0", "staging", "12345678", head)


def test_opening_twice_changes_nothing_and_closing_removes_it(registry):
    forge, new = GitOnlyForge(registry.store, None), proposal(registry)
    forge.open(new)
    forge.open(new)
    (found,) = forge.list()
    assert (found.ref, found.head, found.title, found.author) == (new.ref, new.head, "by engineer", "engineer")
    forge.close(new)
    assert forge.list() == ()


def test_another_head_under_the_same_name_is_a_conflict(registry):
    forge, new = GitOnlyForge(registry.store, None), proposal(registry)
    forge.open(new)
    other = proposal(registry, y=b"y")
    with registry.untouched(), pytest.raises(GmError) as caught:
        forge.open(other)
    assert caught.value.code == "GM-S101"
    with registry.untouched(), pytest.raises(GmError):
        forge.close(other)


def test_other_branches_under_gm_are_no_proposals(registry):
    registry.force(registry.tip, "refs/heads/gm/notes")
    assert GitOnlyForge(registry.store, None).list() == ()


def test_git_alone_has_no_reviews_and_makes_no_merge(registry):
    forge, new = GitOnlyForge(registry.store, None), proposal(registry)
    assert (forge.name, forge.merges, forge.reviews(new), forge.standing(new.ref)) == ("git", False, (), None)
    assert forge.open(new) == new
    assert forge.standing(new.ref).head == new.head


def test_publishing_moves_all_refs_or_none(registry):
    forge, head = GitOnlyForge(registry.store, None), registry.commit({"x": b"x"})
    stale = RefUpdate("refs/heads/other", new=head, old=head)
    with registry.untouched(), pytest.raises(GmError) as caught:
        forge.publish([RefUpdate("refs/heads/main", new=head, old=registry.tip), stale], "test")
    assert caught.value.code == "GM-S101"


@pytest.fixture
def work(registry, tmp_path, home):
    """A repository with a checked-out line and no remote."""
    clone = clone_repository(registry.path, tmp_path / "work", home)
    clone.git("remote", "remove", "origin")
    head = registry.commit({"README.md": b"new\n"})
    clone.git("fetch", "--quiet", str(registry.path), f"{head}:refs/heads/next")
    return clone, Store.open(clone.path), registry.tip, head


def test_a_checked_out_line_and_its_files_follow(work):
    clone, store, old, head = work
    updates = [RefUpdate("refs/heads/main", new=head, old=old), RefUpdate("refs/heads/next", new=None, old=head)]
    GitOnlyForge(store, None).publish(updates, "land")
    assert (clone.rev("HEAD"), (clone.path / "README.md").read_text()) == (head, "new\n")
    assert clone.git("status", "--porcelain") == ""
    assert clone.git("branch", "--format=%(refname:short)") == "main"


def test_local_edits_in_the_way_stop_the_landing(work):
    clone, store, old, head = work
    (clone.path / "README.md").write_text("mine\n")
    with pytest.raises(GmError) as caught:
        GitOnlyForge(store, None).publish([RefUpdate("refs/heads/main", new=head, old=old)], "land")
    assert caught.value.code == "GM-S301"
    assert (clone.rev("HEAD"), (clone.path / "README.md").read_text()) == (old, "mine\n")


def test_a_line_that_is_not_checked_out_just_moves(work):
    clone, store, old, head = work
    clone.git("checkout", "--quiet", "--detach", old)
    GitOnlyForge(store, None).publish([RefUpdate("refs/heads/main", new=head, old=old)], "land")
    assert (clone.rev("main"), clone.rev("HEAD")) == (head, old)
