import os

import pytest

from gitops_models.errors import GmError
from gitops_models.store.refs import RefUpdate
from gitops_models.store.repository import Store
from gitops_models.store.worktree import FastForward, dirty_paths, fast_forward, init
from tests.support.git import init_repository, install_hook

MAIN = "refs/heads/main"
FILES = {"models/fraud/stages/production.yaml": "1.0.0\n", "README.md": "hello\n", "old.txt": "old\n"}
CHANGE = {"models/fraud/stages/production.yaml": "1.1.0\n", "models/fraud/new.yaml": "new\n", "old.txt": None}


@pytest.fixture
def repo(tmp_path, home):
    return init_repository(tmp_path / "repo", home)


@pytest.fixture
def step(repo):
    """A repository at its first commit, and a second one that main can move to."""
    first = repo.commit(FILES)
    second = repo.commit(CHANGE)
    repo.git("reset", "--quiet", "--hard", first)
    return first, second


def state(repo):
    return repo.git("status", "--porcelain"), repo.rev("HEAD")


def test_index_and_files_follow_the_branch(repo, step):
    result = fast_forward(Store.open(repo.path), "main", step[1])
    assert (result.moved, sorted(result.updated)) == (True, sorted(CHANGE))
    assert state(repo) == ("", step[1])
    assert (repo.path / "models/fraud/stages/production.yaml").read_text() == "1.1.0\n"
    assert not (repo.path / "old.txt").exists()
    assert fast_forward(Store.open(repo.path), "main", step[1]) == FastForward(moved=True)


def test_edits_elsewhere_stay_while_the_branch_moves(repo, step):
    repo.write({"README.md": "edited\n", "untracked.txt": "mine\n"})
    assert fast_forward(Store.open(repo.path), "main", step[1]).moved
    assert state(repo) == (" M README.md\n?? untracked.txt", step[1])
    assert (repo.path / "README.md").read_text() == "edited\n"


@pytest.mark.parametrize(
    ("edit", "staged"),
    [
        ({"models/fraud/stages/production.yaml": "mine\n"}, False),
        ({"models/fraud/stages/production.yaml": "mine\n"}, True),
        ({"old.txt": "mine\n"}, False),
        ({"models/fraud/new.yaml": "mine\n"}, False),
        ({"models/fraud/new.yaml": "mine\n"}, True),
    ],
)
def test_an_edited_path_in_the_way_leaves_everything_as_it_was(repo, step, edit, staged):
    repo.write(edit)
    if staged:
        repo.git("add", "-A")
    before = state(repo)
    result = fast_forward(Store.open(repo.path), "main", step[1])
    assert (result.moved, result.blocked) == (False, tuple(edit))
    assert result.reason
    assert state(repo) == before
    assert {name: (repo.path / name).read_text() for name in edit} == edit


def test_an_ignored_file_in_the_way_is_not_overwritten(repo, step):
    (repo.path / ".git" / "info" / "exclude").write_text("new.yaml\n")
    repo.write({"models/fraud/new.yaml": "precious\n"})
    result = fast_forward(Store.open(repo.path), "main", step[1])
    assert (result.moved, result.blocked) == (False, ("models/fraud/new.yaml",))
    assert (repo.path / "models/fraud/new.yaml").read_text() == "precious\n"


def test_a_file_that_was_only_touched_is_no_edit(repo, step):
    os.utime(repo.path / "old.txt", (1, 1))
    assert fast_forward(Store.open(repo.path), "main", step[1]).moved
    assert state(repo) == ("", step[1])


def test_it_heals_when_the_files_followed_but_the_branch_did_not(repo, step):
    repo.git("read-tree", "-m", "-u", step[0], step[1])
    assert fast_forward(Store.open(repo.path), "main", step[1]).moved
    assert state(repo) == ("", step[1])


def test_an_unfinished_merge_is_left_alone(repo, step):
    (repo.path / ".git" / "MERGE_HEAD").write_text(step[1] + "\n")
    result = fast_forward(Store.open(repo.path), "main", step[1])
    assert (result.moved, "unfinished" in result.reason) == (False, True)
    assert repo.rev("main") == step[0]


def test_a_branch_that_is_not_checked_out_moves_alone(repo, step):
    repo.git("checkout", "--quiet", "-b", "side")
    assert fast_forward(Store.open(repo.path), "main", step[1]) == FastForward(moved=True)
    assert (repo.rev("main"), state(repo)) == (step[1], ("", step[0]))


def test_a_branch_checked_out_in_another_work_tree_is_followed_there(repo, step, tmp_path):
    repo.git("checkout", "--quiet", "-b", "side")
    repo.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "main")
    assert fast_forward(Store.open(repo.path), "main", step[1]).moved
    assert (tmp_path / "linked/models/fraud/new.yaml").read_text() == "new\n"
    assert repo.git("-C", str(tmp_path / "linked"), "status", "--porcelain") == ""
    repo.git("reset", "--quiet", "--hard", step[0])
    assert fast_forward(Store.open(tmp_path / "linked"), "side", step[1]).moved
    assert state(repo) == ("", step[1])


