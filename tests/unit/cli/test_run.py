"""One run of gm: errors, interrupts and closed pipes become exit statuses, never tracebacks."""

import json
import os
import signal
import subprocess
import sys

import pytest

from gitops_models._version import __version__
from gitops_models.cli.run import run

GM = [sys.executable, "-m", "gitops_models"]


def test_version_is_one_line_of_data(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_an_unknown_verb_is_a_usage_error_with_a_guess(capsys):
    assert run(["statsu"]) == 2
    shown = capsys.readouterr().err
    assert "error[GM-C002]: No such command 'statsu'. Did you mean 'status'?" in shown


def test_a_usage_error_in_json_is_one_object(capsys):
    assert run(["promote", "--json"]) == 2
    error = json.loads(capsys.readouterr().err)["error"]
    assert (error["code"], error["docs"]) == ("GM-C002", "docs/reference/codes.md#gm-c002")
    assert "gm promote --help" in error["hint"]


def test_what_follows_two_dashes_is_no_option(capsys):
    assert run(["show", "--nope", "--", "--json"]) == 2
    assert capsys.readouterr().err.startswith("error[GM-C002]")


@pytest.mark.parametrize("words", [[], ["status"], ["list"], ["log"], ["proposals"], ["show", "fraud"]])
def test_outside_a_repository_gm_says_so(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(words) == 6
    assert capsys.readouterr().err.startswith("error[GM-S001]: ")


@pytest.mark.parametrize("where", ["gitops_models.cli.app.build", "gitops_models.workflows.session.open_session"])
def test_ctrl_c_ends_with_130_and_no_traceback(where, monkeypatch, capsys):
    def interrupted(*_args, **_settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(where, interrupted)
    assert run(["status"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_ctrl_c_from_the_terminal_ends_with_130(tmp_path):
    assert run(["-C", str(tmp_path), "--no-input", "init", "--name", "Ada", "--email", "ada@example.org"]) == 0
    watching = subprocess.Popen(
        [*GM, "status", "--watch"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert watching.stderr is not None
    assert watching.stderr.readline().startswith("next: ")  # from here on it only waits
    watching.send_signal(signal.SIGINT)
    _, said = watching.communicate(timeout=60)
    assert (watching.returncode, said) == (130, "interrupted: nothing is half done, run the command again\n")


def test_a_closed_pipe_is_no_error(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        done = subprocess.run(
            [*GM, "--help"], cwd=tmp_path, stdout=closed, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("flags", [[], ["-v"]])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device", "/srv/x"), OSError("failed to write: full")])
def test_a_machine_that_refuses_is_no_bug(monkeypatch, capsys, error, flags):
    def broken(*_args, **_settings):
        raise error

    monkeypatch.setattr("gitops_models.workflows.session.open_session", broken)
    assert run(["status", *flags]) == 9
    said = capsys.readouterr().err
    assert said.startswith(f"error[GM-C003]: {error.strerror or error}\n")
    assert ("/srv/x" in said) == (error.filename is not None)


def test_a_bug_has_a_code_and_a_traceback_only_on_request(monkeypatch, capsys):
    def broken(*_args, **_settings):
        raise ZeroDivisionError("boom")

    monkeypatch.setattr("gitops_models.workflows.session.open_session", broken)
    assert run(["status"]) == 1
    assert capsys.readouterr().err.startswith("error[GM-C001]: ZeroDivisionError: boom\n")
    with pytest.raises(ZeroDivisionError):
        run(["status", "-v"])
