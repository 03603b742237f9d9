"""Promotion on GitHub from end to end: the committed workflows run by act against the fake, and a site with Git alone."""

import pytest

from tests.support import policy as documents
from tests.support.github import FakeGitHub
from tests.support.hub import PROFILE, Hub
from tests.support.sigstore_loopback import loopback

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
