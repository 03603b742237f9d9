import pytest

from gitops_models.errors import GmError
from gitops_models.store.history import (
    first_parents,
    is_ancestor,
    merge_base,
    new_commits,
    on_first_parent_line,
    parents,
)
from gitops_models.store.repository import Store
from tests.support.git import init_repository


@pytest.fixture
def repo(tmp_path, home):
    return init_repository(tmp_path / "repo", home)


def branch(repo, name, files):
    repo.git("checkout", "--quiet", "-b", name)
    oid = repo.commit(files, f"on {name}")
    repo.git("checkout", "--quiet", "main")
    return oid


def test_steps_are_the_first_parents_oldest_first(repo):
    first = repo.commit({"x": "1"})
    side = branch(repo, "side", {"y": "1"})
    second = repo.commit({"x": "2"})
    merge = repo.merge("side")
    store = Store.open(repo.path)
    assert first_parents(store, merge) == [first, second, merge]
    assert first_parents(store, merge, stop=first) == [second, merge]
    assert first_parents(store, merge, stop=merge) == []
    assert parents(store, merge) == (second, side)


def test_a_commit_off_the_first_parent_line_is_no_stop(repo):
    repo.commit({"x": "1"})
    side = branch(repo, "side", {"y": "1"})
    repo.commit({"x": "2"})
    store = Store.open(repo.path)
    with pytest.raises(GmError) as caught:
        first_parents(store, repo.merge("side"), stop=side)
    assert caught.value.code == "GM-S011"


def test_a_foxtrot_merge_leaves_the_old_tip_an_ancestor_but_off_the_line(repo):
    repo.commit({"x": "1"})
    side = branch(repo, "side", {"y": "1"})
    old_tip = repo.commit({"x": "2"})
    repo.git("checkout", "--quiet", "side")
    foxtrot = repo.merge("main")
    store = Store.open(repo.path)
    assert is_ancestor(store, old_tip, foxtrot)
    assert not on_first_parent_line(store, old_tip, foxtrot)
    assert on_first_parent_line(store, side, foxtrot)
    assert on_first_parent_line(store, foxtrot, foxtrot)


def test_merge_base_and_ancestry(repo):
    base = repo.commit({"x": "1"})
    side = branch(repo, "side", {"y": "1"})
    tip = repo.commit({"x": "2"})
    repo.git("checkout", "--quiet", "--orphan", "alone")
    alone = repo.commit({"z": "1"})
    store = Store.open(repo.path)
    assert merge_base(store, side, tip) == base
    assert merge_base(store, side, alone) is None
    assert (is_ancestor(store, base, tip), is_ancestor(store, tip, base), is_ancestor(store, tip, tip)) == (
        True,
        False,
        True,
    )


def test_new_commits_come_parents_first_and_stop_at_what_is_known(repo):
    base = repo.commit({"x": "1"})
    repo.git("checkout", "--quiet", "-b", "side")
    one = repo.commit({"y": "1"})
    two = repo.commit({"y": "2"})
    store = Store.open(repo.path)
    assert [commit.oid for commit in new_commits(store, two, base)] == [one, two]
    assert [commit.oid for commit in new_commits(store, two, [base, one])] == [two]
    assert [commit.oid for commit in new_commits(store, two, None)] == [base, one, two]
    assert new_commits(store, base, two) == []


def malformed(repo, raw):
    return repo.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=raw)


def test_a_walk_goes_on_past_malformed_commits(repo):
    first = repo.commit({"x": "1"})
    tree = repo.rev("HEAD^{tree}")
    broken = malformed(repo, f"tree {tree}\nparent {first}\nauthor x\ncommitter\ngpgsig garbage\n\nhm".encode())
    after = malformed(
        repo, f"tree {tree}\nparent {broken}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nm".encode()
    )
    store = Store.open(repo.path)
    assert first_parents(store, after) == [first, broken, after]
    assert on_first_parent_line(store, first, after)
    assert store.commit(broken).author.email == ""
    assert [commit.oid for commit in new_commits(store, after, first)] == [broken, after]


def test_a_commit_without_a_readable_head_ends_the_walk_with_an_integrity_error(repo):
    repo.commit({"x": "1"})
    nonsense = malformed(repo, b"nothing here\n")
    store = Store.open(repo.path)
    for call in (lambda: first_parents(store, nonsense), lambda: parents(store, nonsense)):
        with pytest.raises(GmError) as caught:
            call()
        assert caught.value.code == "GM-S013"


def test_a_missing_commit_is_an_integrity_error(repo):
    oid = repo.commit({"x": "1"})
    store = Store.open(repo.path)
    absent = "1" * 40
    calls = (
        lambda: first_parents(store, absent),
        lambda: merge_base(store, oid, absent),
        lambda: is_ancestor(store, oid, absent),
        lambda: new_commits(store, absent, oid),
    )
    for call in calls:
        with pytest.raises(GmError) as caught:
            call()
        assert caught.value.code == "GM-S013"
