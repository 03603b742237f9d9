"""What gm imports before it has anything to do, and how long that takes."""

import json
import os
import resource
import subprocess
import sys

import pytest

from gitops_models.errors import Exit
from tests.support.registry import Registry

HEAVY = ["pydantic", "pygit2", "git", "dvc", "sigstore", "rich", "urllib3"]
PROBE = """
import json, sys
from gitops_models.cli.run import run
try:
    status = run(sys.argv[1:])
except SystemExit as ended:
    status = ended.code
print(json.dumps([int(status or 0), sorted(sys.modules)]), file=sys.stderr)
"""
# What judging a promotion needs no part of. Everybody waits for `gm check`, and most of that time is imports.
NO_PART = [
    "dvc",
    "rich",
    "sigstore",
    "gitops_models.artifacts.digests",
    "gitops_models.delivery",
    "gitops_models.policy.lint",
    "gitops_models.policy.render.markdown",
    "gitops_models.policy.render.sarif",
    "gitops_models.policy.trials",
    "gitops_models.registry.documents.policytest",
    "gitops_models.trust.gpgsigning",
    "gitops_models.trust.keyless.bundle",
    "gitops_models.trust.keyless.provenance",
    "gitops_models.trust.oms",
    "gitops_models.trust.usersigner",
    "gitops_models.verification.kept",
    "gitops_models.verification.provenance",
    "gitops_models.workflows.merging",
]


def imported(*words, fine=0, **env):
    command = [sys.executable, "-c", PROBE, *words]
    done = subprocess.run(command, env=os.environ | env, capture_output=True, text=True, timeout=60, check=True)
    status, names = json.loads(done.stderr.splitlines()[-1])
    assert status == fine
    return done.stdout, set(names)


@pytest.fixture(scope="module")
def proposed(tmp_path_factory):
    """A promotion that waits, and the words that judge it: as a proposal, and as continuous integration does."""
    story = Registry(tmp_path_factory.mktemp("proposed") / "repository")
    story.version("fraud", "1.0.0")
    proposal = story.promote("fraud", "1.0.0", "development")
    return ["-C", str(story.path)], {
        "proposal": ["check", proposal.id],
        "commits": ["check", "--base", "main", "--head", proposal.head, "--format", "github"],
    }


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["promote", "--help"], ["cause", "--help"]])
def test_what_only_prints_text_imports_nothing_heavy(words):
    out, names = imported(*words)
    assert out
    assert names.isdisjoint(HEAVY)


def test_the_version_waits_for_no_parser():
    assert "typer" not in imported("--version")[1]


@pytest.mark.parametrize("of", ["proposal", "commits"])
def test_judging_imports_only_what_judges(proposed, of):
    here, asked = proposed
    out, names = imported(*here, *asked[of], fine=Exit.DENIED)
    assert "needs technical-lead" in out
    assert names.isdisjoint(NO_PART)


def test_judging_two_commits_reaches_no_remote(proposed):
    here, asked = proposed
    assert "git" not in imported(*here, *asked["commits"], fine=Exit.DENIED)[1]


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
