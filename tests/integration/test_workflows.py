"""What the workflows hand to the judge, and that nothing of a proposal is ever checked out or run."""

import os
import subprocess

import pytest

from tests.support.act import Hosted, git, pull_request, stand_in
from tests.support.workflows import FOLDER, load, steps

# Stands where a runner brings its own gm: says what it was asked, and what of the head lies about as files.
WITNESS = """#!/bin/sh
echo "asked: $*"
find . -name evil.sh | sed 's/^/found: /'
exit ${WITNESS_STATUS:-0}
"""
PUSH = {"ref": "refs/heads/main", "repository": {"default_branch": "main"}}


@pytest.fixture
def hosted(tmp_path):
    return Hosted(tmp_path)


@pytest.fixture
def witness(tmp_path):
    return stand_in(tmp_path / "bin", WITNESS)


@pytest.fixture
def head(hosted):
    """A proposal that replaces its own gate and brings a script."""
    gate = "on: pull_request_target\njobs: {gm-policy: {runs-on: ubuntu-latest, steps: [{run: echo replaced}]}}\n"
    return hosted.commit("proposal", {".github/workflows/gm-policy.yml": gate, "evil.sh": "echo evil\n"})


def said(result, word):
    return [line.split(f"{word}: ", 1)[1] for line in result.stdout.splitlines() if f"{word}: " in line]


def test_the_gate_asks_for_the_head_against_the_tip_of_the_base(hosted, witness, head):
    newer = hosted.commit("main", {"README.md": "newer\n"})
    result = hosted.run("gm-policy.yml", "pull_request_target", pull_request(hosted.base, head), path=witness)
    assert result.returncode == 0, result.stdout
    assert said(result, "asked") == [f"-C gate.git --no-input check --base {newer} --head {head} --format github"]


def test_a_pull_request_into_anybodys_branch_brings_no_program_and_no_settings(hosted, witness, head):
    theirs = hosted.commit("theirs", {"gitops_models/_version.py": "evil\n", "gm.yaml": "forge: github\n"})
    (witness / "gm").write_text('#!/bin/sh\necho "installs: $(git -C gate.git rev-parse HEAD)"; echo "asked: $*"\n')
    event = pull_request(theirs, head, base_ref="theirs")
    result = hosted.run("gm-policy.yml", "pull_request_target", event, path=witness)
    assert said(result, "installs") == [hosted.base]
    assert said(result, "asked") == [f"-C gate.git --no-input check --base {theirs} --head {head} --format github"]


# A build backend in the repository: what installs from there runs it.
BACKEND = {
    "gitops_models/_version.py": "__version__ = '0'\n",
    "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    "backend.py": "raise SystemExit('code of the repository ran')\n",
    "venv.py": "raise SystemExit('code of the repository ran')\n",
}
# Makes what ``python3 -m venv`` makes, and a pip that says what it is to install.
VENV = """#!/bin/sh
echo "python: $*"
mkdir -p "$RUNNER_TEMP/gm/bin"
printf '#!/bin/sh\\necho "pip: $*"\\n' >"$RUNNER_TEMP/gm/bin/pip"
chmod +x "$RUNNER_TEMP/gm/bin/pip"
"""


