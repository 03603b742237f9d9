"""Numbers of a policy that reach beyond the calendar: refused, and nothing that slips in stops a reader."""

import pytest

from gitops_models.policy.document import load_policy
from gitops_models.policy.judge import judge
from gitops_models.policy.reviews import review_items
from tests.support.policy import AT, CREATED, LENIENT, World, finding, model_yaml, policy_yaml, version_files
from tests.support.recorded import refused
from tests.unit.policy.rules.test_retention import deletion

DAYS = 36600
PLACES = {
    "approvals": lambda days: {"approvals": {"max_age_days": days}},
    "evidence": lambda days: {"stage_rules": {"production": {"max_age_days": days}}},
    "rollback": lambda days: {"rollback": {"max_lkg_age_days": days}},
    "retention": lambda days: {"retention": {"keep_days": days, "delete": ["raio"]}},
    "checkpoints": lambda days: {"max_staleness_minutes": days * 24 * 60},
}


def policy(**fields):
    return policy_yaml(**{**LENIENT, **fields})


@pytest.mark.parametrize("place", PLACES)
def test_a_period_beyond_a_hundred_years_is_refused(place):
    load_policy(policy(**PLACES[place](DAYS)), "policies/policy.yaml")
    for days in (DAYS + 1, 10**9):
        with refused() as caught:
            load_policy(policy(**PLACES[place](days)), "policies/policy.yaml")
        assert caught.value.code == "GM-D021"


def test_a_policy_that_cannot_be_counted_with_brings_itself_in_nowhere():
    here = World(policy()).registered("1.0.0")
    edits = {"policies/policy.yaml": policy(approvals={"max_age_days": 800000}, version=2)}
    assert "GM-P001" in here.codes(edits, "owner", approvals=["raio"])


def test_a_number_that_cannot_be_counted_with_denies_and_stops_no_reader():
    here = World(policy()).registered("1.0.0")
    endless = here.policy.approvals.model_copy(update={"max_age_days": 10**10})
    change = here.change(here.stage("1.0.0", "development"))
    facts = here.facts(change, approvals=["lead"])
    verdict = judge(change, facts, here.policy.model_copy(update={"approvals": endless}))
    assert verdict.codes == ("GM-P001",)
    assert "cannot be counted with" in finding(verdict, "GM-P001").message
    assert verdict.quorums == ()


def test_the_longest_period_ends_with_the_calendar():
    here = World(policy(approvals={"max_age_days": DAYS})).registered("1.0.0")
    assert here.codes(here.stage("1.0.0", "development"), approvals=["lead"]) == ()


def test_the_day_of_a_review_lies_within_the_calendar():
    with refused() as caught:
        load_policy(policy(review={"every_days": 1, "last": "9999-06-01"}), "policies/policy.yaml")
    assert caught.value.code == "GM-D021"
    here = World(policy(review={"every_days": 3650, "last": "9998-06-01"}))
    assert review_items(here.policy, here.state, AT) == ()


def made(at):
    files = {"models/fraud/model.yaml": model_yaml()} | version_files("1.0.0")
    path = "models/fraud/versions/1.0.0/lineage.yaml"
    return files | {path: files[path].replace(CREATED.encode(), at.encode())}


def test_a_lineage_of_the_last_year_before_the_pin_is_kept_and_stops_nobody():
    retention = {"keep_days": 3650, "delete": ["raio"]}
    here = World(policy(retention=retention), files=made("9998-01-01T00:00:00Z"))
    verdict = here.judge(deletion(), by="engineer")
    assert not verdict.allowed
    assert "GM-P001" not in verdict.codes


@pytest.mark.parametrize(
    ("at", "expected"),
    [("9998-01-01T00:00:00Z", ("GM-P210",)), ("2026-11-21T12:05:01Z", ("GM-P210",)), ("2026-11-21T12:05:00Z", ())],
)
def test_a_lineage_from_the_future_is_not_registered(at, expected):
    here = World(policy())
    assert here.codes(made(at), approvals=["lead", "raio"]) == expected
    assert here.codes(made(at), approvals=["lead", "raio"], live=False) == ()


def test_without_a_time_of_acceptance_no_lineage_lies_in_the_future():
    here = World(policy())
    assert "GM-P210" not in here.codes(made("9998-01-01T00:00:00Z"), approvals=["lead", "raio"], at=None)
