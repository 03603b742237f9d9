"""``gm approve`` and ``gm merge`` on a step that landed without its acceptance, as the command line runs them."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest

from tests.support import stories


@pytest.fixture
def server(tmp_path):
    """A server without the door, on which a promotion was merged with plain git."""
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    with mock.patch("tests.support.registry.BEGIN", begin):
        registry = stories.registry(tmp_path / "server.git")
    registry.version("fraud", "1.0.0")
    proposal = registry.promote("fraud", "1.0.0", "staging")
    registry.merge_by_hand(proposal.head)
    registry.force(None, proposal.ref)
    return registry


@pytest.fixture
def gm(server, tmp_path, home):
    """Run gm in the clone of a person; gives exit status, the object on stdout and the text on stderr."""

    def run(person, *words):
        path = tmp_path / person
        if not path.exists():
            server.clone_for(person, path, home)
        command = [sys.executable, "-m", "gitops_models", "-C", str(path), "--json", "--no-input", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=os.environ)
        return done.returncode, json.loads(done.stdout or "null"), done.stderr

    return run


def test_the_approval_that_completes_the_quorum_releases_the_step(server, gm):
    step = server.tip
    status, verdict, _ = gm("lead", "check", step[:12])
    assert (status, verdict["allowed"]) == (3, False)
    status, said, _ = gm("engineer", "approve", step[:12])
    assert (status, said["released"], server.live_version("fraud", "staging")) == (0, False, None)
    status, said, _ = gm("lead", "approve", step[:12])
    assert (status, said["released"], server.live_version("fraud", "staging")) == (0, True, "1.0.0")
    status, _, said = gm("lead", "approve", step[:12])
    assert (status, "GM-F101" in said) == (6, True)


def test_merging_the_step_records_the_acceptance_that_was_missing(server, gm):
    step, change = server.tip, server.history().steps[-1].change_id
    status, _, said = gm("operator", "merge", change[:8])
    assert (status, "GM-P401" in said) == (3, True)
    assert gm("lead", "approve", change[:8], "--reject")[1]["released"] is False
    assert gm("lead", "approve", change[:8], "--out", str(server.path.parent / "a.json"))[1]["released"] is False
    assert gm("operator", "trust", "ledger", "add", str(server.path.parent / "a.json"))[0] == 0
    status, said, _ = gm("operator", "merge", change[:8])
    assert (status, said["released"], said["step"]) == (0, True, step)
