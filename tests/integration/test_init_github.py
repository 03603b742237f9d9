"""``gm init --forge github``: what it commits, what it leaves alone, and the commands it names."""

import json
import subprocess

from gitops_models.cli.run import run
from gitops_models.workflows.forgefiles import WORKFLOWS

WHO = ["--name", "Ada", "--email", "ada@example.org"]


def git(repo, *words):
    return subprocess.run(["git", *words], cwd=repo, capture_output=True, text=True, check=True).stdout.strip()


def gm(capsys, repo, *words):
    status = run(["-C", str(repo), "--no-input", "--json", *words])
    shown = capsys.readouterr()
    return status, json.loads(shown.out) if shown.out else json.loads(shown.err)


def test_everything_stands_in_the_first_governed_commit(tmp_path, capsys, repository_root):
    status, made = gm(capsys, tmp_path / "new", "init", "--forge", "github", *WHO)
    assert (status, made["forge"]) == (0, "github")
    tracked = git(tmp_path / "new", "ls-tree", "-r", "--name-only", "HEAD").splitlines()
    expected = {f".github/workflows/{name}" for name in WORKFLOWS}
    expected |= {".github/CODEOWNERS", ".github/rulesets/gm-line.json", ".github/rulesets/gm-tags.json"}
    assert expected == {path for path in tracked if path.startswith(".github/")}
    assert "forge: github\n" in git(tmp_path / "new", "show", "HEAD:gm.yaml") + "\n"
    gate = ".github/workflows/gm-policy.yml"
    assert git(tmp_path / "new", "show", f"HEAD:{gate}") == (repository_root / gate).read_text().strip()
    assert any(made["pin"] in command for command in made["commands"])
    assert gm(capsys, tmp_path / "new", "verify")[0] == 0


def test_git_alone_brings_no_workflow(tmp_path, capsys):
    status, made = gm(capsys, tmp_path / "new", "init", *WHO)
    assert (status, made["forge"], made["commands"]) == (0, "git", [])
    assert ".github" not in git(tmp_path / "new", "ls-tree", "--name-only", "HEAD")


def test_the_owners_of_code_that_a_repository_has_stay(tmp_path, capsys):
    repo = tmp_path / "app"
    (repo / ".github").mkdir(parents=True)
    (repo / ".github" / "CODEOWNERS").write_text("* @everybody\n")
    git(tmp_path, "init", "-q", "-b", "trunk", str(repo))
    git(repo, "add", ".")
    git(repo, "-c", "user.name=B", "-c", "user.email=b@example.org", "commit", "-q", "-m", "begin")
    status, _ = gm(capsys, repo, "init", "--forge", "github", *WHO)
    assert (status, (repo / ".github" / "CODEOWNERS").read_text()) == (0, "* @everybody\n")
    assert 'branches: ["trunk"]' in (repo / ".github" / "workflows" / "gm-receipt.yml").read_text()


def test_an_unknown_forge_leaves_nothing_behind(tmp_path, capsys):
    status, told = gm(capsys, tmp_path / "new", "init", "--forge", "svn", *WHO)
    assert (status, told["error"]["code"], (tmp_path / "new").exists()) == (2, "GM-C002", False)
