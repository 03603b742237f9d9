"""The registry at the top of this repository is a real one: judged, complete, and pulled by plain DVC."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gitops_models.registry.canonical import sha256_hex
from tests.support.reference import ALL, MODEL, PROMPT, PROMPT_VERSIONS, fetch_reference, lineage_of

PARTS = ("gm.yaml", ".dvc/config", ".dvc/.gitignore", "policies", "models", "examples/remote")


@pytest.fixture
def clone(repository_root, tmp_path):
    """A clone with the registry as it stands in the work tree, so that the test also runs where no .git is."""
    for name in PARTS:
        source, target = repository_root / name, tmp_path / "clone" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=_pulled)
        else:
            shutil.copy(source, target)
    run(tmp_path / "clone", "git", "init", "--quiet", "--initial-branch=main")
    run(tmp_path / "clone", "git", "add", ".")
    run(tmp_path / "clone", "git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "all")
    return tmp_path / "clone"


def _pulled(_folder, names):
    """What `dvc pull` may have put beside the pointers of the work tree."""
    return {name for name in names if f"{name}.dvc" in names}


def run(folder, *words, status=0):
    environment = {
        "HOME": str(folder),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(folder / ".git" / "dvc"),
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def test_its_documents_are_allowed(clone):
    run(clone, sys.executable, "-m", "gitops_models", "check", "--documents")


def test_a_spoiled_document_is_denied(clone):
    path = clone / "models" / MODEL / "versions" / "1.0.0" / "lineage.yaml"
    path.write_text(path.read_text().replace("version: 1.0.0", "version: 1.0.1"))
    run(clone, "git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-am", "spoil")
    assert "GM-D023" in run(clone, sys.executable, "-m", "gitops_models", "check", "--documents", status=3)


def test_nothing_is_live_in_it(repository_root):
    assert not list((repository_root / "models").rglob("stages"))


def test_plain_dvc_pull_brings_the_bytes_that_the_lineages_name(clone, tmp_path):
    run(clone, "dvc", "pull", "--quiet")
    for model, version in ALL:
        folder = clone / "models" / model / "versions" / version
        verified = fetch_reference(clone, version, tmp_path / model / version, model)
        found = sorted(path.relative_to(verified) for path in verified.rglob("*") if path.is_file())
        assert Path("card/README.md" if model == MODEL else "letter.md") in found
        assert [(folder / path).read_bytes() for path in found] == [(verified / path).read_bytes() for path in found]
    assert run(clone, "git", "status", "--porcelain") == ""


@pytest.mark.clause("A-testing-1")
def test_gm_fetch_copies_a_version_out(clone, tmp_path):
    run(clone, sys.executable, "-m", "gitops_models", "fetch", f"{MODEL}@1.1.0", "-o", str(tmp_path / "out"))
    weights = next(entry for entry in lineage_of(clone, "1.1.0").artifacts if entry.role == "weights")
    assert sha256_hex((tmp_path / "out" / "model.onnx").read_bytes()) == weights.sha256


@pytest.mark.clause("B-4.1-5", "B-4.2-5")
@pytest.mark.parametrize(("model", "version"), ALL)
def test_a_lineage_records_what_training_recorded(repository_root, model, version):
    recorded = repository_root / "examples" / model / "versions" / version
    lineage = lineage_of(repository_root, version, model)
    assert lineage.parameters.sha256 == sha256_hex((recorded / "params.json").read_bytes())
    assert {metric.name: metric.value for metric in lineage.metrics} == json.loads(
        (recorded / "metrics.json").read_text()
    )


@pytest.mark.clause("B-2-1", "B-4.2-3", "B-4.2-6")
@pytest.mark.parametrize("version", PROMPT_VERSIONS)
def test_the_prompt_is_a_version_like_others_and_says_what_it_has_none_of(repository_root, version):
    lineage = lineage_of(repository_root, version, PROMPT)
    roles = {entry.path: entry.role for entry in lineage.artifacts}
    assert (roles["letter.md"], roles["system.md"], roles["cases.json"]) == (
        "prompt",
        "system-instruction",
        "evaluation",
    )
    assert lineage.not_applicable == (
        "weights",
        "training-code",
        "inference-code",
        "preprocessing",
        "postprocessing",
    )
    kept = repository_root / "examples" / PROMPT / "versions" / version
    for name in ("letter.md", "system.md"):
        assert lineage.artifact(name).sha256 == sha256_hex((kept / name).read_bytes())


@pytest.mark.parametrize("version", PROMPT_VERSIONS)
def test_measuring_the_prompt_again_gives_the_recorded_metrics(repository_root, tmp_path, version):
    folder = repository_root / "examples" / PROMPT
    measured = run(tmp_path, sys.executable, str(folder / "evaluate.py"), str(folder / "versions" / version))
    assert json.loads(measured) == json.loads((folder / "versions" / version / "metrics.json").read_text())


def test_its_script_builds_it_again(repository_root, tmp_path):
    run(
        tmp_path,
        sys.executable,
        str(repository_root / "examples" / "breast-cancer" / "build_registry.py"),
        str(tmp_path / "built"),
    )
    assert documents(tmp_path / "built") == documents(repository_root)
    for model, version in ALL:
        built, kept = lineage_of(tmp_path / "built", version, model), lineage_of(repository_root, version, model)
        assert (built.metrics, built.parameters, built.interface) == (kept.metrics, kept.parameters, kept.interface)


def documents(root):
    """What gm wrote; tests of the policy are written by hand."""
    paths = [path for name in ("models", "policies") for path in (root / name).rglob("*") if path.is_file()]
    found = (path.relative_to(root) for path in paths if path.suffix in {".yaml", ".dvc"})
    return sorted(path for path in found if path.parts[:2] != ("policies", "tests"))