def test_a_bare_repository_only_moves_the_branch(repo, step, tmp_path, home):
    bare = init_repository(tmp_path / "bare.git", home, bare=True)
    repo.git("push", "--quiet", str(bare.path), f"{step[0]}:{MAIN}", f"{step[1]}:refs/heads/next")
    store = Store.open(bare.path)
    assert fast_forward(store, "main", step[1]).moved
    assert store.ref(MAIN) == step[1]
    assert dirty_paths(store) == []


def test_the_first_commit_fills_an_empty_work_tree(repo, step, tmp_path):
    fresh = init(tmp_path / "fresh")
    repo.git("push", "--quiet", str(tmp_path / "fresh"), f"{step[1]}:refs/heads/seed")
    assert fast_forward(fresh, "main", step[1]).moved
    assert (tmp_path / "fresh/README.md").read_text() == "hello\n"
    assert repo.git("-C", str(tmp_path / "fresh"), "status", "--porcelain") == ""


def test_other_refs_move_in_the_same_transaction_or_not_at_all(repo, step):
    store = Store.open(repo.path)
    with pytest.raises(GmError) as caught:
        fast_forward(store, "main", step[1], also=[RefUpdate("refs/gm/x", step[1], step[0])])
    assert caught.value.code == "GM-S101"
    assert state(repo) == ("", step[0])
    repo.write({"old.txt": "mine\n"})
    assert not fast_forward(store, "main", step[1], also=[RefUpdate("refs/gm/x", step[1], None)]).moved
    assert store.ref("refs/gm/x") is None
    repo.write({"old.txt": "old\n"})
    assert fast_forward(store, "main", step[1], also=[RefUpdate("refs/gm/x", step[1], None)]).moved
    assert store.refs() == {MAIN: step[1], "refs/gm/x": step[1]}


def test_a_diverged_branch_is_a_conflict(repo, step):
    repo.commit({"README.md": "other\n"})
    with pytest.raises(GmError) as caught:
        fast_forward(Store.open(repo.path), "main", step[1])
    assert caught.value.code == "GM-S101"


def test_a_locked_index_is_a_conflict_and_a_stale_one_is_not(repo, step):
    lock = repo.path / ".git" / "index.lock"
    lock.write_text("")
    store = Store.open(repo.path)
    with pytest.raises(GmError) as caught:
        fast_forward(store, "main", step[1])
    assert caught.value.code == "GM-S102"
    os.utime(lock, (1_795_000_000, 1_795_000_000))
    assert fast_forward(store, "main", step[1]).moved
    assert state(repo) == ("", step[1])


def test_hooks_of_the_repository_do_not_run(repo, step, tmp_path):
    marker = tmp_path / "ran"
    for name in ("post-checkout", "post-merge", "post-index-change", "reference-transaction"):
        install_hook(repo.path / ".git", name, f"#!/bin/sh\ntouch {marker}\n")
    repo.git("config", "core.fsmonitor", f"touch {marker}")
    marker.unlink(missing_ok=True)
    store = Store.open(repo.path)
    assert fast_forward(store, "main", step[1]).moved
    assert dirty_paths(store) == []
    assert not marker.exists()


@pytest.mark.usefixtures("step")
def test_dirty_paths_are_listed_below_prefixes_taken_literally(repo):
    repo.write({"models/fraud/stages/production.yaml": "x", "m*/a.txt": "x", "README.md": None, "models/é": "x"})
    store = Store.open(repo.path)
    assert dirty_paths(store) == ["README.md", "m*/a.txt", "models/fraud/stages/production.yaml", "models/é"]
    assert dirty_paths(store, ["models"]) == ["models/fraud/stages/production.yaml", "models/é"]
    assert dirty_paths(store, ["m*"]) == ["m*/a.txt"]


def test_a_repository_is_made_with_the_branch_asked_for(tmp_path, home):
    (home / ".gitconfig").write_text("[init]\n\tdefaultBranch = trunk\n\tdefaultObjectFormat = sha256\n")
    assert init(tmp_path / "one").head_branch() == "main"
    bare = init(tmp_path / "two.git", bare=True, initial_branch="line")
    assert (bare.bare, bare.head_branch()) == (True, "line")


def test_a_repository_that_cannot_be_made_is_reported(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(GmError) as caught:
        init(tmp_path / "file")
    assert caught.value.code == "GM-S302"
    with pytest.raises(GmError) as caught:
        init(tmp_path / "x", initial_branch="-x..y")
    assert caught.value.code == "GM-S015"
