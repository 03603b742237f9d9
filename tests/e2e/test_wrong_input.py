"""Wrong input: an error in the shape of DESIGN section 10, the right exit status and code, and nothing changed."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitops_models.cli.run import run
from tests.support.models import write_linear

WHO = ["--name", "Ada", "--email", "ada@example.org"]
POINTERS = ("user.signingkey", "remote.origin.url")


def git(repo, *words):
    done = subprocess.run(["git", *words], cwd=repo, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def gm(repo, *words):
    return run(["-C", str(repo), "--no-input", *words])


@dataclass(frozen=True)
class Site:
    """A registry with one version in staging, its remote and its artifacts, in one directory that can be copied."""

    root: Path

    @property
    def clone(self):
        return self.root / "reg"

    @property
    def remote(self):
        return self.root / "remote.git"

    def write(self, path, text):
        (self.clone / path).parent.mkdir(parents=True, exist_ok=True)
        (self.clone / path).write_text(text)

    def commit(self, message="by hand"):
        git(self.clone, "add", "-A")
        git(self.clone, "-c", "commit.gpgsign=false", "commit", "-q", "-m", message)

    def fingerprint(self):
        """Every ref and every file that is no object: work tree, gm's own memory, DVC remote, remote."""
        skipped = re.compile(r"(^|/)(objects|logs)/|\.lock$|(^|/)index$|prefix\.json$")
        files = {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file() and not skipped.search(str(path.relative_to(self.root)))
        }
        repositories = [path for path in (self.clone / ".git", self.remote) if path.exists()]
        refs = [git(path, "for-each-ref") for path in repositories]
        return files, refs


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("template") / "site")
    site.root.mkdir()
    git(site.root, "init", "-q", "--bare", "-b", "main", str(site.remote))
    artifacts = site.root / "artifacts"
    assert gm(site.clone, "init", *WHO, "--remote", str(site.remote), "--dvc-remote", str(artifacts)) == 0
    write_linear(site.root / "model.onnx")
    words = ["register", "fraud", str(site.root / "model.onnx"), "--code", str(site.clone), "--risk", "low"]
    assert gm(site.clone, *words, "--merge", "-m", "first") == 0
    assert gm(site.clone, "promote", "fraud", "--merge", "-m", "try it") == 0
    return site


@pytest.fixture
def site(template, tmp_path, monkeypatch):
    """A copy of the template, with the addresses in its configuration moved along."""
    shutil.copytree(template.root, tmp_path / "site", symlinks=True)
    copy = Site(tmp_path / "site")
    for name in POINTERS:
        git(copy.clone, "config", name, git(copy.clone, "config", name).replace(str(template.root), str(copy.root)))
    monkeypatch.chdir(copy.clone)
    return copy


def no_repository(site):
    shutil.rmtree(site.clone / ".git")


def no_policy(site):
    shutil.rmtree(site.clone / ".git" / "gm")
    git(site.clone, "rm", "-q", "policies/policy.yaml")
    site.commit()
    git(site.clone, "push", "-q", str(site.remote), "+HEAD~1:refs/heads/old", "+HEAD:main")
    orphan = git(site.clone, "commit-tree", "HEAD^{tree}", "-m", "no policy from the beginning")
    git(site.clone, "push", "-q", "-f", str(site.remote), f"{orphan}:main")
    git(site.clone, "reset", "-q", "--hard", orphan)


def no_pin(site):
    (site.clone / ".git" / "gm" / "memory.json").unlink()


def no_key(site):
    git(site.clone, "config", "--unset", "user.signingkey")


def lost_key(site):
    (site.clone / ".git" / "gm" / "signing_key").unlink()
    (site.clone / ".git" / "gm" / "signing_key.pub").unlink()


def unreachable_remote(site):
    site.remote.rename(site.root / "gone.git")


def bad_yaml(site):
    site.write("people.yaml", "apiVersion: gitops-models/v1\nkind: People\npeople: [{id: ada\n")
    shutil.rmtree(site.clone / ".git")


def bad_committed_yaml(site):
    git(site.clone, "switch", "-q", "-c", "edit")
    site.write("models/fraud/model.yaml", "apiVersion: gitops-models/v1\nkind: Model\nname: fraud\nname: fraud\n")
    site.commit()


