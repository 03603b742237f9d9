"""``gm hook pre-commit``: what is staged, not what lies about, is looked at before the commit is made."""

import json
import subprocess
import sys

import pytest

from gitops_models.cli.run import run
from gitops_models.store.repository import Store
from gitops_models.store.staged import staged_commit
from tests.support import policy as documents

LINEAGE = "models/fraud/versions/1.0.0/lineage.yaml"


def git(repo, *words, check=True):
    done = subprocess.run(["git", *words], cwd=repo, capture_output=True, text=True, check=check)
    return done.stdout.strip() if check else done


@pytest.fixture
def repo(tmp_path, capsys):
    path = tmp_path / "registry"
    assert run(["-C", str(path), "--no-input", "init", "--name", "Ada", "--email", "ada@example.org"]) == 0
    for name, data in documents.version_files("1.0.0").items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data.encode() if isinstance(data, str) else data)
    git(path, "add", ".")
    git(path, "commit", "-q", "-m", "first")
    capsys.readouterr()
    return path


def looked_at(capsys, repo, *options):
    status = run(["-C", str(repo), "--json", "hook", "pre-commit", *options])
    found = json.loads(capsys.readouterr().out)["findings"]
    return status, [(finding["code"], finding["where"]) for finding in found]


def edit(repo, path, text):
    (repo / path).write_text((repo / path).read_text() + text)


def test_what_is_staged_counts_and_not_what_lies_about(repo, capsys):
    edit(repo, "policies/people.yaml", "x: [\n")
    assert looked_at(capsys, repo) == (0, [])
    git(repo, "add", ".")
    assert looked_at(capsys, repo) == (3, [("GM-D003", "policies/people.yaml")])


def test_an_edit_of_a_released_lineage_is_refused_where_that_is_asked_for(repo, capsys):
    edit(repo, LINEAGE, "# better than it was\n")
    git(repo, "add", ".")
    assert looked_at(capsys, repo)[0] == 0
    assert looked_at(capsys, repo, "--immutable") == (3, [("GM-P101", LINEAGE)])


def test_git_runs_it_on_the_index_of_commit_a(repo):
    hook = repo / ".git" / "hooks" / "pre-commit"
    hook.write_text(f"#!/bin/sh\nexec {sys.executable} -m gitops_models hook pre-commit --immutable\n")
    hook.chmod(0o755)
    before = git(repo, "rev-parse", "HEAD")
    edit(repo, LINEAGE, "# better than it was\n")
    done = git(repo, "commit", "-a", "-m", "edit", check=False)
    assert (done.returncode != 0, "GM-P101" in done.stdout + done.stderr) == (True, True), done
    assert git(repo, "rev-parse", "HEAD") == before
    git(repo, "checkout", "-q", "HEAD", ".")
    edit(repo, "policies/people.yaml", "# a remark\n")
    assert git(repo, "commit", "-a", "-m", "remark", check=False).returncode == 0


def test_where_nothing_is_governed_nothing_is_said(tmp_path, capsys):
    git(tmp_path, "init", "-q", "fresh")
    (tmp_path / "fresh" / "a").write_text("a")
    git(tmp_path / "fresh", "add", ".")
    assert looked_at(capsys, tmp_path / "fresh", "--immutable") == (0, [])


def test_the_index_of_another_repository_is_not_read(repo, tmp_path):
    git(tmp_path, "init", "-q", "other")
    (tmp_path / "other" / "a").write_text("a")
    git(tmp_path / "other", "add", ".")
    store = Store.discover(repo)
    environ = {"GIT_INDEX_FILE": str(tmp_path / "other" / ".git" / "index")}
    assert store.commit(staged_commit(store, environ)).tree == store.commit(git(repo, "rev-parse", "HEAD")).tree
