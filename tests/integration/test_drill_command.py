"""gm drill as people and scripts meet it."""

import pytest

from tests.support.registry import NO_EVIDENCE, PEOPLE, SHORT
from tests.support.station import Station, one_version
from tests.support.team import Team, gm


@pytest.mark.clause("A-testing-9")
def test_a_drill_says_how_long_the_way_back_takes_records_it_and_status_knows(tmp_path, home):
    rollback = {"hold": True, "drill_every_days": 30}
    team = Team(tmp_path, home, PEOPLE, policy="minimal", **{**NO_EVIDENCE, **SHORT, "rollback": rollback})
    for version in ("1.0.0", "1.1.0"):
        one_version(team.registry, version)
    (tmp_path / "site").mkdir()
    station = Station(team.registry, tmp_path / "site", home)
    clone = team.clone("operator")
    before = team.git("for-each-ref")
    dry = gm(clone, "drill", "fraud", "--config", str(station.config), "--dry-run")
    assert dry.status == 0, dry.err
    row = dry.out.splitlines()[1].split()
    assert row[:5] == ["fraud", "production", "1.1.0", "1.0.0", "succeeded"]
    assert team.git("for-each-ref") == before
    ran = gm(clone, "drill", "--stage", "production", "--config", str(station.config), "--json")
    assert ran.status == 0, ran.err
    (drill,) = ran.json["drills"]
    assert (ran.json["kind"], ran.json["ok"], drill["to"], drill["code"]) == ("Drill", True, "1.0.0", None)
    assert drill["seconds"] > 0
    assert "refs/gm/drills" in team.git("for-each-ref")
    status = gm(clone, "status", "--json").json
    (stage,) = (stage for stage in status["stages"] if stage["stage"] == "production")
    assert (stage["drill"]["worked"], stage["drill"]["seconds"]) == (True, drill["seconds"])
    assert status["drills"] == []


def test_a_drill_that_fails_says_why_and_ends_with_its_status(tmp_path, home):
    team = Team(tmp_path, home, PEOPLE, policy="minimal", **{**NO_EVIDENCE, **SHORT})
    one_version(team.registry, "1.0.0")
    ran = gm(team.clone("operator"), "drill", "fraud", "--no-push", "--json")
    assert (ran.status, ran.error["code"]) == (6, "GM-P510")
    assert [one["result"] for one in ran.json["drills"]] == ["failed", "failed"]
    assert "refs/gm/drills" not in team.git("for-each-ref")