def dirty_clone(site):
    site.write("models/fraud/model.yaml", "edited by hand\n")


def diverged_clone(site):
    site.write("notes.txt", "mine\n")
    site.commit()


def dirty_training_tree(site):
    site.write("train.py", "print('old')\n")
    site.commit()
    git(site.clone, "push", "-q", "origin", "HEAD:main")
    site.write("train.py", "print('new')\n")


def quarantined(site):
    write_linear(site.root / "bad" / "model.onnx", (9.0, 9.0))
    code = ["--code", str(site.clone), "--merge", "-m", "why"]
    assert gm(site.clone, "register", "fraud", str(site.root / "bad" / "model.onnx"), *code) == 0
    assert gm(site.clone, "quarantine", "fraud@1.1.0", "--merge", "-m", "poisoned") == 0


def foreign_hook(site):
    (site.remote / "hooks").mkdir(exist_ok=True)
    (site.remote / "hooks" / "pre-receive").write_text("#!/bin/sh\n")


def empty_training_repository(site):
    git(site.root, "init", "-q", "empty")


def namesake(site):
    write_linear(site.root / "other" / "model.onnx")


def two_proposals(site):
    assert gm(site.clone, *PROMOTE, "--to", "production") == 0
    assert gm(site.clone, "evidence", "fraud@1.0.0", "--type", "evaluation", "-m", "why") == 0


def intact(_site):
    """Nothing is wrong but the command."""


REGISTER = ["register", "fraud", "../model.onnx", "-m", "why"]
PROMOTE = ["promote", "fraud", "-m", "why"]
RESOLVE = ["cause", "resolve", "fraud"]


@dataclass(frozen=True)
class Wrong:
    """What is wrong, the command, and what it has to say."""

    name: str
    prepare: object
    words: list
    status: int
    code: str
    says: str = ""


