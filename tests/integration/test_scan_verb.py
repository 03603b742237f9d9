"""gm scan of files and versions, and interfaces that a registration states or reads from the bytes."""

import json
import pickle

import pytest

from gitops_models.cli.run import run
from gitops_models.workflows.session import open_session
from tests.support import models as onnx
from tests.support.pickles import call, proto

INTERFACE = (
    "inputs: [{name: amount, dtype: float32, shape: [-1, 1]}]\noutputs: [{name: score, dtype: float32, shape: [-1]}]\n"
)


def gm(repo, *words, status=0):
    assert run(["-C", str(repo), "--no-input", *words]) == status, words


@pytest.fixture
def repo(tmp_path, monkeypatch):
    made = tmp_path / "registry"
    made.mkdir()
    monkeypatch.chdir(made)
    gm(made, "init", "--profile", "solo", "--name", "Ada L", "--email", "ada@example.org")
    return made


def test_a_file_is_scanned_outside_of_any_registry(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad\x1b.pkl").write_bytes(call())
    (tmp_path / "good.pkl").write_bytes(proto(b"N"))
    gm(tmp_path, "scan", "good.pkl")
    assert capsys.readouterr().out == "good.pkl  pickle  4 bytes  0 imports  clean\n"
    gm(tmp_path, "scan", "good.pkl", "--risk", "high", status=5)
    assert "GM-A705" in capsys.readouterr().err
    gm(tmp_path, "scan", ".", status=5)
    shown = capsys.readouterr()
    assert "error[GM-A701]" in shown.err
    assert "imports os.system" in shown.err
    assert "\x1b" not in shown.out + shown.err
    gm(tmp_path, "--json", "scan", "good.pkl")
    body = json.loads(capsys.readouterr().out)
    assert (body["clean"], body["files"][0]["format"], body["findings"]) == (True, "pickle", [])


def test_a_version_is_scanned_for_the_risk_of_its_model(repo, tmp_path, capsys):
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({"weights": [1, 2]}))
    (tmp_path / "interface.yaml").write_text(INTERFACE)
    stated = ("--interface", str(tmp_path / "interface.yaml"))
    words = ("register", "fraud", str(tmp_path / "model.pkl"), *stated, "--risk", "low", "-m", "first", "--merge")
    gm(repo, *words)
    session = open_session(repo)
    lineage = session.accepted.lineage("fraud", "1.0.0")
    assert [spec.name for spec in lineage.interface.outputs] == ["score"]
    capsys.readouterr()
    gm(repo, "scan", "fraud@1.0.0")
    assert "model.pkl  pickle" in capsys.readouterr().out
    gm(repo, "scan", "fraud@1.0.0", "--risk", "low", status=2)


def test_a_registration_that_states_another_interface_than_the_bytes_is_refused(repo, tmp_path, capsys):
    onnx.write_linear(tmp_path / "model.onnx")
    (tmp_path / "interface.yaml").write_text(INTERFACE)
    before = open_session(repo).store.resolve("HEAD")
    words = ("register", "fraud", str(tmp_path / "model.onnx"), "--risk", "low", "-m", "first")
    gm(repo, *words, "--interface", str(tmp_path / "interface.yaml"), status=5)
    shown = capsys.readouterr().err
    assert "error[GM-A706]" in shown
    assert "input amount is gone" in shown
    session = open_session(repo)
    assert session.store.resolve("HEAD") == before
    assert not session.accepted.has_model("fraud")
    own = "inputs: [{name: features, dtype: float32, shape: [-1, 2]}]\n"
    own += "outputs: [{name: score, dtype: float32, shape: [-1, 1]}]\n"
    (tmp_path / "interface.yaml").write_text(own)
    gm(repo, *words, "--interface", str(tmp_path / "interface.yaml"), "--dry-run")
    (tmp_path / "interface.yaml").write_text("inputs: 1\n")
    gm(repo, *words, "--interface", str(tmp_path / "interface.yaml"), status=2)
