"""What one person may declare: one hold for each stage, and so many emergencies while their holds stand."""

from datetime import timedelta

import pytest

from tests.support.policy import AT, LENIENT, World, finding, hold_file, people_yaml, policy_yaml, quarantine_file

SKIPPED = {"skipped": ["approval"]}
RULES = {"role": ["operator"], "skips": ["approval"], "ratify_within_hours": 48}
LONG_AGO = AT - timedelta(days=90)
MODEL = ("1.0.0", "1.1.0", "1.2.0", "1.3.0")


def world(files=None, count=2):
    """A model that was live in production in four versions; ``count`` emergencies are for one person."""
    emergency = {**RULES, "at_most": {"count": count, "per_hours": 24}}
    here = World(policy_yaml(**{**LENIENT, "emergency": emergency}), people_yaml(), files)
    here.registered(*MODEL, risk="high")
    for version in MODEL:
        here.promoted(version, "staging", "production")
    return here


def back(here, version, number, *stages):
    """A move back with the hold of an emergency, as somebody told the accepted state of it."""
    found = {}
    for stage in stages or ("production",):
        found |= here.stage(version, stage) | hold_file(number, stage=stage, emergency=SKIPPED, incident="INC-1")
    return found


def needed(here):
    """Whom a further emergency asks."""
    verdict = here.judge(here.stage("1.0.0") | hold_file(9, emergency=SKIPPED, incident="INC-9"), by="operator")
    return [quorum.basis for quorum in verdict.quorums]


SECOND = ["one person declares at most 2 while their holds stand"]


def test_an_emergency_counts_while_its_hold_stands_whatever_its_date():
    here = world().accept(back(world(), "1.2.0", 1), at=LONG_AGO)
    assert needed(here) == []
    here.accept(back(here, "1.1.0", 2), at=LONG_AGO + timedelta(days=30))
    assert needed(here) == SECOND


def test_a_lifted_hold_counts_no_more_and_an_ordinary_one_never():
    here = world().accept(back(world(), "1.2.0", 1), at=LONG_AGO)
    here.accept(back(here, "1.1.0", 2), at=LONG_AGO)
    here.accept(hold_file(3, action="lift", root_cause="https://incidents.example/1"))
    assert needed(here) == []
    assert needed(here.accept(hold_file(4)).accept(hold_file(5))) == []


def test_the_stages_of_one_step_are_one_emergency():
    here = world().accept(back(world(), "1.2.0", 1, "staging", "production"), at=LONG_AGO)
    assert needed(here) == []


@pytest.mark.parametrize(("times", "basis"), [((9, 10), SECOND), ((9, 9), [])])
def test_what_the_pin_held_counts_too_each_by_the_time_on_its_hold(times, basis):
    held = {}
    for stage, hour in zip(("staging", "production"), times, strict=True):
        (path, data) = next(iter(hold_file(1, stage=stage, emergency=SKIPPED).items()))
        held[path] = data.replace(b"T11:00", b"T%02d:00" % hour)
    assert needed(world(held)) == basis


@pytest.mark.parametrize("beside", [{"skipped": []}, None])
def test_an_emergency_places_one_hold_for_each_stage(beside):
    said = {"emergency": beside} if beside else {}
    verdict = world().judge(back(world(), "1.2.0", 1) | hold_file(2, incident="INC-1", **said), by="operator")
    assert "GM-P605" in verdict.codes
    assert finding(verdict, "GM-P605").message in {
        "an emergency places one hold, and there are 2 of fraud in production",
        "it does not say that it keeps bytes, quarantine, signature",
    }
    alone = world().judge(back(world(), "1.2.0", 1, "staging", "production"), by="operator")
    assert "GM-P605" not in alone.codes


def test_an_emergency_says_where_it_should_have_led():
    here = world()
    astray = here.judge(back(here, "1.0.0", 1), by="operator")
    assert finding(astray, "GM-P603").message == "an emergency to 1.0.0, and the last known good version is 1.2.0"
    emptied = dict.fromkeys(here.stage("1.0.0")) | hold_file(emergency=SKIPPED)
    kept = here.judge(emptied, by="operator")
    assert finding(kept, "GM-P603").message == "nothing would be left in production, and 1.2.0 is good"
    for version in MODEL[:3]:
        here.accept(quarantine_file(version))
    left = here.judge(back(here, "1.0.0", 1), by="operator")
    assert finding(left, "GM-P603").message == "an emergency to 1.0.0, and no good version is left"
    empty = here.judge(emptied, by="operator")
    assert finding(empty, "GM-P603").message == "the policy does not let production go without a version"
