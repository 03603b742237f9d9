"""What GitHub, or whoever answers in its place, can send: events and the links of lists and redirects."""

import json
import re
from urllib.parse import urlsplit

from gitops_models.errors import GmError
from gitops_models.forge.github import address, answers, fields, reading, reading_settings, webhooks
from gitops_models.registry.text import UNSAFE
from tests.fuzz.engine import Target

API = address.parse_address("https://ghe.example/api/v3")
OID = "0f" * 20
ADA = {"id": 7, "login": "ada", "type": "User"}
SIDE = {"sha": OID, "ref": "main", "repo": {"id": 42}}
PULL = {"number": 1, "state": "open", "title": "t", "body": None, "head": SIDE, "base": SIDE, "user": ADA, "labels": []}
REVIEW = {"id": 3, "user": ADA, "state": "approved", "commit_id": OID, "submitted_at": "2026-11-22T08:00:00Z"}
CHECK = {"id": 3, "name": "gm", "head_sha": OID, "status": "completed", "conclusion": "success", "app": {"id": 1}}
RUN = {"id": 1, "name": "n", "path": "p", "event": "push", "head_sha": OID, "status": "queued", "pull_requests": [PULL]}
DEPLOYMENT = {"id": 1, "sha": OID, "environment": "production/fraud", "payload": {}, "task": "deploy"}
PARTS = {
    "pull_request": {"pull_request": PULL},
    "pull_request_review": {"pull_request": PULL, "review": REVIEW},
    "push": {"ref": "refs/heads/main", "before": OID, "after": OID, "created": False, "deleted": False, "forced": True},
    "workflow_run": {"workflow_run": RUN},
    "check_run": {"check_run": CHECK},
    "deployment_status": {"deployment": DEPLOYMENT, "deployment_status": {"id": 2, "state": "success"}},
}
HOME = {"id": 42, "full_name": "acme/registry"}
SEEDS = [
    json.dumps({"event": name, "repository": HOME, "sender": ADA, **parts}).encode() for name, parts in PARTS.items()
]
SEEDS += [b"https://ghe.example/api/v3/user?page=2", b"/api/v3/repositories/42", b"../x", b"//eve.example/api/v3/user"]
WORDS = [
    *(f'"event": "{name}"'.encode() for name in PARTS),
    b"null",
    b"true",
    b"-1",
    b"1e9",
    b'"\\u001b[2J"',
    b'"\\ud800"',
    b'"CHANGES_REQUESTED"',
    b"[",
    b"{",
    b"@",
    b"..",
    b"%2e%2e",
    b"https://",
]


def read(data):
    """An event that is accepted has ids, object ids and names that can be shown; a link that is followed stays."""
    if data[:1] != b"{":
        _follow(data.decode("latin-1"))
        return
    said = answers.parse_json(data, "the event")
    found = webhooks.parse_event(str(said.get("event")), data)
    assert found.origin.repository >= 0
    assert not UNSAFE.search(found.origin.full_name + found.origin.action)
    review = getattr(found, "review", None)
    if review is not None:
        assert review.commit is None or re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", review.commit)
        assert type(review.id) is int
        assert not UNSAFE.search(review.state)


def _follow(link):
    parts = API.within(link, "/api/v3/user")
    if parts is None:
        return
    again = urlsplit(parts.geturl())
    assert (again.scheme, again.netloc.lower()) in {("https", "ghe.example"), ("https", "ghe.example:443")}
    assert again.path.startswith("/api/v3/")


def target():
    """What GitHub sends, as one target."""
    modules = (address, answers, fields, reading, reading_settings, webhooks)
    return Target("GitHub", read, modules, SEEDS, WORDS, (GmError,), 3)
