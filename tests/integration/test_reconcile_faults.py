"""The whole ``gm reconcile --once`` on a disk that fails: ENOSPC, EIO, EACCES, EROFS at each write, fsync and rename.

The version that was live stays, or the new one is; the command says what is wrong and has no bug to confess; the next
run on a good disk heals without help. ``make sweep`` tries every point.
"""

import shutil
import signal
from collections import Counter

import pytest

from gitops_models.errors import Exit
from tests.support.faults import ERRORS, FAILING, MAKING, faults
from tests.support.killing import DEPLOYMENTS, TRACED, Point, note, sample, shop_to_deploy

SAMPLE = 4
SAMPLE_CHECKED = 3

pytestmark = [*TRACED, pytest.mark.timeout(7200)]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return shop_to_deploy(tmp_path_factory.mktemp("faults"))


def faults_of_git(points):
    """One disk error for each kind of call of each git that the command starts."""
    for point in points:
        if point.git and not point.power_cut and point.call in FAILING:
            yield Point(point.call, point.when, git=point.git, error=ERRORS[point.when % len(ERRORS)])


@pytest.mark.parametrize(("scenario", "old", "new"), DEPLOYMENTS)
def test_a_disk_that_fails_anywhere_leaves_old_or_new_and_the_next_run_heals(shop, kills, scenario, old, new):
    shop.back_to(scenario)
    before, after = (shop.bytes_of(version).read_bytes() if version else None for version in (old, new))
    found = kills.count(shop.clone, shop.reconciling, (*FAILING, *MAKING))
    points = [*faults(found), *faults_of_git(found)]
    records, ends = shop.deployments(), Counter()
    assert {"write", "fsync", "rename"} <= {point.call for point in points}
    assert len(points) >= SAMPLE
    tried = sample(points, SAMPLE)
    failures = []
    for point in tried:
        shop.back_to(scenario)
        status = kills.kill(shop.clone, shop.reconciling, point)
        ends[status] += 1
        said, served = kills.said, shop.served()
        shop.reconcile()
        healed = shop.served() == after and not shop.left_over()
        # A switch that was tried and did not come off is on record too.
        healed = healed and shop.deployments() >= records
        if status in (Exit.BUG, Exit.INTEGRITY, -signal.SIGKILL) or served not in (before, after) or not healed:
            failures.append(f"{point}: {status}, {served in (before, after)}, {healed}, {shop.left_over()}, {said}")
    note(f"disk errors, {scenario}: {len(tried)} of {len(points)} points, ends {dict(ends)}")
    assert failures == []


def test_a_disk_error_anywhere_leaves_no_version_live_that_does_not_pass_its_check(shop, kills):
    shop.back_to("promotion")
    old, new = (shop.bytes_of(version).read_bytes() for version in ("1.0.0", "1.1.0"))
    found = kills.count(shop.clone, shop.refusing("1.1.0"), (*FAILING, *MAKING), ends=Exit.DENIED)
    points = [*faults(found), *faults_of_git(found)]
    assert shop.served() == old
    assert len(points) >= SAMPLE_CHECKED
    tried, ends = sample(points, SAMPLE_CHECKED), Counter()
    for number, point in enumerate(tried):
        shop.back_to("promotion")
        status = kills.kill(shop.clone, shop.refusing("1.1.0"), point)
        ends[status] += 1
        assert status not in (Exit.BUG, Exit.INTEGRITY, -signal.SIGKILL), f"{point}: {status}, {kills.said}"
        assert shop.served() in (old, new), str(point)
        if number % 2 and (shop.now / "state").exists():
            shutil.rmtree(shop.now / "state")
        shop.keeps_refusing("1.1.0", old, str(point))
    note(f"disk errors, a version that does not pass: {len(tried)} of {len(points)} points, ends {dict(ends)}")
