"""The exposure clock: what a step tells of its way back, and what people read of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from gitops_models.errors import GmError
from gitops_models.policy.verdict import Counted, QuorumResult, Verdict
from gitops_models.registry.documents import Cause, Hold
from gitops_models.registry.events import CauseOpened, HoldPlaced, RolledBack, Undeployed
from gitops_models.registry.state import Touch
from gitops_models.registry.times import format_time
from gitops_models.verification.exposure import Exposure, agreed, exposure_lines, lasted, leads_back, way_back
from gitops_models.verification.history import Step

AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
FULL = Exposure(*(AT + timedelta(minutes=minute) for minute in range(7)))
BACK = RolledBack(
    paths=("s",), model="fraud", stage="production", from_version="1.1.0", to_version="1.0.0", lineage_sha256="0" * 64
)
GONE = Undeployed(paths=("s",), model="fraud", stage="production", from_version="1.1.0")
OPENED = CauseOpened(paths=("c",), model="fraud", cause="c")
HELD = HoldPlaced(paths=("h",), model="fraud", stage="production", number=1)


def later(minutes):
    return AT + timedelta(minutes=minutes)


def hold(**changes):
    plain = {"model": "fraud", "stage": "production", "action": "hold", "reason": "bad", "by": "ann"}
    return Hold(**{**plain, "created": format_time(later(5)), **changes})


def cause(minutes, model="fraud"):
    plain = {"model": model, "id": "c", "cause": "drift", "by": "ann", "reason": "bad"}
    return Cause(**plain, opened=format_time(later(minutes)))


def step(*decided):
    counted = tuple(Counted("lead", f"p{number}", "signed", at) for number, at in enumerate(decided))
    verdict = Verdict(
        allowed=True, findings=(), quorums=(QuorumResult("x", "y", None, ("lead",), counted),), change_id=""
    )
    return Step("0" * 40, 1, "accepted", (BACK, HELD), verdict=verdict, at=later(9))


def test_the_times_of_a_way_back_come_from_its_documents_decisions_and_acceptance():
    found = agreed(step(later(7), None, later(6)), "fraud", "production", [hold(), cause(5)])
    assert found == Exposure(None, later(5), later(5), later(7), later(9))
    first = agreed(step(), "fraud", "production", [hold(detected=format_time(later(1))), cause(5)])
    assert (first.detected, first.initiated, first.authorized) == (later(1), later(5), later(5))


def test_what_belongs_to_another_model_or_stage_or_lifts_a_hold_tells_nothing():
    others = [hold(model="other"), hold(stage="staging"), hold(action="lift"), cause(1, "other")]
    assert agreed(step(), "fraud", "production", others) == Exposure(merged=later(9))
    bare = replace(step(), verdict=None, at=None)
    assert agreed(bare, "fraud", "production", ()) == Exposure()


@pytest.mark.parametrize(
    ("event", "events", "back"),
    [
        (BACK, (BACK,), True),
        (GONE, (GONE, HELD), True),
        (GONE, (GONE,), False),
        (GONE, (GONE, replace(HELD, stage="staging")), False),
        (replace(BACK, stage="staging"), (BACK,), False),
        (HELD, (HELD,), False),
    ],
)
def test_a_rollback_leads_back_and_so_does_an_undeployment_with_a_hold(event, events, back):
    assert leads_back(event, replace(step(), events=events), "fraud", "production") is back


def history(*events, documents=None):
    """A history whose last move of production is a step with ``events``."""
    found = documents or {}

    def document(path):
        if path not in found:
            raise GmError("GM-D030", "no such file", where=path)
        return found[path]

    made = replace(step(), events=events)
    layout = SimpleNamespace(stage_path=lambda *at: "/".join(at))
    snapshot = SimpleNamespace(document=document)
    state = SimpleNamespace(touched={"fraud/production": Touch(1, made.oid)}, snapshot=snapshot)
    return SimpleNamespace(layout=layout, state=state, steps=(replace(made, oid="1" * 40, index=0), made))


def test_the_way_back_that_is_in_force_is_the_last_move_of_the_stage():
    whole = history(BACK, HELD, OPENED, documents={"h": hold(), "c": cause(2)})
    assert way_back(whole, "fraud", "production") == Exposure(None, later(2), later(5), later(5), later(9))
    assert way_back(history(BACK, HELD), "fraud", "production") == Exposure(merged=later(9))
    assert way_back(history(GONE), "fraud", "production") is None
    assert way_back(whole, "fraud", "staging") is None
    assert way_back(SimpleNamespace(**{**vars(whole), "steps": ()}), "fraud", "production") is None


def test_laps_are_measured_from_one_known_time_to_the_next():
    assert FULL.laps == tuple((name, timedelta(minutes=1)) for name, _ in FULL.known[1:])
    gaps = Exposure(deployed=AT, merged=later(30))
    assert gaps.laps == (("merged", timedelta(minutes=30)),)
    assert gaps.over(FULL) == replace(FULL, merged=later(30))


def test_exposure_ends_with_the_good_version_and_reaction_with_its_check():
    assert (FULL.exposed, FULL.reaction) == (timedelta(minutes=5), timedelta(minutes=5))
    assert replace(FULL, validated=None, detected=None).reaction == timedelta(minutes=3)
    assert (Exposure(deployed=AT).exposed, Exposure().reaction) == (None, None)


def test_people_read_each_time_and_what_passed_before_it():
    assert list(exposure_lines(Exposure(deployed=AT, detected=later(61)))) == [
        "deployed 2026-11-21T10:00:00Z",
        "detected 2026-11-21T11:01:00Z (1 h 1 min later)",
    ]


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (timedelta(days=1, hours=2), "1 day 2 h"),
        (timedelta(days=2), "2 days 0 h"),
        (timedelta(hours=5, minutes=10, seconds=9), "5 h 10 min"),
        (timedelta(minutes=2, seconds=5), "2 min 5 s"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(milliseconds=812), "0.81 s"),
        (timedelta(0), "0 s"),
        (timedelta(seconds=-5), "0 s"),
    ],
)
def test_durations_are_said_in_two_units(time, words):
    assert lasted(time) == words
