"""The monitor whole: signals, the accepted state, a target that serves, restorations, proposals by its own key."""

import pytest

from tests.support.watchtower import Watchtower, watched


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    return watched(tmp_path_factory.mktemp("watched") / "registry.git")


@pytest.fixture
def tower(story, tmp_path, home):
    tower = Watchtower(story.copy(tmp_path / "registry.git"), tmp_path, home)
    tower.run()
    return tower


def test_a_drop_restores_the_last_known_good_at_once_and_proposes_the_rollback(tower):
    tower.says(**{"1.2.0": 0.95, "1.1.0": 0.95})
    assert tower.standing() == ["ok"]
    tower.says(**{"1.2.0": 0.89, "1.1.0": 0.95})
    assert tower.standing() == ["grace"]
    assert tower.standing() == ["pending"]
    (row,) = tower.look(minutes=1).rows
    assert (row.decision.standing.value, row.acted.problems) == ("fired", ())
    assert row.decision.reason == "0.89 is 0.06 below 0.95, more than 0.05"
    assert tower.served() == "1.1.0"
    (proposal,) = tower.proposals()
    assert (proposal.event, proposal.version, proposal.stage) == ("rollback", "1.1.0", "production")
