"""Promotion on GitHub from end to end: the workflows, run by act against the fake, and a site that knows Git alone."""

import pytest

from tests.support import policy as documents
from tests.support.github import FakeGitHub
from tests.support.hub import PROFILE, Hub
from tests.support.sigstore_loopback import loopback

AUDITOR = "|".join(
    ["%s", *(f"%(trailers:key={key},valueonly,separator=)" for key in ("Gm-Event", "Gm-Model", "Gm-Reason"))]
)
pytestmark = pytest.mark.slow


@pytest.fixture(name="stack", scope="module")
def _stack():
    with loopback() as stack:
        yield stack


@pytest.fixture(name="hub")
def _hub(tmp_path, home, stack):
    with FakeGitHub(tmp_path / "fake") as fake:
        yield Hub(tmp_path / "site", home, fake, stack)


def test_a_pull_request_that_lowers_its_own_policy_and_replaces_the_gate_is_judged_by_the_accepted_one(hub, tmp_path):
    mark = tmp_path / "was-run"
    evil = f"on: pull_request_target\njobs: {{gm-policy: {{runs-on: ubuntu-latest, steps: [{{run: touch {mark}}}]}}}}\n"
    weak = documents.policy_yaml("minimal", **PROFILE, version=2, policy_changes={"approve": "none"})
    files = {
        "policies/policy.yaml": weak,
        ".github/workflows/gm-policy.yml": evil.encode(),
        "gm": b"#!/bin/sh\nexit 0\n",
    }
    head = hub.registry.commit(files)
    number = hub.pull(head, "weaker", title=f"$(touch {mark})", body=f"`touch {mark}`")
    status, said = hub.gate()
    assert (status, mark.exists()) == (1, False), said
    assert "GM-P401" in said
    assert hub.checks(head) == ["failure"]
    assert hub.merge(number)[0] == 405
    (comment,) = hub.api("GET", f"/issues/{number}/comments", by="admin")[1]
    assert "raio" in comment["body"]
    assert hub.registry.store.ref("refs/heads/main") == hub.tip


def test_a_promotion_from_its_pull_request_to_the_site(hub):
    opened = hub.gm("engineer", "--json", "promote", "fraud@1.1.0", "--to", "staging", "-m", "it is better")
    assert opened.status == 0, opened.err
    number, head = opened.json["number"], hub.repo.pull(1).head
    status, said = hub.gate()
    assert (status, "lacks 2 approvals" in said) == (1, True), said

    hub.review(number, "raio")
    status, said = hub.gate("pinged")
    assert (status, "lacks 1 approval" in said, "domain-lead&#58; domain" in said) == (1, True, True), said
    assert hub.checks(head) == ["failure", "failure"]
    assert hub.merge(number)[0] == 405

    hub.review(number, "domain")
    status, said = hub.gate("pinged")
    assert (status, hub.checks(head)) == (0, ["failure", "failure", "success"]), said
    assert hub.site() == "Accepted"
    code, merged = hub.merge(number)
    assert code == 200, merged
    listed = hub.team.git("log", "--first-parent", "-1", f"--format={AUDITOR}", "main")
    assert listed == "promote(fraud/staging): 1.0.0 to 1.1.0 (#1)|promotion|fraud|it is better"

    assert (hub.site(), hub.served()) == ("AwaitingReceipt", "1.0.0")
    status, said = hub.receipt()
    assert (status, "receipt of pull request 1: signed" in said) == (0, True), said
    assert (hub.site(), hub.served()) == ("Accepted", "1.1.0")
    assert hub.registry.history().steps[-1].status == "accepted"
