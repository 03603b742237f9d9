"""What gm imports before it has anything to do, and how long that takes."""

import json
import os
import resource
import subprocess
import sys

import pytest

HEAVY = ["pydantic", "pygit2", "git", "dvc", "sigstore", "rich"]
PROBE = """
import json, sys
from gitops_models.cli.run import run
try:
    status = run(sys.argv[1:])
except SystemExit as ended:
    status = ended.code
print(json.dumps([int(status or 0), sorted(set(name.split(".")[0] for name in sys.modules))]), file=sys.stderr)
"""


def imported(*words, **env):
    command = [sys.executable, "-c", PROBE, *words]
    done = subprocess.run(command, env=os.environ | env, capture_output=True, text=True, timeout=60, check=True)
    status, names = json.loads(done.stderr.splitlines()[-1])
    assert status == 0
    return done.stdout, set(names)


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["promote", "--help"], ["cause", "--help"]])
def test_what_only_prints_text_imports_nothing_heavy(words):
    out, names = imported(*words)
    assert out
    assert names.isdisjoint(HEAVY)


def test_the_version_waits_for_no_parser():
    assert "typer" not in imported("--version")[1]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("gm pro", {"promote", "proposals"}),
        ("gm promote --th", {"--through"}),
        ("gm cause ", {"open", "resolve"}),
        ("gm trust p", {"people", "pin"}),
    ],
)
def test_completion_knows_verbs_and_options_and_imports_nothing_heavy(words, offered):
    count = str(len(words.split(" ")) - 1)
    out, names = imported(_GM_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=count)
    assert set(out.split()) == offered
    assert names.isdisjoint(HEAVY)


def test_zsh_completes_too():
    out, _ = imported(_GM_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS="gm regi")
    assert "register" in out


@pytest.mark.parametrize(("shell", "word"), [("bash", "complete -o default -F"), ("zsh", "compdef")])
def test_gm_prints_the_completion_script_of_a_shell(shell, word):
    env = os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    command = [sys.executable, "-m", "gitops_models", "--show-completion", shell]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, word in done.stdout) == (0, True), done.stderr


def cpu_seconds(*command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, timeout=60, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_the_version_costs_at_most_six_bare_pythons():
    rounds = range(7)
    bare = min(cpu_seconds(sys.executable, "-c", "pass") for _ in rounds)
    ours = min(cpu_seconds(sys.executable, "-m", "gitops_models", "--version") for _ in rounds)
    assert ours <= 6 * bare
