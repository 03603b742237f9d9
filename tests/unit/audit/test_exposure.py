"""Which record tells of which way back, and since when its bad version was live."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gitops_models.audit.exposure import places_of, with_deployed
from gitops_models.audit.rows import Row
from gitops_models.registry.times import format_time
from gitops_models.verification.exposure import Exposure
from tests.support.signed import CHANGE, acceptance, deployment

AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
BACK = Row(
    index=3,
    effect=3,
    step="3" * 40,
    status="accepted",
    event="rolled-back",
    time=AT,
    model="fraud",
    stage="production",
    from_version="1.1.0",
    to_version="1.0.0",
    change_id=CHANGE,
    exposure=Exposure(initiated=AT, merged=AT),
)


def moved(to, minutes, **changes):
    return replace(BACK, to_version=to, exposure=None, time=AT - timedelta(minutes=minutes), **changes)


def test_a_bad_version_was_live_since_it_was_last_accepted_there():
    rows = (moved("1.1.0", 9), moved("1.1.0", 8, stage="staging"), moved("1.1.0", 7, status="denied"), BACK)
    assert with_deployed(rows)[-1].exposure.deployed == AT - timedelta(minutes=9)
    assert with_deployed((BACK,))[0].exposure.deployed is None


def test_the_newest_record_of_the_change_tells_of_a_target_and_agreed_times_are_those_of_history():
    late = format_time(AT + timedelta(minutes=2))
    told = deployment(restored=late, merged=format_time(AT + timedelta(days=9)), deployed=format_time(AT))
    records = {"eu": (deployment(result="failed"), deployment(model="x"), acceptance("ann"), told, deployment())}
    (place,) = places_of(BACK, {**records, "us": (deployment(change_id="0" * 64), deployment(result="healed"))})
    assert place.target == "eu"
    assert place.exposure == Exposure(deployed=AT, initiated=AT, merged=AT, restored=AT + timedelta(minutes=2))


def test_a_record_of_an_earlier_gm_tells_by_its_end():
    dated = replace(BACK, exposure=replace(BACK.exposure, deployed=AT - timedelta(days=1)))
    (place,) = places_of(dated, {"eu": (deployment(),)})
    assert format_time(place.exposure.restored) == deployment().body.finished
    assert place.exposure.deployed == AT - timedelta(days=1)


def test_what_automation_restored_before_anybody_agreed_tells_of_its_target():
    early = {"override": "a" * 64, "change_id": None, "detected": format_time(AT - timedelta(minutes=5))}
    dated = replace(BACK, exposure=replace(BACK.exposure, detected=AT - timedelta(minutes=5)))

    def at(minutes, **fields):
        return deployment(**{**early, "finished": format_time(AT + timedelta(minutes=minutes)), **fields})

    others = (at(1), at(-2, version="2.0.0"), at(-2, override=None), at(-9))
    assert places_of(dated, {"eu": others}) == ()
    (place,) = places_of(dated, {"eu": (*others, at(-3))})
    assert place.exposure.restored == AT - timedelta(minutes=3)
    assert [name for name, _ in place.exposure.known] == ["detected", "restored", "initiated", "merged"]
    assert places_of(replace(dated, exposure=replace(dated.exposure, merged=None)), {"eu": (at(-3),)}) == ()


def test_without_a_clock_or_a_change_no_target_is_asked():
    assert places_of(replace(BACK, exposure=None), {"eu": (deployment(),)}) == ()
    assert places_of(replace(BACK, change_id=None), {"eu": (deployment(),)}) == ()
