"""The committed workflows and the action, read as data: what they may ask for, and what the gate never touches."""

import re
import shlex

import pytest
import yaml

from gitops_models._version import __version__
from gitops_models.cli.verbs import VERBS
from gitops_models.workflows.forgefiles import WORKFLOWS
from tests.support.workflows import (
    FOLDER,
    INSTALL,
    ROOT,
    evidence,
    foreign,
    gate_problems,
    load,
    problems,
    scripts,
    steps,
    triggers,
)

KNOWN = evidence((ROOT / "docs" / "reference" / "actions.md").read_text())
NAMES = sorted(path.name for path in FOLDER.glob("*.yml"))
WRITES = {
    "ci.yml": {"contents": "read"},
    "gm-audit.yml": {"contents": "write"},
    "gm-lint.yml": {"contents": "read"},
    "gm-policy.yml": {"contents": "read", "checks": "write", "pull-requests": "write"},
    "gm-receipt.yml": {"contents": "write", "id-token": "write", "pull-requests": "read"},
    "gm-review-ping.yml": {},
    "gm-rollback.yml": {"contents": "write", "pull-requests": "write", "checks": "write"},
}
EVENTS = {
    "ci.yml": {"push", "pull_request"},
    "gm-audit.yml": {"schedule", "workflow_dispatch"},
    "gm-lint.yml": {"pull_request"},
    "gm-policy.yml": {"pull_request_target", "merge_group", "workflow_run"},
    "gm-receipt.yml": {"push"},
    "gm-review-ping.yml": {"pull_request_review"},
    "gm-rollback.yml": {"workflow_dispatch", "repository_dispatch"},
}
GATE = (FOLDER / "gm-policy.yml").read_text()


def read(name):
    return load((FOLDER / name).read_text())


def test_every_workflow_is_known_to_these_tests():
    assert NAMES == sorted(WRITES) == sorted(EVENTS)


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_asks_for_exactly_what_it_needs(name):
    document = read(name)
    assert problems(document, KNOWN) == []
    assert set(triggers(document)) == EVENTS[name]
    assert [job["permissions"] for job in document["jobs"].values()] == [WRITES[name]]


def test_the_action_takes_its_inputs_through_the_environment():
    document = load((ROOT / "action.yml").read_text())
    assert problems(document, KNOWN) == []
    given = " ".join(str(step.get("env")) for step in document["runs"]["steps"])
    assert [name for name in document["inputs"] if f"inputs.{name} " not in given] == []


def test_the_gate_runs_nothing_of_the_head_and_asks_for_no_more_than_it_needs():
    assert gate_problems(load(GATE), KNOWN) == []


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("  merge_group:\n", "  merge_group:\n  pull_request:\n", "triggers"),
        ("[gm-review-ping]", "[gm-review-ping, anything]", "other workflow_run"),
        ("contents: read #", "contents: write #", "permissions of gm-policy"),
        ("permissions: {}\n", "permissions: read-all\n", "permissions at the top"),
        ("    timeout-minutes: 15\n", "", "no timeout"),
        ("    timeout-minutes: 15\n", "    timeout-minutes: 15\n    if: github.actor != 'me'\n", "may be skipped"),
        ("    timeout-minutes: 15\n", "    timeout-minutes: 15\n    continue-on-error: true\n", "goes on after"),
        ("      - name: Judge\n", "      - name: Judge\n        if: always()\n", "a step may be skipped"),
        ("PIN: ${{ vars.GM_PIN }}", "PIN: ${{ secrets.PIN }}", "names a secret"),
        ("          status=0\n", "          echo ${{ github.event.pull_request.title }}\n", "interpolates"),
        ("          status=0\n", "          git -C gate.git checkout main\n", "touches the head"),
        ("          status=0\n", "          git -C gate.git archive refs/gate/head | tar -x\n", "touches the head"),
        ("          status=0\n", '          git -C gate.git show "$HEAD_SHA:run.sh" | bash\n', "touches the head"),
        ("          status=0\n", '          echo "A=b" >>"$GITHUB_ENV"\n', "environment of later steps"),
        ("      - name: Judge\n", "      - uses: actions/checkout@v4\n      - name: Judge\n", "no evidence for"),
    ],
)
def test_a_gate_that_was_weakened_is_noticed(was, becomes, said):
    assert was in GATE
    assert [found for found in gate_problems(load(GATE.replace(was, becomes, 1)), KNOWN) if said in found]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_what_is_installed_runs_nothing_of_the_repository_that_it_fetched(name):
    document = read(name)
    assert foreign(document) == []
    installing = [step["run"] for step in steps(document) if step["name"].startswith("Install gm")]
    assert [tuple(script.splitlines()) for script in installing] == ([] if name == "gm-review-ping.yml" else [INSTALL])


