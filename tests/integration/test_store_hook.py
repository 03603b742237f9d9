"""A pre-receive hook of real pushes: what is pushed is readable, and only where it was pushed to."""

import subprocess
import sys
from pathlib import Path

import pytest

from gitops_models.errors import GmError
from gitops_models.store.refs import RefUpdate
from gitops_models.store.repository import Store
from gitops_models.store.transport import push
from tests.support.git import clone_repository, init_repository, install_hook

ROOT = Path(__file__).resolve().parents[2]
MAIN = "refs/heads/main"
READ_PUSHED = """
import os, sys
from gitops_models.store.gitcli import output
from gitops_models.store.history import first_parents, new_commits
from gitops_models.store.repository import Store
from gitops_models.store.trees import tree_diff
old, new, name = sys.stdin.readline().split()
store = Store.open(os.getcwd())
print("subjects", [commit.subject for commit in new_commits(store, new, old)])
print("paths", sorted(tree_diff(store, old, new)))
print("line", len(first_parents(store, new)))
print("plumbing", output(store.git, ["cat-file", "-t", new]).decode().strip())
print("old", store.ref(name) == old)
"""
READ_OTHER = """
import sys
from gitops_models.errors import GmError
from gitops_models.store.repository import Store
new = sys.stdin.readline().split()[1]
store = Store.open({other!r})
try:
    store.raw(new)
except GmError as error:
    print("other", error.code, [name for name in store.git.env if name.startswith("GIT_QUARANTINE")])
"""


@pytest.fixture
def bare(tmp_path, home):
    return init_repository(tmp_path / "server.git", home, bare=True)


@pytest.fixture
def repo(tmp_path, home, bare):
    repo = clone_repository(bare.path, tmp_path / "clone", home)
    repo.git("checkout", "--quiet", "-B", "main")
    repo.commit({"x": "1"}, "first")
    repo.git("push", "--quiet", "origin", "main")
    repo.commit({"models/fraud/model.yaml": "1"}, "second")
    repo.commit({"models/fraud/model.yaml": "2"}, "third")
    return repo


def hook(bare, script, *, status=0):
    program = bare.path / "hook.py"
    program.write_text(f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{script}\nsys.exit({status})\n")
    install_hook(bare.path, "pre-receive", f"#!/bin/sh\nexec {sys.executable} {program}\n")


def land(repo):
    update = RefUpdate(MAIN, repo.rev("main"), repo.rev("main~2"))
    return push(Store.open(repo.path), "origin", [update])


def test_a_hook_reads_the_pushed_objects_before_they_are_let_in(repo, bare):
    hook(bare, READ_PUSHED)
    assert land(repo).lines == (
        "subjects ['second', 'third']",
        "paths ['models/fraud/model.yaml']",
        "line 3",
        "plumbing commit",
        "old True",
    )


def test_a_refused_push_leaves_no_object_behind(repo, bare):
    hook(bare, READ_PUSHED, status=1)
    with pytest.raises(GmError) as caught:
        land(repo)
    assert caught.value.code == "GM-S203"
    assert "plumbing commit" in caught.value.details
    assert Store.open(bare.path).missing([repo.rev("main")]) == [repo.rev("main")]


def test_a_second_repository_read_from_a_hook_does_not_see_the_push(repo, bare, tmp_path, home):
    other = init_repository(tmp_path / "other", home)
    other.commit({"z": "1"})
    hook(bare, READ_OTHER.format(other=str(other.path)))
    assert land(repo).lines == ("other GM-S013 []",)


def test_a_push_by_plain_git_runs_the_same_hook(repo, bare):
    hook(bare, READ_PUSHED)
    assert repo.git("push", "--quiet", "origin", "main") == ""
    assert subprocess.run(["git", "fsck", "--strict"], cwd=bare.path, check=True, capture_output=True).returncode == 0
