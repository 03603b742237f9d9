"""What calls for a review of the policy, and until when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gitops_models.policy.reviews import ReviewItem, review_items
from tests.support.policy import AT, LENIENT, World, cause_file, hold_file, model_yaml, policy_yaml
from tests.support.recorded import tell

LAST = AT.date()


def world(**fields):
    """A registry whose policy was reviewed today."""
    review = {"every_days": 365, "last": str(LAST), **fields}
    return World(policy_yaml(**LENIENT, review=review))


def items(here, now=AT):
    """Each item's reason."""
    found = review_items(here.policy, here.state, now)
    tell("\n".join(map(str, found)))
    return [item.why for item in found]


def test_without_a_review_in_the_policy_nothing_is_due():
    here = World(policy_yaml(**LENIENT)).registered(risk="critical")
    assert "review" not in LENIENT
    assert review_items(here.policy.model_copy(update={"review": None}), here.state, AT + timedelta(days=9999)) == ()


@pytest.mark.clause("B-12-1")
def test_a_review_is_due_on_its_day_and_overdue_after_it():
    here = world(every_days=30)
    due = datetime(LAST.year, LAST.month, LAST.day, tzinfo=UTC) + timedelta(days=30)
    assert items(here, due + timedelta(hours=23)) == []
    (item,) = review_items(here.policy, here.state, due + timedelta(days=1))
    assert (item.why, item.since) == ("overdue", due)
    assert str(due.date()) in item.what


@pytest.mark.clause("B-12-2")
@pytest.mark.parametrize(("risk", "found"), [("low", []), ("medium", []), ("high", ["new-model"])])
def test_a_new_model_of_high_risk_calls_for_a_review(risk, found):
    assert items(world().registered(risk=risk)) == found


def test_a_floor_makes_a_new_model_one_of_high_risk():
    assert items(world().registered(risk="low", use=["clinical-decision-support"])) == ["new-model"]


@pytest.mark.clause("B-12-3", "B-12-4")
@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"cause": "regulatory"}, ["regulatory"]),
        ({"cause": "incident"}, ["incident"]),
        ({"incident": "INC-7"}, ["incident"]),
        ({}, []),
    ],
)
def test_an_incident_and_a_regulatory_cause_call_for_a_review(fields, found):
    here = world().registered()
    ((path, document),) = cause_file(incident=fields.get("incident")).items()
    cause = fields.get("cause", "regression")
    assert items(here.accept({path: document.replace(b"cause: regression", f"cause: {cause}".encode())})) == found


@pytest.mark.clause("B-12-3")
def test_an_emergency_calls_for_a_review():
    here = world().registered("1.0.0", "1.1.0").promoted("1.0.0").promoted("1.1.0")
    urgent = hold_file(emergency={"skipped": ["approval"]}, incident="INC-7")
    here.accept({**here.stage("1.0.0"), **urgent}, by="operator")
    found = review_items(here.policy, here.state, AT)
    when = AT - timedelta(hours=2)
    assert found == (ReviewItem("emergency", "emergency in production of fraud", when, here.state.step),)


@pytest.mark.clause("B-12-3")
@pytest.mark.parametrize(("risk", "found"), [("medium", []), ("high", ["new-model", "rollback"])])
def test_a_rollback_calls_for_a_review_from_high_risk_on(risk, found):
    here = world().registered("1.0.0", "1.1.0", risk=risk).promoted("1.0.0").promoted("1.1.0")
    assert items(here.accept(here.stage("1.0.0"), by="operator")) == found


@pytest.mark.clause("B-12-5")
def test_a_change_of_the_policy_calls_for_a_review_from_the_next_day_on():
    here = world()
    changed = policy_yaml(**LENIENT, review={"every_days": 365, "last": str(LAST)}, version=2)
    assert items(here.accept({"policies/policy.yaml": changed})) == []
    again = policy_yaml(**LENIENT, review={"every_days": 365, "last": str(LAST)}, version=3)
    assert items(here.accept({"policies/policy.yaml": again}, at=AT + timedelta(days=1))) == ["policy-changed"]


def test_an_item_stands_until_the_last_review_moves_past_it():
    here = world().registered(risk="high")
    tomorrow = policy_yaml(**LENIENT, review={"every_days": 365, "last": str(LAST + timedelta(days=1))}, version=2)
    assert items(here) == ["new-model"]
    assert items(here.accept({"policies/policy.yaml": tomorrow}, at=AT + timedelta(days=1))) == []


def test_what_stood_before_the_pin_has_no_time_and_is_no_item():
    here = world()
    here.state = replace(here.state, at=None)
    assert items(here.accept({"models/fraud/model.yaml": model_yaml(risk="high")}, at=None)) == []
