"""Where a clone knows many refs the remote is asked for them first, and fetched only when one is another."""

from functools import partial

import pytest

from gitops_models.errors import GmError
from gitops_models.store import transport
from gitops_models.store.repository import Store
from gitops_models.workflows import sync
from tests.support.git import run_git


@pytest.fixture
def git(home):
    """Runs git in a directory."""
    return partial(run_git, home=home)


@pytest.fixture
def remote(git, tmp_path):
    """A repository with a line, a proposal, a record and a version tag; other refs are none of gm's."""
    path = tmp_path / "remote"
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(path))
    git(path, "commit", "--quiet", "--allow-empty", "-m", "one")
    for ref in ("heads/gm/a", "gm/changes/c", "tags/fraud@v1", "heads/other", "heads/main2", "notes/refs/gm/x"):
        git(path, "update-ref", f"refs/{ref}", "HEAD")
    return path


@pytest.fixture
def clone(git, remote, tmp_path):
    git(tmp_path, "clone", "--quiet", "--single-branch", "--no-tags", str(remote), "clone")
    store = Store.open(tmp_path / "clone")
    sync.fetch_all(store, "origin", "main")
    return store


@pytest.fixture
def fetches(monkeypatch):
    """How often git fetched since, of clones for which few refs are many."""
    monkeypatch.setattr(sync, "MANY", 1)
    made = []
    fetch = transport.fetch
    monkeypatch.setattr(transport, "fetch", lambda *given, **named: (made.append(1), fetch(*given, **named)))
    return made


def test_nothing_is_fetched_where_nothing_is_new(clone, fetches):
    before = clone.refs()
    sync.fetch_all(clone, "origin", "main")
    assert (fetches, clone.refs()) == ([], before)


@pytest.mark.parametrize(
    ("change", "ref"),
    [
        (("commit", "--quiet", "--allow-empty", "-m", "two"), "refs/remotes/origin/main"),
        (("update-ref", "refs/gm/changes/d", "HEAD"), "refs/gm-remote/origin/changes/d"),
        (("update-ref", "refs/tags/fraud@v2", "HEAD"), "refs/tags/fraud@v2"),
    ],
)
def test_what_is_new_is_fetched(git, remote, clone, fetches, change, ref):
    git(remote, *change)
    sync.fetch_all(clone, "origin", "main")
    assert (len(fetches), clone.ref(ref)) == (1, git(remote, "rev-parse", "HEAD"))


def test_what_the_remote_lost_is_pruned(git, remote, clone, fetches):
    git(remote, "update-ref", "-d", "refs/heads/gm/a")
    sync.fetch_all(clone, "origin", "main")
    assert (len(fetches), clone.ref("refs/remotes/origin/gm/a")) == (1, None)


def test_other_refs_of_the_remote_are_no_reason_to_fetch(git, remote, clone, fetches):
    git(remote, "update-ref", "refs/heads/another", "HEAD")
    sync.fetch_all(clone, "origin", "main")
    assert fetches == []


def test_a_tag_that_was_fetched_and_not_adopted_is_adopted(clone, fetches):
    """A command that ended between the two."""
    clone.libgit2.references.delete("refs/tags/fraud@v1")
    sync.fetch_all(clone, "origin", "main")
    assert (fetches, clone.ref("refs/tags/fraud@v1")) == ([], clone.ref("refs/gm-tags/origin/fraud@v1"))


def test_a_line_that_neither_side_has_is_not_found(clone, fetches):
    before = clone.refs()
    with pytest.raises(GmError) as missing:
        sync.fetch_all(clone, "origin", "another")
    assert (missing.value.code, fetches, clone.refs()) == ("GM-S207", [1], before)


def test_a_ref_whose_name_only_ends_like_ours_is_no_reason_to_fetch(git, remote, clone, fetches):
    for ref in ("notes/refs/gm/y", "heads/refs/tags/z", "heads/main3"):
        git(remote, "update-ref", f"refs/{ref}", "HEAD")
    sync.fetch_all(clone, "origin", "main")
    assert fetches == []


def test_a_tag_that_stands_elsewhere_here_is_not_moved(git, remote, clone, fetches):
    git(remote, "commit", "--quiet", "--allow-empty", "-m", "two")
    git(remote, "update-ref", "refs/tags/fraud@v1", "HEAD")
    own = clone.ref("refs/tags/fraud@v1")
    for _ in range(2):
        sync.fetch_all(clone, "origin", "main")
    assert (fetches, clone.ref("refs/tags/fraud@v1")) == ([1], own)
    assert clone.ref("refs/gm-tags/origin/fraud@v1") == git(remote, "rev-parse", "HEAD")


def test_few_refs_are_fetched_at_once(clone, fetches, monkeypatch):
    monkeypatch.setattr(
        sync, "MANY", clone.listing("refs/remotes/origin/", "refs/gm-remote/", "refs/gm-tags/").count(b"\n") + 1
    )
    sync.fetch_all(clone, "origin", "main")
    assert fetches == [1]


def test_a_ref_that_is_named_like_one_of_ours_here_hides_no_loss(git, remote, clone, fetches):
    """What only ends like a pattern is listed too, and could stand for what the remote has no more."""
    git(remote, "update-ref", "refs/tags/refs/tags/v1", "HEAD")
    sync.fetch_all(clone, "origin", "main")
    git(remote, "update-ref", "-d", "refs/tags/refs/tags/v1")
    git(remote, "update-ref", "refs/gm-tags/origin/refs/tags/v1", "HEAD")
    sync.fetch_all(clone, "origin", "main")
    assert (fetches, clone.ref("refs/gm-tags/origin/refs/tags/v1")) == ([1, 1], None)


def test_a_line_whose_name_is_no_text_is_not_found(clone, fetches):
    with pytest.raises(GmError) as missing:
        sync.fetch_all(clone, "origin", "f\udcff")
    assert (missing.value.code, fetches) == ("GM-S207", [1])
