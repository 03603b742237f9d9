"""The exposure clock from end to end: what a rollback tells, what the reconciler records, what people read."""

from datetime import timedelta
from itertools import pairwise

import pytest

from gitops_models.registry.times import format_time, parse_time
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


def test_the_record_of_a_rollback_carries_the_whole_clock(station):
    (first,) = station.records()
    assert times(first.body) == {}
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
