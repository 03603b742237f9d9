"""The server's door in real pushes: ``gm hook install`` in a bare repository, and git on the other side.

What is pushed comes from a copy of the server's repository, so its objects lie in git's quarantine while they are
judged.
"""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest

from gitops_models.store.repository import Store
from gitops_models.trust.memory import memory_path
from tests.support import stories
from tests.support.git import git_environment

MAIN = "refs/heads/main"


@pytest.fixture(scope="module")
def _server(_isolated_session, tmp_path_factory):
    """Told at the machine's own time, because the door looks at its clock."""
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
    with mock.patch("tests.support.registry.BEGIN", begin):
        server = stories.registry(tmp_path_factory.mktemp("server") / "server.git")
    server.version("fraud", "1.0.0")
    return server


@pytest.fixture
def server(_server, tmp_path):
    """A server with the hook, installed as its administrator does."""
    copy = _server.copy(tmp_path / "server.git")
    command = [sys.executable, "-m", "gitops_models", "hook", "install", str(copy.path)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return copy


@pytest.fixture
def other(_server, tmp_path):
    """Somebody's own copy, in which anything can be done."""
    return _server.copy(tmp_path / "other.git")


@pytest.fixture
def push(server, other, home):
    """Push from the copy; gives the exit status and what the server said."""

    def run(*refspecs, options=("--atomic",)):
        command = ["git", "push", *options, str(server.path), *refspecs]
        done = subprocess.run(
            command, cwd=other.path, env=git_environment(home), capture_output=True, check=False, timeout=120
        )
        return done.returncode, done.stderr.decode("utf-8", "replace")

    return run


def promoted(registry, *approvers):
    """Land a promotion in a copy; returns the ledger refs of its change."""
    known = registry.refs()
    proposal = registry.promote("fraud", "1.0.0", "staging")
    registry.approve(proposal, *approvers)
    registry.merge(proposal)
    return [name for name in registry.refs() if name.startswith("refs/gm/") and name not in known]


def refused(server, push, code, *refspecs, **options):
    """Hold that a push is refused with a code and moves nothing."""
    with server.untouched():
        status, said = push(*refspecs, **options)
        assert status == 1, said
        assert f"error[{code}]" in said, said


def test_a_promotion_with_its_acceptance_comes_in(server, other, push):
    ledger = promoted(other, "lead")
    status, said = push(f"{MAIN}:{MAIN}", *(f"{name}:{name}" for name in ledger))
    assert status == 0, said
    assert server.tip == other.tip
    assert server.live_version("fraud", "staging") == "1.0.0"


def test_the_same_promotion_without_its_acceptance_stays_out(server, other, push):
    promoted(other, "lead")
    refused(server, push, "GM-P401", f"{MAIN}:{MAIN}")


def test_half_of_a_push_does_not_come_in_without_the_other(server, other, push):
    promoted(other, "lead")
    other.commit({"policies/policy.yaml": stories.weak_policy(other)}, by="owner", land=True)
    names = [name for name in other.refs() if name.startswith("refs/gm/")]
    refused(server, push, "GM-P401", *(f"{name}:{name}" for name in (MAIN, *names)), options=())


@pytest.mark.parametrize("attack", ["rewind", "foxtrot"])
def test_a_rewritten_line_stays_out(server, other, push, attack):
    parent = other.store.commit(other.tip).parents[0]
    branch = other.commit({"x": b"x"}, parents=[other.pin])
    tree = other.store.commit(other.tip).tree
    tips = {"rewind": parent, "foxtrot": other.commit({}, parents=[branch, other.tip], tree=tree)}
    refused(server, push, "GM-T600", f"+{tips[attack]}:{MAIN}")


def test_a_ledger_ref_is_not_deleted(server, push):
    name = next(name for name in server.refs() if name.startswith("refs/gm/changes/"))
    refused(server, push, "GM-F304", f":{name}")


def test_a_mirror_of_a_copy_without_ledger_deletes_nothing(server, other, push):
    for name in other.refs():
        if name.startswith("refs/gm"):
            other.force(None, name)
    refused(server, push, "GM-F304", options=("--mirror",))


def test_a_version_tag_is_not_moved(server, other, push):
    other.tag("fraud@v1.0.0", other.tip)
    refused(server, push, "GM-F305", "+refs/tags/fraud@v1.0.0:refs/tags/fraud@v1.0.0")


def test_a_path_that_is_not_utf8_stays_out(server, other, push):
    other.commit({"models/fraud/\udcff.yaml": b"x"}, land=True)
    refused(server, push, "GM-P003", f"{MAIN}:{MAIN}")


def test_an_unreadable_memory_lets_nothing_in(server, other, push):
    other.commit({"README.md": b"x"}, land=True)
    path = memory_path(server.store.common_dir)
    kept = path.read_bytes()
    path.write_bytes(b"{")
    refused(server, push, "GM-T500", f"{MAIN}:{MAIN}")
    path.write_bytes(kept)
    assert push(f"{MAIN}:{MAIN}")[0] == 0


def test_a_hook_whose_python_is_gone_lets_nothing_in(server, other, push):
    other.commit({"README.md": b"x"}, land=True)
    hook = server.path / "hooks" / "pre-receive"
    hook.write_text(hook.read_text().replace(sys.executable, "/nonexistent/python"))
    with server.untouched():
        assert push(f"{MAIN}:{MAIN}")[0] == 1


def test_what_a_refused_push_brought_is_gone(server, other, push):
    oid = other.commit({"models/fraud/nonsense": b"only here"}, land=True)
    refused(server, push, "GM-P003", f"{MAIN}:{MAIN}")
    assert oid not in Store.open(server.path).libgit2


def test_a_proposal_branch_comes_in_and_goes(other, push):
    proposal = other.promote("fraud", "1.0.0", "staging")
    assert push(f"{proposal.ref}:{proposal.ref}")[0] == 0
    assert push(f":{proposal.ref}")[0] == 0