TABLE = [
    Wrong("no repository", no_repository, ["status"], 6, "GM-S001", "is not in a Git repository"),
    Wrong("no policy", no_policy, ["status"], 3, "GM-P701", "no policy means deny"),
    Wrong("no pin", no_pin, ["reconcile", "--dir", "../serving", "--once"], 6, "GM-T502", "gm trust pin"),
    Wrong("unknown model", intact, ["promote", "nosuch", "-m", "why"], 6, "GM-C140", "models: fraud"),
    Wrong("unknown version", intact, ["promote", "fraud@9.9.9", "-m", "why"], 6, "GM-C141", "versions: 1.0.0"),
    Wrong("unknown stage", intact, [*PROMOTE, "--to", "moon"], 6, "GM-C142", "stages: staging, production"),
    Wrong(
        "bad YAML",
        bad_yaml,
        ["init", *WHO, "--people", "people.yaml"],
        2,
        "GM-D003",
        "at line 4, column 1\n  at people.yaml",
    ),
    Wrong("bad YAML in Git", bad_committed_yaml, ["check", "--base", "main"], 3, "GM-P001", "at line 4, column 1"),
    Wrong("missing key", no_key, PROMOTE, 4, "GM-T200", "user.signingkey"),
    Wrong("lost key", lost_key, PROMOTE, 4, "GM-T202", "signing_key"),
    Wrong("unreachable remote", unreachable_remote, PROMOTE, 9, "GM-S201", "remote.git"),
    Wrong("missing file", intact, ["register", "fraud", "nosuch.onnx", "-m", "why"], 6, "GM-C201", "nosuch.onnx"),
    Wrong("missing metrics", intact, [*REGISTER, "--metrics", "nosuch.json"], 6, "GM-A101", "nosuch.json"),
    Wrong("dirty clone", dirty_clone, PROMOTE, 7, "GM-C205", "models/fraud/model.yaml"),
    Wrong("diverged clone", diverged_clone, PROMOTE, 7, "GM-C206", "git reset --keep origin/main"),
    Wrong("dirty training tree", dirty_training_tree, REGISTER, 7, "GM-C202", "train.py"),
    Wrong("version that exists", intact, [*REGISTER, "--version", "1.0.0"], 7, "GM-C144", "fraud@1.0.0"),
    Wrong("no reason", intact, ["promote", "fraud"], 2, "GM-C130", "-m REASON"),
    Wrong("bad model name", intact, ["register", "Fraud!", "../model.onnx", "-m", "why"], 2, "GM-D010", "Fraud!"),
    Wrong(
        "bad risk",
        intact,
        ["register", "other", "../model.onnx", "--risk", "huge", "-m", "w"],
        2,
        "GM-D021",
        "or 'critical'",
    ),
    Wrong("unsaid risk", intact, ["register", "other", "../model.onnx", "-m", "why"], 2, "GM-C122", "--risk low"),
    Wrong("no proposal", intact, ["merge", "deadbeef"], 6, "GM-F101", "deadbeef"),
    Wrong("nothing below", intact, ["rollback", "fraud", "--stage", "staging", "-m", "w"], 6, "GM-P510", "fraud"),
    Wrong("nothing live", intact, ["fetch", "fraud#production", "-o", "../out"], 6, "GM-C143", "fraud#production"),
    Wrong("no hold", intact, ["lift", "fraud", "--stage", "staging", "-m", "why"], 6, "GM-C145", "fraud#staging"),
    Wrong("no cause", intact, [*RESOLVE, "inc-9", "--root-cause", "x", "-m", "why"], 6, "GM-C146", "inc-9"),
    Wrong("quarantined", quarantined, ["fetch", "fraud@1.1.0", "-o", "../out"], 3, "GM-C147", "fraud@1.1.0"),
    Wrong("foreign hook", foreign_hook, ["hook", "install", "../remote.git"], 7, "GM-C148", "gm hook pre-receive"),
    Wrong("another pin", intact, ["trust", "pin", "HEAD"], 7, "GM-C149", "gm trust repin"),
    Wrong("no commit", empty_training_repository, [*REGISTER, "--code", "../empty"], 6, "GM-C203", "no commit"),
    Wrong("same names", namesake, [*REGISTER, "../other/model.onnx"], 2, "GM-C204", "model.onnx"),
    Wrong("bare repository", intact, ["-C", "../remote.git", "init", *WHO], 2, "GM-C207", "work tree"),
    Wrong("bad --data", intact, [*REGISTER, "--data", "nonsense"], 2, "GM-C208", "NAME=URI"),
    Wrong("two proposals", two_proposals, ["merge", "fraud@1.0.0"], 2, "GM-F102", "gm/evidence/fraud"),
]
pytestmark = pytest.mark.parametrize("wrong", TABLE, ids=lambda wrong: wrong.name)


def settled(site, wrong):
    """The state before the command, once gm has fetched what the preparation pushed."""
    wrong.prepare(site)
    run(["status", "-q"])
    return site.fingerprint()


def test_wrong_input_is_refused_in_words_and_changes_nothing(wrong, site, capsys):
    before = settled(site, wrong)
    capsys.readouterr()
    assert run(["--no-input", *wrong.words]) == wrong.status
    shown = capsys.readouterr()
    first = next(line for line in shown.err.splitlines() + shown.out.splitlines() if "[GM-" in line)
    assert first.startswith(f"error[{wrong.code}]: ")
    said = shown.err + shown.out
    assert wrong.says in said
    assert re.search(r"^  hint: .+", said, re.MULTILINE)
    assert f"  docs: docs/reference/codes.md#{wrong.code.lower()}" in said
    assert site.fingerprint() == before


def test_wrong_input_is_refused_in_json_and_changes_nothing(wrong, site, capsys):
    before = settled(site, wrong)
    capsys.readouterr()
    assert run(["--no-input", "--json", *wrong.words]) == wrong.status
    shown = capsys.readouterr()
    if shown.out:  # a verdict is data: its findings carry the code
        assert wrong.code in {finding["code"] for finding in json.loads(shown.out)["findings"]}
    else:
        error = json.loads(shown.err.splitlines()[-1])["error"]
        assert (error["code"], error["docs"]) == (wrong.code, f"docs/reference/codes.md#{wrong.code.lower()}")
        assert error["message"]
        assert error["hint"]
    assert site.fingerprint() == before
