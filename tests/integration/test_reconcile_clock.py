"""A clock that jumps, to either side, between the runs of one reconciler and from one process to the next.

What is live stays live, what drifted is healed, and nothing waits for a time that a wrong clock had set.
"""

from datetime import timedelta

import pytest

from gitops_models.delivery.assemble import open_reconciler
from gitops_models.delivery.config import read_config
from gitops_models.delivery.resolve import resolve
from gitops_models.delivery.results import Done
from tests.support.delivery import content_of
from tests.support.delivery_site import NOW, STATE_PATH, Site

JUMPS = [timedelta(days=-3650), timedelta(days=-1), timedelta(seconds=-1), timedelta(days=1), timedelta(days=3650)]


@pytest.fixture
def site(tmp_path, home):
    return Site(tmp_path, home)


def spoil(site):
    file = resolve(site.srv / "fraud/production") / "model.onnx"
    file.chmod(0o644)
    file.write_bytes(b"spoiled")


def test_whatever_the_clock_says_what_is_live_stays_and_what_drifted_is_healed(site):
    assert site.run().ok
    for jump in JUMPS:
        (result,) = site.run(NOW + jump).results
        assert (result.done, result.error, site.served()) == (Done.NOTHING, None, content_of("1.0.0")), jump
        spoil(site)
        (result,) = site.run(NOW + jump).results
        assert (result.done, result.error, site.served()) == (Done.HEALED, None, content_of("1.0.0")), jump
        (result,) = site.run().results
        assert (result.done, site.served()) == (Done.NOTHING, content_of("1.0.0")), jump


@pytest.mark.parametrize("jump", JUMPS)
def test_nothing_waits_for_a_time_that_a_wrong_clock_had_set(site, jump):
    now = [NOW]
    with open_reconciler(read_config(site.config), clock=lambda: now[0], lock_wait=0.1) as reconciler:
        assert reconciler.run().ok
        away = site.remote.rename(site.root / "away")
        now[0] = NOW + jump
        site.configure(site.work.commit({STATE_PATH: site.stage_state("1.1.0")}, "Promote"))
    with open_reconciler(read_config(site.config), clock=lambda: now[0], lock_wait=0.1) as reconciler:
        site.push()
        assert not reconciler.run().ok
        assert site.served() == content_of("1.0.0")
        away.rename(site.remote)
        now[0] = NOW + timedelta(minutes=4)  # longer than any pause between two attempts
        assert reconciler.run().ok
        assert site.served() == content_of("1.1.0")


def test_a_drift_is_healed_at_once_after_the_clock_went_back(site):
    now = [NOW]
    with open_reconciler(read_config(site.config), clock=lambda: now[0], lock_wait=0.1) as reconciler:
        assert reconciler.run().ok
        for number in range(6):  # by then the pause is minutes
            now[0] = NOW + timedelta(hours=number)
            spoil(site)
            reconciler.run()
        now[0] = NOW - timedelta(days=365)
        spoil(site)
        (result,) = reconciler.run().results
    assert (result.done, site.served()) == (Done.HEALED, content_of("1.0.0"))
