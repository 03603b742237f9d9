"""The exposure clock from end to end: what a rollback tells, what the reconciler records, what people read."""

from datetime import timedelta
from itertools import pairwise

import pytest

from gitops_models.audit.selection import Wanted
from gitops_models.cli.clocks import exposure_body, exposure_row_lines
from gitops_models.registry.times import format_time, parse_time
from gitops_models.workflows.inspect import log
from tests.support.git import run_git
from tests.support.station import Station, emergency

ORDER = ("deployed", "detected", "initiated", "authorized", "merged", "restored", "validated")


@pytest.fixture
def station(tmp_path, home):
    """1.2.0 is served; an hour later it is seen to be bad, and ten minutes after that led back."""
    made = Station(emergency(tmp_path / "registry"), tmp_path, home)
    made.run()
    assert made.served() == "1.2.0"
    made.clock.tick(hours=1)
    return made


def lead_back(station, **fields):
    seen = station.now()
    station.clock.tick(minutes=10)
    proposal = station.registry.rollback("fraud", stage="production", detected=seen, **fields)
    station.clock.tick(minutes=5)
    station.clock.tick(minutes=2)
    station.registry.merge(proposal, by="operator")
    station.clock.tick(seconds=3)
    return seen, proposal


def times(body):
    return {name: at for name in ORDER if (at := getattr(body, name)) is not None}


@pytest.mark.clause("A-summary-6")
def test_the_record_of_a_rollback_carries_the_whole_clock(station):
    (first,) = station.records()
    assert times(first.body) == {}
    rows = log(station.registry.session("operator"), Wanted(model="fraud", event="promoted"))
    assert {row.exposure for row in rows} == {None}
    assert (exposure_body(rows[0]), [*exposure_row_lines(rows[0])]) == (None, [])
    seen, _ = lead_back(station)
    station.run()
    assert station.served() == "1.1.0"
    body = station.records()[-1].body
    known = times(body)
    assert tuple(known) == ORDER
    assert known["deployed"] == first.body.finished
    assert known["detected"] == format_time(seen)
    passed = [parse_time(at) for at in known.values()]
    assert passed == sorted(passed)
    laps = dict(zip(ORDER[1:], [after - before for before, after in pairwise(passed)], strict=True))
    assert laps["initiated"] == timedelta(minutes=11)  # opening it takes a minute of the registry's clock
    assert laps["authorized"] == timedelta()  # whoever may go back alone agrees by proposing it
    assert laps["merged"] == timedelta(minutes=8)
    assert laps["restored"] == timedelta(seconds=3)


def test_the_log_shows_the_clock_at_each_target_and_the_proposal_as_far_as_it_ran(station):
    lead_back(station)
    before = rolled_back_row(station)
    assert (before.places, before.exposure.restored) == ((), None)
    assert [line.split(",")[0].split(" 2026")[0] for line in exposure_row_lines(before)] == ["    clock: deployed"]
    station.run()
    row = rolled_back_row(station)
    (place,) = row.places
    body = station.records()[-1].body
    assert place.target == "eu"
    assert {name: format_time(at) for name, at in place.exposure.known} == times(body)
    (line,) = exposure_row_lines(row)
    assert line == (
        f"    clock at eu: deployed {body.deployed}, detected +1 h 0 min, initiated +11 min 0 s, authorized +0 s, "
        "merged +8 min 0 s, restored +3 s, validated +0 s; served for 1 h 19 min"
    )
    told = exposure_body(row)
    assert (told["merged"], told["exposedSeconds"]) == (body.merged, None)
    assert (told["places"][0]["exposedSeconds"], told["places"][0]["reactionSeconds"]) == (4743.0, 1143.0)
    message = run_git(station.forge, "log", "--format=%B", "-1", "main^2", home=station.home)
    assert "Exposure so far:\n" in message
    assert f"  detected {body.detected} (" in message
    assert f"  initiated {body.initiated} (11 min 0 s later)" in message


def rolled_back_row(station):
    (row,) = log(station.registry.session("operator"), Wanted(model="fraud", event="rolled-back"))
    return row