@pytest.mark.parametrize(
    "line",
    [
        "mkdir source && git -C gate.git archive HEAD | tar --extract --directory=source",
        '"$RUNNER_TEMP/gm/bin/pip" install --quiet ./source',
        '"$RUNNER_TEMP/gm/bin/pip" install --quiet gate.git',
        "git -C gate.git --work-tree=. checkout HEAD -- tools",
        "git -C gate.git show HEAD:run.sh | bash",
        "git -C gate.git show HEAD:run.py | python3",
        "python3 -m tools",
        "./tools/run",
        ". tools/run",
    ],
)
def test_a_workflow_that_runs_what_it_fetched_is_noticed(line):
    weak = GATE.replace("          status=0\n", f"          {line}\n", 1)
    assert foreign(load(weak)) == [f"may run what was fetched: {line}"]


def test_no_variable_of_the_repository_chooses_what_is_fetched():
    weak = GATE.replace(
        "PIN: ${{ vars.GM_PIN }}", "PIN: ${{ vars.GM_PIN }}\n          GM_REMOTE_URL: ${{ vars.WHERE }}", 1
    )
    assert foreign(load(weak)) == ["chosen by a variable: WHERE"]


def test_a_token_goes_to_the_server_of_the_run_alone():
    for name in NAMES:
        lines = [line for script in scripts(read(name)) for line in script.splitlines()]
        assert [line for line in lines if "extraheader" in line.lower() or "credential.helper" in line] == []
        asked = [line for line in lines if "credential." in line]
        assert [line for line in asked if "credential.$GITHUB_SERVER_URL.helper" not in line] == []


def test_keys_are_secrets_of_an_environment_of_their_own():
    for name in NAMES:
        document = read(name)
        for job in document["jobs"].values():
            named = set(re.findall(r"secrets\.(\w+)", str(job)))
            assert job.get("environment") == (document["name"] if named else None)


def test_judgements_queue_and_none_is_cut_short():
    assert load(GATE)["concurrency"]["cancel-in-progress"] is False


def test_before_anything_of_a_proposal_is_fetched_the_check_is_put_back():
    (fetch, *_) = scripts(load(GATE))
    held = fetch.index('"status": "in_progress"')
    assert fetch.index('"+refs/heads/$DEFAULT:refs/heads/$DEFAULT"') < held < fetch.index("$HEAD_SHA:refs/gate/head")


def test_the_ping_does_nothing():
    assert scripts(read("gm-review-ping.yml")) == ["true"]
    assert triggers(read("gm-review-ping.yml"))["pull_request_review"]["types"] == ["submitted", "edited", "dismissed"]


def test_the_gate_waits_for_the_ping_by_its_name():
    assert triggers(load(GATE))["workflow_run"]["workflows"] == [read("gm-review-ping.yml")["name"]]


def test_judgements_of_one_head_share_a_group_whatever_started_them():
    group = load(GATE)["concurrency"]["group"]
    for event in ("pull_request.head.sha", "merge_group.head_sha", "workflow_run.head_sha"):
        assert f"github.event.{event}" in group


def test_a_row_of_evidence_needs_a_whole_commit_id_and_somebody_who_read_it():
    row = "| action | SHA | read by, on |\n|---|---|---|\n| `actions/checkout` | `{}` | {} |\n"
    assert evidence(row.format("1" * 40, "ada, 2026-11-22")) == {f"actions/checkout@{'1' * 40}"}
    assert evidence(row.format("v4", "ada, 2026-11-22")) == set()


def test_the_workflows_install_the_version_that_this_is():
    for name in NAMES:
        text = (FOLDER / name).read_text()
        assert f"GM_VERSION: {__version__}\n" in text or "GM_VERSION" not in text


def test_the_hooks_for_pre_commit_run_verbs_that_exist():
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert set(hooks) == {"gm-check", "gm-schema", "gm-immutable"}
    for hook in hooks.values():
        program, verb, *_ = shlex.split(hook["entry"])
        assert (program, verb in VERBS) == ("gm", True)
        assert (hook["language"], hook["pass_filenames"]) == ("python", False)


def test_every_variable_secret_and_workflow_stands_in_the_reference():
    page = (ROOT / "docs" / "reference" / "workflows.md").read_text()
    texts = [(FOLDER / name).read_text() for name in NAMES]
    named = {name for text in texts for name in re.findall(r"\b(?:vars|secrets)\.(\w+)", text)}
    assert named
    assert {name for name in named if f"| `{name}` |" not in page} == set()
    assert {name for name in NAMES if name != "ci.yml" and f"| `{name}` |" not in page} == set()