@pytest.mark.parametrize("name", ["gm-policy.yml", "gm-lint.yml", "gm-receipt.yml", "gm-rollback.yml", "gm-audit.yml"])
def test_what_the_branch_carries_beside_its_documents_is_never_installed(hosted, tmp_path, name):
    hosted.commit("main", BACKEND)
    work, path = tmp_path / "work", tmp_path / "path"
    work.mkdir()
    path.mkdir()
    for bare in ("gate.git", "lint.git", "registry.git"):
        git(tmp_path, "clone", "--quiet", "--bare", str(hosted.remote), str(work / bare))
    (path / "python3").write_text(VENV)
    (path / "python3").chmod(0o755)
    (script,) = (step["run"] for step in steps(load((FOLDER / name).read_text())) if "Install" in step["name"])
    environment = {"PATH": f"{path}:/usr/bin:/bin", "HOME": os.environ["HOME"], "RUNNER_TEMP": str(tmp_path / "temp")}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=work,
        env={**environment, "GM_VERSION": "9.9.9"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == [
        f"python: -I -m venv {tmp_path}/temp/gm",
        "pip: install --quiet gitops-models==9.9.9",
    ]


def test_a_variable_of_the_repository_chooses_nothing_that_the_gate_fetches(hosted, witness, head):
    elsewhere = {"GM_REMOTE_URL": "file:///nowhere", "URL": "file:///nowhere"}
    event = pull_request(hosted.base, head)
    result = hosted.run("gm-policy.yml", "pull_request_target", event, path=witness, variables=elsewhere)
    assert (result.returncode, len(said(result, "asked"))) == (0, 1), result.stdout


def test_nothing_of_the_head_is_a_file_of_the_gate(hosted, witness, head):
    result = hosted.run("gm-policy.yml", "pull_request_target", pull_request(hosted.base, head), path=witness)
    assert "echo evil" not in result.stdout
    assert (said(result, "found"), "replaced" in result.stdout) == ([], False)


def test_a_denial_fails_the_gate(hosted, witness, head):
    event = pull_request(hosted.base, head)
    denied = {"WITNESS_STATUS": "3"}
    result = hosted.run("gm-policy.yml", "pull_request_target", event, path=witness, environment=denied)
    assert result.returncode == 1
    assert "exit status 3" in result.stdout


def test_the_gate_pins_what_the_repository_names(hosted, witness, head):
    event, variables = pull_request(hosted.base, head), {"GM_PIN": hosted.base}
    result = hosted.run("gm-policy.yml", "pull_request_target", event, path=witness, variables=variables)
    assert said(result, "asked")[0] == f"-C gate.git --no-input trust pin {hosted.base}"


def test_the_gate_of_a_merge_queue_judges_against_the_base_of_the_group(hosted, witness, head):
    newer = hosted.commit("main", {"README.md": "newer\n"})
    group = {"base_ref": "refs/heads/main", "base_sha": hosted.base, "head_sha": head}
    result = hosted.run("gm-policy.yml", "merge_group", {**PUSH, "merge_group": group}, path=witness)
    assert result.returncode == 0, result.stdout
    assert newer not in result.stdout
    assert said(result, "asked") == [f"-C gate.git --no-input check --base {hosted.base} --head {head} --format github"]


@pytest.mark.parametrize("head_sha", ["", "main", "--upload-pack=evil"])
def test_an_event_without_a_head_commit_fails_the_gate(hosted, witness, head_sha):
    event = pull_request(hosted.base, head_sha)
    result = hosted.run("gm-policy.yml", "pull_request_target", event, path=witness)
    assert (result.returncode, said(result, "asked")) == (1, [])


def test_the_gate_fails_when_the_head_cannot_be_fetched(hosted, witness):
    event = pull_request(hosted.base, "1" * 40)
    result = hosted.run("gm-policy.yml", "pull_request_target", event, path=witness)
    assert (result.returncode, said(result, "asked")) == (1, [])


def test_the_gate_reads_the_ledger(hosted, witness, head):
    git(hosted.clone, "push", "--quiet", "origin", f"{hosted.base}:refs/gm/changes/1234")
    (witness / "gm").write_text('#!/bin/sh\ngit -C gate.git for-each-ref --format="ref: %(refname)" refs/gm\n')
    result = hosted.run("gm-policy.yml", "pull_request_target", pull_request(hosted.base, head), path=witness)
    assert said(result, "ref") == ["refs/gm/changes/1234"]


def test_lint_asks_for_documents_only(hosted, witness, head):
    result = hosted.run("gm-lint.yml", "pull_request", pull_request(hosted.base, head), path=witness)
    assert said(result, "asked") == [
        f"-C lint.git --no-input check --documents --base {hosted.base} --head {head} --format github"
    ]


def test_lint_runs_the_tests_of_the_policy_where_the_head_has_any(hosted, witness):
    head = hosted.commit("proposal", {"policies/tests/approvals.yaml": "kind: PolicyTest\n"})
    result = hosted.run("gm-lint.yml", "pull_request", pull_request(hosted.base, head), path=witness)
    assert said(result, "asked") == [
        f"-C lint.git --no-input check --documents --base {hosted.base} --head {head} --format github",
        f"-C lint.git --no-input check --policy-tests --head {head}",
    ]
    assert said(result, "found") == []


def test_without_a_forge_no_receipt_is_asked_for(hosted, witness):
    result = hosted.run("gm-receipt.yml", "push", PUSH, path=witness)
    assert (result.returncode, said(result, "asked")) == (0, []), result.stdout


def test_without_a_forge_the_audit_verifies_and_leaves_settings_alone(hosted, witness):
    result = hosted.run("gm-audit.yml", "schedule", PUSH, path=witness, variables={"GM_PIN": hosted.base})
    asked = "\n".join(said(result, "asked")) + result.stdout
    assert (result.returncode, "verify --anew" in asked, "doctor" in asked) == (0, True, False), result.stdout


def test_an_audit_that_finds_something_fails_and_reports_all_the_same(hosted, witness):
    denied = {"WITNESS_STATUS": "5"}
    result = hosted.run("gm-audit.yml", "schedule", PUSH, path=witness, environment=denied)
    assert (result.returncode, "History (exit status 5)" in result.stdout) == (1, True), result.stdout
    assert "Version tags (exit status 5)" in result.stdout


def test_the_ping_of_a_review_ends(hosted):
    event = pull_request(hosted.base, hosted.base) | {"action": "submitted", "review": {"state": "approved"}}
    assert hosted.run("gm-review-ping.yml", "pull_request_review", event).returncode == 0


@pytest.mark.parametrize(("status", "ended"), [("0", 0), ("4", 1)])
def test_the_projects_own_checks_are_those_of_the_pushed_commit(hosted, status, ended):
    script = hosted.clone / ".ci" / "run"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\necho "checked: $(git -C source rev-parse HEAD)"\nexit {status}\n')
    script.chmod(0o755)
    pushed = hosted.commit("main", {"README.md": "pushed\n"})
    result = hosted.run("ci.yml", "push", {**PUSH, "after": pushed})
    assert (result.returncode, said(result, "checked")) == (ended, [pushed]), result.stdout
