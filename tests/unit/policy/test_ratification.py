"""Whether others have agreed to an emergency since it happened: the one way of counting, over other facts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gitops_models.policy.ratification import agreement
from tests.support.policy import AT, LENIENT, World, approve, people_yaml, policy_yaml
from tests.support.recorded import tell

EMERGENCY = {"role": ["operator"], "ratify_within_hours": 48}


def world(risk="high", **people):
    rules = policy_yaml(**LENIENT, emergency=EMERGENCY, approvals={"max_age_days": 30})
    return World(rules, people_yaml(**people)).registered("1.0.0", risk=risk)


def agreed(here, *opinions, by=("operator",), since=AT - timedelta(days=900), **facts):
    change = here.change({})
    found = replace(here.facts(change, by=None, approvals=opinions), **facts)
    tally = agreement(found, here.policy, change, model="fraud", what="ratification", declared_by=by, since=since)
    tell(repr(tally))
    return tally


@pytest.mark.parametrize(
    ("risk", "enough"),
    [("low", ("lead",)), ("medium", ("raio",)), ("high", ("raio",)), ("critical", ("rescue1", "rescue2"))],
)
def test_the_quorum_is_that_of_rollbacks_else_that_of_the_risk(risk, enough):
    here = world(risk)
    assert agreed(here, *enough).quorum.met
    assert not agreed(here, *enough[1:]).quorum.met
    assert agreed(here).quorum.basis == f"risk is {risk}"


def test_who_declared_it_fills_no_slot():
    here = world()
    found = agreed(here, "raio", by=("raio",))
    assert [one.why for one in found.quorum.ignored] == ["author of the change"]
    assert agreed(here, "raio", by=()).quorum.met


def test_no_decision_grows_too_old_and_none_of_the_future_counts():
    here = world()
    old = approve("raio", created=AT - timedelta(days=400))
    assert agreed(here, old).quorum.met
    assert not agreed(here, approve("raio", created=AT + timedelta(hours=1))).quorum.met
    assert not agreed(here, "raio", at=None).quorum.met


def test_the_first_of_two_decisions_may_be_as_old_as_it_likes():
    here = world("critical")
    assert here.policy.approvals.max_age_days == 30
    late = approve("rescue1", created=AT - timedelta(days=400))
    found = agreed(here, late, "rescue2")
    assert (found.quorum.met, found.quorum.ignored) == (True, ())


def test_who_is_suspended_or_has_left_by_now_does_not_count_whatever_they_date_it():
    for gone in ({"suspended": True}, {"until": "2026-11-20"}):
        here = world(raio=gone)
        found = agreed(here, approve("raio", created=AT - timedelta(days=30)))
        assert (found.quorum.met, found.quorum.ignored[0].person) == (False, "raio")
    stranger = approve(None, fingerprint="SHA256:x")
    broken = approve("raio", problem="superseded by a later decision of the same person")
    assert not agreed(world(), stranger, broken).quorum.met


def test_an_eligible_objection_is_told():
    assert agreed(world(), "raio", approve("raio2", decision="reject")).rejecting == ("raio2",)
    assert agreed(world(), "raio", approve("lead", decision="reject")).rejecting == ()


def test_the_touch_of_a_hardware_key_is_asked_where_the_risk_asks_for_it():
    rows = [approve("rescue1"), approve("rescue2", touch=False)]
    assert agreed(world("critical"), *rows).quorum.missing == ("emergency-committee",)


@pytest.mark.parametrize(
    ("since", "met"), [(timedelta(days=10), True), (timedelta(hours=1), False), (None, False), (-timedelta(1), False)]
)
def test_training_is_asked_for_no_earlier_than_the_emergency_and_no_later_than_now(since, met):
    topics = dict.fromkeys(("versioning", "rollback", "incident"), "2025-11-18")  # for a year: until three days ago
    rules = policy_yaml(**{**LENIENT, "emergency": EMERGENCY, "training": {"topics": list(topics), "valid_days": 365}})
    here = World(rules, people_yaml(raio={"training": topics})).registered("1.0.0", risk="high")
    dated_away = approve("raio", created=AT - timedelta(days=5))
    found = agreed(here, dated_away, since=AT - since if since is not None else None)
    assert found.quorum.met is met
