"""A reconcile on a disk that fails: ENOSPC, EIO, EACCES and EROFS at each write, fsync, rename and opening.

Old or new is served, the run says that something is wrong and has no bug to confess, and the next run heals.
``make sweep`` tries every point.
"""

import shutil
from collections import Counter

import pytest

from gitops_models.delivery.results import Done, State
from gitops_models.errors import Exit
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
from tests.support.faults import FAILING, MAKING, faults
from tests.support.killing import TRACED, note, sample

SAMPLE_CHECKED = 10
SAMPLE = 15

pytestmark = [*TRACED, pytest.mark.timeout(3600)]


@pytest.mark.clause("A-snapshots-8")
@pytest.mark.parametrize("scenario", [first_deployment, promotion, rollback_with_quarantine, healing])
def test_a_disk_that_fails_at_any_call_leaves_old_or_new_and_the_next_run_heals(runner, tmp_path, scenario):
    copies, arguments, allowed, final = copies_of(tmp_path, scenario)
    points = list(faults(runner.points(next(copies), arguments, (*FAILING, *MAKING))))
    assert {"write", "fsync", "rename", "openat"} <= {point.call for point in points}
    assert len(points) >= SAMPLE
    tried, ends, failures = sample(points, SAMPLE), Counter(), []
    for point in tried:
        root = next(copies)
        status = runner.disturb(root, arguments, point.call, f"{point.how}:when={point.at}")
        ends[status] += 1
        during = served(root)
        healed = reconcile_here(root, *arguments).ok
        (again,) = reconcile_here(root, *arguments).results
        found = (healed, served(root) == final, leftovers(root), again.state, again.done)
        fine = found == (True, True, [], State.LIVE, Done.NOTHING)
        if status in (Exit.BUG, Exit.DENIED, Exit.INTEGRITY) or during not in allowed or not fine:
            failures.append(f"{point}: {status}, {during in allowed}, {found}")
    note(f"disk errors, {scenario.__name__}: {len(tried)} of {len(points)} points, ends {dict(ends)}")
    assert failures == []


@pytest.mark.parametrize("scenario", [promotion_of_what_passes, promotion_of_what_does_not_pass])
def test_a_disk_that_fails_anywhere_around_a_switch_skips_no_check(runner, tmp_path, scenario):
    copies, arguments, allowed, final = copies_of(tmp_path, scenario)
    good = scenario is promotion_of_what_passes
    ends = 0 if good else Exit.DENIED
    points = list(faults(runner.points(next(copies), arguments, (*FAILING, *MAKING), ends=ends)))
    assert len(points) >= SAMPLE_CHECKED
    tried = sample(points, SAMPLE_CHECKED)
    for number, point in enumerate(tried):
        root, at = next(copies), str(point)
        status = runner.disturb(root, arguments, point.call, f"{point.how}:when={point.at}")
        assert status not in (Exit.BUG, Exit.INTEGRITY), at
        assert served(root) in allowed, at
        if number % 2 and (root / "state").exists():
            shutil.rmtree(root / "state")
        skips_no_check(root, arguments, final, at, good=good)
    note(f"disk errors, {scenario.__name__}: {len(tried)} of {len(points)} points")
