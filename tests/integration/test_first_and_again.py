"""Before the first model there is nothing, and nothing fails; what was released once is not released again."""

import json

import pytest

from gitops_models.cli.run import run
from tests.support.models import write_linear

VERSIONS = {"first": (0.5, 0.5), "second": (0.1, 0.2)}


@pytest.fixture
def repo(tmp_path):
    made = tmp_path / "reg"
    made.mkdir()
    assert run(["-C", str(made), "--no-input", "init", "--name", "Ada", "--email", "ada@example.org"]) == 0
    return made


@pytest.fixture
def ask(repo, capsys):
    """What a verb prints as JSON, and its exit status."""

    def asked(*words):
        capsys.readouterr()
        status = run(["-C", str(repo), "--no-input", "--json", *words])
        said = capsys.readouterr()
        return status, json.loads(said.out) if said.out else json.loads(said.err)["error"]

    return asked


@pytest.mark.clause("A-snapshots-10")
@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("list",), "models"),
        (("log",), "rows"),
        (("status",), "stages"),
        (("proposals",), "proposals"),
        (("verify",), "unaccepted"),
        (("at", "HEAD"), "live"),
    ],
)
def test_an_empty_repository_lists_nothing_and_nothing_fails(ask, words, field):
    status, answer = ask(*words)
    assert (status, len(answer[field])) == (0, 0)


@pytest.mark.clause("A-snapshots-10")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("list", "fraud"), "GM-C140"),
        (("show", "fraud"), "GM-C140"),
        (("promote", "fraud", "-m", "x"), "GM-C140"),
        (("rollback", "fraud", "-m", "x"), "GM-C140"),
        (("fetch", "fraud", "-o", "out"), "GM-C140"),
    ],
)
def test_what_is_not_there_is_said_to_be_so(ask, words, code):
    status, error = ask(*words)
    assert (status, error["code"]) == (6, code)


@pytest.mark.clause("A-snapshots-7", "A-snapshots-3", "B-4.3-2")
def test_a_version_that_exists_is_not_registered_again(repo, ask, tmp_path, monkeypatch):
    monkeypatch.chdir(repo)
    first, second = (write_linear(tmp_path / name / "model.onnx", weights) for name, weights in VERSIONS.items())
    new = ("--risk", "low", "--merge", "-m", "first")
    assert ask("register", "fraud", str(first), "--version", "1.0.0", *new)[0] == 0
    _, before = ask("show", "fraud@1.0.0")
    status, error = ask("register", "fraud", str(second), "--version", "1.0.0", "--merge", "-m", "again")
    assert (status, error["code"]) == (7, "GM-C144")
    status, error = ask("register", "fraud", str(first), "--version", "1.1.0", "--merge", "-m", "the same bytes")
    assert (status, error["code"]) == (3, "GM-P106")
    assert ask("show", "fraud@1.0.0")[1] == before
    assert [one["version"] for one in ask("list", "fraud")[1]["versions"]] == ["1.0.0"]
