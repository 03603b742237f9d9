"""What the monitor shares with whoever reconciles: what was begun is ended by either, bytes at hand are so for both."""

import shutil
from unittest import mock

import pytest

from gitops_models.delivery.assemble import open_reconciler
from gitops_models.delivery.config import read_config
from gitops_models.delivery.switching import Switching
from tests.support.watchtower import Watchtower, watched

GOOD = {"1.2.0": 0.95, "1.1.0": 0.95, "1.0.0": 0.95}
BAD = {**GOOD, "1.2.0": 0.89}


class Killed(BaseException):
    pass


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    return watched(tmp_path_factory.mktemp("watched") / "registry.git")


@pytest.fixture
def tower(story, tmp_path, home):
    return Watchtower(story.copy(tmp_path / "registry.git"), tmp_path, home)


def about_to_fire(tower):
    tower.says(**GOOD)
    tower.look()
    tower.says(**BAD)
    tower.look(minutes=1)


def test_a_restore_whose_monitor_was_killed_is_validated_and_recorded_by_the_reconciler(tower):
    tower.run()
    about_to_fire(tower)
    with mock.patch.object(Switching, "_validate", side_effect=Killed), pytest.raises(Killed):
        tower.look(minutes=1)
    assert (tower.served(), [one.body.version for one in tower.records()]) == ("1.1.0", ["1.2.0"])
    for _ in range(2):
        assert (tower.run().results[0].live, tower.look().problems) == ("1.1.0", ())
    bodies = [(one.body.version, one.body.result) for one in tower.records()]
    assert bodies == [("1.2.0", "succeeded"), ("1.1.0", "succeeded")]
    assert tower.records()[-1].body.override is not None
    assert not [path for path in (tower.root / "state").rglob("journal/**/*") if path.is_file()]
    assert len(tower.proposals()) == 1


def test_what_was_fetched_ahead_is_restored_without_a_network(tower):
    with open_reconciler(read_config(tower.config), clock=tower.now, lock_wait=0.1) as reconciler:
        reconciler.run()
        reconciler.run()
        reconciler.prefetch.work()
    about_to_fire(tower)
    shutil.move(tower.root / "dvc", tower.root / "away")
    with tower.down():
        (row,) = tower.look(minutes=1).rows
    assert (row.decision.standing.value, tower.served()) == ("fired", "1.1.0")
    assert [error.code for error in row.acted.problems] == ["GM-S201"]
    assert not (tower.root / "state/monitor/content").exists()
