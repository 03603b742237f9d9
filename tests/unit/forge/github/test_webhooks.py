"""Events of GitHub: every published example is read, and what differs from them is not guessed at."""

import copy
import json
from pathlib import Path

import pytest

from gitops_models.errors import GmError
from gitops_models.errors.codes import Exit
from gitops_models.forge.github import webhooks
from gitops_models.forge.github.webhooks import parse_event

EXAMPLES = Path(__file__).resolve().parents[4] / ".cache" / "webhooks-examples" / "7.6.1"
SHARES = {
    "pull_request": 29,
    "pull_request_review": 4,
    "push": 7,
    "workflow_run": 5,
    "check_run": 9,
    "deployment_status": 4,
}
KINDS = {
    "pull_request": webhooks.PullRequestEvent,
    "pull_request_target": webhooks.PullRequestEvent,
    "pull_request_review": webhooks.ReviewEvent,
    "push": webhooks.PushEvent,
    "workflow_run": webhooks.WorkflowRunEvent,
    "check_run": webhooks.CheckRunEvent,
    "deployment_status": webhooks.DeploymentStatusEvent,
}
OID = "0f" * 20
ADA = {"id": 7, "login": "ada", "type": "User"}
HOME = {"id": 42, "full_name": "acme/registry"}


def pull(**changes):
    made = {
        "number": 12,
        "state": "open",
        "title": "promote",
        "body": None,
        "head": {"sha": OID, "ref": "gm/promote", "repo": {"id": 42}},
        "base": {"sha": OID, "ref": "main"},
        "user": ADA,
        "labels": [{"name": "gm"}],
    }
    return made | changes


def review(**changes):
    made = {"id": 3, "user": ADA, "state": "approved", "commit_id": OID, "submitted_at": "2026-11-22T08:00:00Z"}
    return made | changes


def event(**parts):
    return {"action": "submitted", "repository": HOME, "sender": ADA, **parts}


def refused(name, payload, code="GM-F408"):
    with pytest.raises(GmError) as caught:
        parse_event(name, payload)
    assert caught.value.code == code
    return caught.value


@pytest.mark.parametrize("name", SHARES)
def test_every_published_example_is_read(name):
    if not EXAMPLES.is_dir():
        pytest.skip(f"GitHub's example events are not in {EXAMPLES}: make peers")
    read = 0
    for path in sorted(EXAMPLES.glob("*/index.json")):
        named = {one["name"]: one["examples"] for one in json.loads(path.read_text(encoding="utf-8"))}
        if path.parent.name == "api.github.com":
            assert len(named[name]) == SHARES[name]
        for example in named.get(name, []):
            found = parse_event(name, json.dumps(example).encode())
            assert isinstance(found, KINDS[name])
            assert found.origin.repository == example["repository"]["id"]
            assert found.origin.action == example.get("action", "")
            read += 1
    assert read >= SHARES[name]


def test_a_review_is_read_in_the_words_of_the_api():
    found = parse_event("pull_request_review", event(pull_request=pull(), review=review(state="changes_requested")))
    assert (found.review.state, found.review.commit, found.review.account.id) == ("changes-requested", OID, 7)
    assert (found.pull.number, found.pull.labels, found.pull.body, found.pull.draft) == (12, ("gm",), "", False)


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target"])
def test_both_kinds_of_runs_on_a_pull_request_have_one_event(name):
    assert parse_event(name, event(pull_request=pull())).pull.head == OID


def test_a_merge_commit_is_told_of_merged_pull_requests_only():
    trial = pull(merge_commit_sha="a1" * 20, merged_at=None)
    assert parse_event("pull_request", event(pull_request=trial)).pull.merge_commit is None
    merged = pull(merge_commit_sha="a1" * 20, merged_at="2026-11-22T08:00:00Z", state="closed")
    found = parse_event("pull_request", event(pull_request=merged)).pull
    assert (found.merged, found.merge_commit) == (True, "a1" * 20)


def test_new_fields_and_new_words_are_fine():
    said = event(pull_request=pull(state="queued", shiny={"deep": [1]}), review=review(state="VETOED_HARD"), extra=1)
    found = parse_event("pull_request_review", json.dumps(said).encode())
    assert (found.pull.state, found.review.state) == ("queued", "vetoed-hard")


@pytest.mark.parametrize("nobody", [None, {"id": 10137, "login": "ghost", "type": "User"}])
def test_a_deleted_account_is_nobody(nobody):
    found = parse_event("pull_request_review", event(pull_request=pull(user=nobody), review=review(user=nobody)))
    assert (found.pull.author, found.review.account) == (None, None)


def test_a_deleted_fork_has_no_id():
    gone = pull(head={"sha": OID, "ref": "x", "repo": None})
    assert parse_event("pull_request", event(pull_request=gone)).pull.head_repository is None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("repository",), None),
        (("repository", "id"), "42"),
        (("pull_request",), []),
        (("pull_request", "number"), True),
        (("pull_request", "number"), -1),
        (("pull_request", "number"), 2**63),
        (("pull_request", "number"), 1.0),
        (("pull_request", "state"), ""),
        (("pull_request", "state"), "x" * 1025),
        (("pull_request", "draft"), "no"),
        (("pull_request", "merged_at"), "yesterday"),
        (("pull_request", "labels"), {}),
        (("pull_request", "labels"), ["gm"]),
        (("pull_request", "head", "sha"), OID[:39]),
        (("pull_request", "head", "sha"), OID.upper()),
        (("review", "id"), None),
        (("review", "state"), 1),
        (("review", "user"), "ada"),
        (("review", "user"), {"id": None, "login": "ada"}),
        (("review", "commit_id"), "HEAD"),
        (("review", "submitted_at"), "2026-11-22T08:00:00+01:00"),
    ],
)
def test_a_field_that_is_used_is_never_guessed(path, value):
    said = copy.deepcopy(event(pull_request=pull(), review=review()))
    inner = said
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    refused("pull_request_review", said)


def test_what_a_terminal_would_act_on_is_visible():
    said = event(pull_request=pull(user=ADA | {"login": "ada\x1b[2J"}), review=review(state="appro\u202eved"))
    found = parse_event("pull_request_review", said)
    assert (found.pull.author.login, found.review.state) == ("ada\\x1b[2J", "appro\\u202eved")


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b"{", b"\xff{}", b'{"action": "a", "action": "b"}', b'{"action": NaN}', b"[" * 100_000],
)
def test_what_is_no_strict_json_is_no_event(payload):
    refused("push", payload)


def test_an_event_that_is_too_large_is_not_read(monkeypatch):
    monkeypatch.setattr(webhooks, "MOST_BYTES", 10)
    refused("push", b"{" + b" " * 10 + b"}")


def test_an_event_that_gm_has_no_use_for_is_named():
    error = refused("star\x1b", {}, "GM-F412")
    assert (error.exit_status, error.message) == (Exit.USAGE, "`star\\x1b` is no event that gm reads")
