"""The events of the fake have what every published event of GitHub has, and the client reads them."""

import functools
import json
from pathlib import Path

import pytest

from gitops_models.forge.github.webhooks import parse_event
from tests.support.github.work import HOME, Work, peopled

EXAMPLES = Path(__file__).resolve().parents[2] / ".cache" / "webhooks-examples" / "7.6.1"
READ = {"pull_request", "pull_request_review", "push", "workflow_run", "check_run", "deployment_status"}
# What says who is told and not what happened: an App's installation, its rights, when a name was not yet known.
OTHERS = ("/installation", "/check_run/app/permissions/", "/check_run/check_suite/app/", "/head_commit/author/username")


@functools.cache
def examples():
    if not EXAMPLES.is_dir():
        pytest.skip(f"GitHub's example events are not in {EXAMPLES}: make peers")
    said = json.loads((EXAMPLES / "api.github.com" / "index.json").read_text(encoding="utf-8"))
    return {one["name"]: one["examples"] for one in said}


def common(one, other):
    """The fields that both have."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return one if isinstance(one, dict) else other
    return {name: common(one[name], other[name]) for name in one.keys() & other.keys()}


def missing(ours, theirs, path=""):
    """Paths of fields that ``theirs`` has and ``ours`` has not; what is null has no fields."""
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return
    for name, value in theirs.items():
        if name in ours:
            yield from missing(ours[name], value, f"{path}/{name}")
        elif not f"{path}/{name}".startswith(OTHERS):
            yield f"{path}/{name}"


@pytest.fixture
def events(shared_data, tmp_path, home, monkeypatch):  # noqa: ARG001 - skips where it is absent
    with peopled(tmp_path / "github", monkeypatch) as fake:
        repo = fake.repository("acme", "registry")
        work = Work(fake, repo, tmp_path / "work", home)
        number = work.propose()
        head = repo.pull(number).head
        fake.ask("lead", "POST", f"{HOME}/pulls/{number}/reviews", {"event": "APPROVE"})
        check = {
            "name": "gm-policy",
            "head_sha": head,
            "conclusion": "success",
            "output": {"title": "a", "summary": "b"},
        }
        fake.ask("gm[bot]", "POST", f"{HOME}/check-runs", check)
        work.commit("change", {"c.txt": "c\n"})
        repo.workflow_run("gm-review-ping", "pull_request_review", repo.pull(number).head, number=number)
        made = repo.merge_on_page(number, by="lead")
        wanted = {"ref": made, "auto_merge": False, "required_contexts": []}
        deployed = fake.ask("gm[bot]", "POST", f"{HOME}/deployments", wanted).data["id"]
        fake.ask("gm[bot]", "POST", f"{HOME}/deployments/{deployed}/statuses", {"state": "success"})
        yield list(fake.events)


def test_events_have_what_every_published_example_has_and_are_read(events):
    lacking = {}
    for name, body in events:
        known = examples().get(name, [])
        same = [each for each in known if each.get("action") == body.get("action")] or known
        found = list(missing(body, functools.reduce(common, same))) if same else []
        lacking |= {f"{name} {body.get('action')}": found} if found else {}
        if name in READ:
            parse_event(name, json.dumps(body).encode())
    assert {name for name, _ in events} >= READ
    assert lacking == {}
