"""Pipelines, prompts and configurations go the way of models: registered, promoted, rolled back, served."""

import json
import subprocess

import pytest

from gitops_models.cli.run import run
from gitops_models.delivery.resolve import resolve
from gitops_models.workflows.session import open_session

MADE = {
    "pipeline": {"dvc.yaml": "stages: {}\n", "preprocess.py": "print('{}')\n"},
    "prompt": {"triage.md": "Sort this note: {}\n", "system.md": "You are careful.\n"},
    "configuration": {"router.yaml": "threshold: {}\n"},
}
ROLES = {
    "pipeline": {"dvc.yaml": "training-code", "preprocess.py": "preprocessing"},
    "prompt": {"triage.md": "prompt", "system.md": "system-instruction"},
    "configuration": {"router.yaml": "configuration"},
}
CHANGING = {"pipeline": "preprocess.py", "prompt": "triage.md", "configuration": "router.yaml"}
COVERAGE = {
    "pipeline": ["weights", "training-code", "preprocessing", "prompt"],
    "prompt": ["weights", "training-code", "preprocessing", "prompt"],
    "configuration": ["weights", "training-code", "preprocessing", "configuration"],
}
NONE = {
    "pipeline": ("weights", "prompt"),
    "prompt": ("weights", "training-code", "preprocessing"),
    "configuration": ("weights", "training-code", "preprocessing"),
}


def gm(repo, *words, status=0):
    assert run(["-C", str(repo), "--no-input", *words]) == status, words


def files_of(root, kind, number):
    folder = root / f"{kind}{number}"
    folder.mkdir(parents=True)
    for name, text in MADE[kind].items():
        (folder / name).write_text(text.replace("{}", str(number)))
    return [str(folder / name) for name in MADE[kind]]


@pytest.fixture(params=sorted(MADE))
def kind(request):
    return request.param


@pytest.fixture
def repo(tmp_path, kind, monkeypatch):
    """A registry of one person whose policy covers more than this type has."""
    made = tmp_path / "registry"
    made.mkdir()
    monkeypatch.chdir(made)
    gm(made, "init", "--profile", "solo", "--name", "Ada L", "--email", "ada@example.org")
    policy = made / "policies" / "policy.yaml"
    text = policy.read_text().replace("coverage: [weights]", f"coverage: [{', '.join(COVERAGE[kind])}]")
    policy.write_text(text.replace("\nversion: 1\n", "\nversion: 2\n"))
    message = "policy: cover more\n\nGm-Event: change\nGm-Reason: every part counts"
    subprocess.run(["git", "commit", "--quiet", "-S", "-am", message], cwd=made, check=True, timeout=60)
    return made


@pytest.mark.clause("B-2-1", "B-4.2-3", "B-4.2-6", "A-testing-1", "A-testing-2", "B-3-1")
def test_it_is_registered_promoted_served_rolled_back_and_identified(repo, kind, tmp_path, capsys):
    files = {number: files_of(tmp_path, kind, number) for number in (1, 2)}
    for number, paths in files.items():
        new = ("--type", kind, "--risk", "low") if number == 1 else ()
        gm(repo, "register", "thing", *paths, *new, "--merge", "-m", "x")
        gm(repo, "promote", "thing", "--through", "production", "--merge", "-m", "y")
    accepted = open_session(repo).accepted
    assert accepted.model("thing").type == kind
    for version in ("1.0.0", "1.1.0"):
        lineage = accepted.lineage("thing", version)
        assert {one.path: one.role for one in lineage.artifacts if one.role != "environment"} == ROLES[kind]
        assert lineage.not_applicable == NONE[kind]
    changing = next(path for path in files[1] if path.endswith(CHANGING[kind]))
    for version, words in (("2", ()), ("1", ("rollback", "thing", "-m", "worse", "--merge"))):
        if words:
            gm(repo, *words)
        gm(repo, "reconcile", "--once", "--dir", str(tmp_path / "served"))
        served = resolve(tmp_path / "served" / "thing" / "production")
        assert version in (served / CHANGING[kind]).read_text()
    capsys.readouterr()
    gm(repo, "--json", "identify", changing)
    (found,) = json.loads(capsys.readouterr().out)["files"]
    assert [(one["version"], one["live"]) for one in found["matches"]] == [("1.0.0", ["production"])]


@pytest.mark.clause("A-emergency-6")
def test_a_quarantine_bars_what_only_that_version_is_made_of(repo, tmp_path, kind):
    for number in (1, 2):
        gm(
            repo,
            *("register", "thing", *files_of(tmp_path, kind, number), "--type", kind),
            *("--risk", "low", "--merge", "-m", "x"),
        )
    gm(repo, "promote", "thing@1.0.0", "--through", "production", "--merge", "-m", "y")
    gm(repo, "quarantine", "thing@1.1.0", "-m", "it leaks", "--merge")
    accepted = open_session(repo).accepted
    own = accepted.lineage("thing", "1.1.0").artifact(CHANGING[kind]).sha256
    assert accepted.quarantined_digests("thing") == (set() if kind == "pipeline" else {own})
    gm(repo, "promote", "thing@1.1.0", "--to", "staging", "-m", "again", status=3)


def test_the_type_of_a_model_that_is_there_counts_and_what_it_has_none_of_is_said(repo, kind, tmp_path, capsys):
    gm(repo, "register", "thing", *files_of(tmp_path, kind, 1), "--type", kind, "--risk", "low", "--merge", "-m", "x")
    capsys.readouterr()
    gm(repo, "register", "thing", *files_of(tmp_path, kind, 2), "--merge", "-m", "x")
    assert f"  not applicable: {', '.join(NONE[kind])}\n" in capsys.readouterr().out
    lineage = open_session(repo).accepted.lineage("thing", "1.1.0")
    assert {one.path: one.role for one in lineage.artifacts if one.role != "environment"} == ROLES[kind]
