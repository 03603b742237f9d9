"""The whole ``gm reconcile --once``, with mirror, bytes and records, killed by SIGKILL: itself, or a git it started.

Old or new is served, never a mix, and the next run heals without help. ``make sweep`` tries every point.
"""

import shutil
import signal
from collections import Counter

import pytest

from gitops_models.errors import Exit
from tests.support.killing import DEPLOYMENTS, MUTATING, TRACED, note, sample, shop_to_deploy

SAMPLE = 6
SAMPLE_CHECKED = 3

pytestmark = [*TRACED, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return shop_to_deploy(tmp_path_factory.mktemp("kills"))


@pytest.mark.clause("A-snapshots-8")
@pytest.mark.parametrize(("scenario", "old", "new"), DEPLOYMENTS)
def test_a_run_killed_anywhere_serves_old_or_new_and_the_next_one_heals(shop, kills, scenario, old, new):
    shop.back_to(scenario)
    before, after = (shop.bytes_of(version).read_bytes() if version else None for version in (old, new))
    points = kills.count(shop.clone, shop.reconciling, MUTATING)
    assert shop.served() == after
    records = shop.deployments()
    assert {"rename", "fsync", "symlink", "unlink"} <= {point.call for point in points if not point.git}
    assert len(points) >= SAMPLE
    tried, ends = sample(points, SAMPLE), Counter()
    for point in tried:
        shop.back_to(scenario)
        status = kills.kill(shop.clone, shop.reconciling, point)
        ends[status] += 1
        assert status == -signal.SIGKILL or point.git, f"{point}: {status}"
        assert shop.served() in (before, after), str(point)
        shop.reconcile()
        assert (shop.served(), shop.left_over(), shop.deployments()) == (after, [], records), str(point)
        assert "switched" not in shop.reconcile(), str(point)
    assert 1 not in ends, "a git that dies is no bug of ours"
    assert shop.git("fsck", "--full", "--strict", "--no-dangling") == ""
    note(f"reconcile {scenario}: {len(tried)} of {len(points)} points, ends {dict(ends)}")


def test_a_kill_anywhere_leaves_no_version_live_that_does_not_pass_its_check(shop, kills):
    shop.back_to("promotion")
    old, new = (shop.bytes_of(version).read_bytes() for version in ("1.0.0", "1.1.0"))
    points = kills.count(shop.clone, shop.refusing("1.1.0"), MUTATING, ends=Exit.DENIED)
    assert shop.served() == old
    assert len(points) >= SAMPLE_CHECKED
    tried, ends = sample(points, SAMPLE_CHECKED), Counter()
    for number, point in enumerate(tried):
        shop.back_to("promotion")
        status = kills.kill(shop.clone, shop.refusing("1.1.0"), point)
        ends[status] += 1
        assert status == -signal.SIGKILL or point.git, f"{point}: {status}"
        assert shop.served() in (old, new), str(point)
        if number % 2 and (shop.now / "state").exists():
            shutil.rmtree(shop.now / "state")
        shop.keeps_refusing("1.1.0", old, str(point))
    note(f"reconcile, a version that does not pass: {len(tried)} of {len(points)} points, ends {dict(ends)}")
