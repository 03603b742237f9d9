"""SIGKILL at every system call that makes something durable: old or new is served, and the next run heals."""

import shutil
import signal

import pytest

from gitops_models.delivery.results import Done, State
from tests.support.delivery import Ledger
from tests.support.disturbing import (
    copies_of,
    first_deployment,
    healing,
    leftovers,
    promotion,
    reconcile_here,
    rollback_with_quarantine,
    served,
    tracing,
)

CALLS = (
    "rename", "renameat", "renameat2", "fsync", "fdatasync", "unlink", "unlinkat", "symlink", "symlinkat", "connect",
    "rmdir", "mkdir", "chmod", "utimensat",
)  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed (apt-get install strace)"),
]


@pytest.fixture(scope="module")
def runner():
    with tracing() as made:
        yield made


@pytest.mark.clause("A-snapshots-8")
@pytest.mark.parametrize("scenario", [first_deployment, promotion, rollback_with_quarantine, healing])
def test_a_kill_at_any_durable_call_leaves_old_or_new_and_the_next_run_heals(runner, tmp_path, scenario):
    copies, arguments, allowed, final = copies_of(tmp_path, scenario)
    counts = runner.count(next(copies), arguments, CALLS)
    points = [(call, number) for call, total in sorted(counts.items()) for number in range(1, total + 1)]
    assert {"rename", "fsync", "symlink", "unlink"} <= set(counts)
    for call, number in points:
        root, at = next(copies), f"{call} {number}"
        assert runner.kill(root, arguments, call, number) == -signal.SIGKILL, at
        assert served(root) in allowed, at
        assert reconcile_here(root, *arguments).ok, at
        assert served(root) == final, at
        assert leftovers(root) == [], at
        (again,) = reconcile_here(root, *arguments).results
        assert (again.state, again.done) == (State.LIVE, Done.NOTHING), at


def test_a_switch_that_a_killed_run_made_is_recorded_once_by_the_next(runner, tmp_path):
    copies, arguments, _, final = copies_of(tmp_path, promotion)
    last = runner.count(next(copies), arguments, CALLS)["unlink"]
    root = next(copies)
    # The last unlink closes the intent; before it the switch is made.
    assert runner.kill(root, arguments, "unlink", last) == -signal.SIGKILL
    assert served(root) == final
    recorder = Ledger()
    assert reconcile_here(root, *arguments, recorder=recorder).ok
    assert [(record.result, record.version) for record in recorder.records] == [("succeeded", "1.1.0")]
    assert recorder.records[0].reason == "seen after an interrupted run"
    recorder = Ledger()
    assert reconcile_here(root, *arguments, recorder=recorder).ok
    assert recorder.records == []
