"""The verbs as Python functions: what a notebook and a service do, with real Git, keys and DVC."""

import shutil
import subprocess
import sys

import pytest

import gitops_models
from gitops_models.cli.run import run
from gitops_models.errors import GmError
from tests.support.models import linear_onnx, write_linear

GOOD, WORSE = (0.5, -0.25), (-0.5, 0.25)


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """A registry with 1.0.0 in production and 1.1.0 registered; tests copy it or only read it."""
    root = tmp_path_factory.mktemp("api")
    repo = root / "reg"
    words = ["init", "--name", "Ada", "--email", "ada@example.org", "--dvc-remote", str(root / "artifacts")]
    assert run(["-C", str(repo), "--no-input", *words]) == 0
    good = write_linear(root / "v1" / "model.onnx", GOOD)
    worse = write_linear(root / "v2" / "model.onnx", WORSE)
    gitops_models.register("fraud", [good], reason="first", repo=repo, code=repo, risk="low", land=True)
    gitops_models.promote("fraud", reason="go live", through="production", repo=repo, land=True)
    gitops_models.register("fraud", [worse], reason="retrained", repo=repo, code=repo, land=True)
    return repo


@pytest.fixture
def fresh(registry, tmp_path):
    """A copy that a test may change."""
    shutil.copytree(registry, tmp_path / "reg", symlinks=True)
    key = tmp_path / "reg" / ".git" / "gm" / "signing_key"
    subprocess.run(["git", "config", "user.signingkey", str(key)], cwd=tmp_path / "reg", check=True)
    return tmp_path / "reg"


def subject(repo):
    done = subprocess.run(["git", "log", "-1", "--format=%s"], cwd=repo, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_two_lines_register_from_a_notebook(fresh, tmp_path, monkeypatch):
    write_linear(tmp_path / "model.onnx", (1.0, 1.0))
    monkeypatch.chdir(fresh)
    assert gitops_models.register("fraud", ["../model.onnx"], reason="from a notebook", land=True) == "1.2.0"
    assert subject(fresh) == "merge: register(fraud): 1.2.0"


def test_a_registration_takes_the_fields_of_the_command(fresh, tmp_path):
    path = write_linear(tmp_path / "model.onnx", (2.0, 1.0))
    fields = {"risk": "low", "version": "0.1.0", "code": fresh, "data": ["tx=s3://lake/tx@2026-10-31"]}
    version = gitops_models.register("churn", [path], reason="new", repo=fresh, land=True, **fields)
    assert version == "0.1.0"
    assert "risk: low" in (fresh / "models" / "churn" / "model.yaml").read_text()
    assert "s3://lake/tx" in (fresh / "models" / "churn" / "versions" / "0.1.0" / "lineage.yaml").read_text()


def test_without_land_a_proposal_is_opened_and_nothing_moves(fresh):
    proposal = gitops_models.promote("fraud@1.1.0", reason="try it", repo=fresh)
    assert len(proposal) == 8
    assert subject(fresh) == "merge: register(fraud): 1.1.0"
    assert run(["-C", str(fresh), "merge", proposal]) == 0


def test_fetch_gives_a_directory_of_verified_files(registry):
    path = gitops_models.fetch("fraud#production", repo=registry)
    assert (path / "model.onnx").read_bytes() == linear_onnx(GOOD)
    assert (gitops_models.fetch("fraud@latest", repo=registry) / "model.onnx").read_bytes() == linear_onnx(WORSE)
    assert gitops_models.fetch("fraud#production", repo=registry) == path


def test_fetch_replaces_nothing_by_other_bytes(fresh, registry):
    shutil.rmtree(fresh / ".git" / "gm" / "fetched", ignore_errors=True)
    copy = fresh.parent / "artifacts"
    shutil.copytree(registry.parent / "artifacts", copy)
    (fresh / ".dvc" / "config.local").write_text(f"['remote \"artifacts\"']\n    url = {copy}\n")
    for path in (path for path in copy.rglob("*") if path.is_file()):
        path.chmod(0o644)
        path.write_bytes(b"X" * path.stat().st_size)
    with pytest.raises(GmError) as caught:
        gitops_models.fetch("fraud@1.0.0", repo=fresh)
    assert caught.value.code == "GM-A314"
    assert list((fresh / ".git" / "gm" / "fetched").glob("*/model.onnx")) == []


def test_promote_and_rollback_land_from_python(fresh):
    gitops_models.promote("fraud@1.1.0", reason="better on paper", through="production", repo=fresh, land=True)
    gitops_models.rollback("fraud", reason="worse as served", repo=fresh, land=True)
    assert subject(fresh) == "merge: revert(fraud/production): roll back 1.1.0 to 1.0.0"
    path = gitops_models.fetch("fraud#production", repo=fresh)
    assert (path / "model.onnx").read_bytes() == linear_onnx(GOOD)


def test_resolve_gives_what_is_served(registry, tmp_path):
    serving = tmp_path / "serving"
    assert run(["-C", str(registry), "reconcile", "--dir", str(serving), "--once"]) == 0
    served = gitops_models.resolve(serving / "fraud" / "production")
    assert (served / "model.onnx").read_bytes() == linear_onnx(GOOD)
    assert "current" not in served.parts  # the real directory: it does not change under a reader's feet


@pytest.mark.parametrize(
    ("reference", "code"), [("nosuch", "GM-C140"), ("fraud@9.9.9", "GM-C141"), ("fraud#staging2", "GM-C142")]
)
def test_what_is_not_there_is_an_error_with_a_code(reference, code, registry):
    with pytest.raises(GmError) as caught:
        gitops_models.fetch(reference, repo=registry)
    assert caught.value.code == code


def test_an_unknown_field_is_a_type_error(registry):
    with pytest.raises(TypeError, match="colour"):
        gitops_models.register("fraud", ["x"], reason="x", repo=registry, colour="red")


def test_importing_the_package_costs_nothing():
    probe = "import sys, gitops_models; print(sorted({'pydantic', 'pygit2', 'git', 'dvc'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_an_unknown_attribute_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nosuch"):
        _ = gitops_models.nosuch


def test_the_verbs_show_when_a_person_completes():
    assert {"fetch", "promote", "register", "resolve", "rollback"} <= set(dir(gitops_models))
