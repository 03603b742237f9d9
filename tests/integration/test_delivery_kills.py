"""SIGKILL at every system call that changes a file: old or new is served, and the next run heals.

``make sweep`` tries every one.
"""

import shutil
import signal

import pytest

from gitops_models.delivery.results import Done, State
from gitops_models.errors import Exit
from tests.support.delivery import Ledger
from tests.support.disturbing import (
    copies_of,
    first_deployment,
    healing,
    leftovers,
    promotion,
    promotion_of_what_does_not_pass,
    promotion_of_what_passes,
    reconcile_here,
    rollback_with_quarantine,
    served,
    skips_no_check,
)
from tests.support.killing import MUTATING, TRACED, note, sample

SAMPLE_CHECKED = 10
SAMPLE = 20

pytestmark = [*TRACED, pytest.mark.timeout(3600)]


@pytest.mark.clause("A-snapshots-8")
@pytest.mark.parametrize("scenario", [first_deployment, promotion, rollback_with_quarantine, healing])
def test_a_kill_at_any_call_that_changes_a_file_leaves_old_or_new_and_the_next_run_heals(runner, tmp_path, scenario):
    copies, arguments, allowed, final = copies_of(tmp_path, scenario)
    points = runner.points(next(copies), arguments, MUTATING)
    assert {"write", "rename", "fsync", "symlink", "unlink"} <= {point.call for point in points}
    assert len(points) >= SAMPLE
    tried = sample(points, SAMPLE)
    for point in tried:
        root, at = next(copies), str(point)
        assert runner.kill(root, arguments, point.call, point.when) == -signal.SIGKILL, at
        assert served(root) in allowed, at
        assert reconcile_here(root, *arguments).ok, at
        assert served(root) == final, at
        assert leftovers(root) == [], at
        (again,) = reconcile_here(root, *arguments).results
        assert (again.state, again.done) == (State.LIVE, Done.NOTHING), at
    note(f"kills, {scenario.__name__}: {len(tried)} of {len(points)} points")


def test_a_switch_that_a_killed_run_made_is_recorded_once_by_the_next(runner, tmp_path):
    copies, arguments, _, final = copies_of(tmp_path, promotion)
    last = max(point.when for point in runner.points(next(copies), arguments, ["unlink"]))
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


@pytest.mark.parametrize("scenario", [promotion_of_what_passes, promotion_of_what_does_not_pass])
def test_a_kill_anywhere_around_a_switch_skips_no_check(runner, tmp_path, scenario):
    copies, arguments, allowed, final = copies_of(tmp_path, scenario)
    good = scenario is promotion_of_what_passes
    ends = 0 if good else Exit.DENIED
    points = runner.points(next(copies), arguments, MUTATING, ends=ends)
    assert len(points) >= SAMPLE_CHECKED
    tried = sample(points, SAMPLE_CHECKED)
    for number, point in enumerate(tried):
        root, at = next(copies), str(point)
        assert runner.kill(root, arguments, point.call, point.when) == -signal.SIGKILL, at
        assert served(root) in allowed, at
        if number % 2 and (root / "state").exists():
            shutil.rmtree(root / "state")
        skips_no_check(root, arguments, final, at, good=good)
    note(f"kills, {scenario.__name__}: {len(tried)} of {len(points)} points")
