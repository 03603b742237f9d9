"""Soak, freeze and freshness: each line from both sides, and what never waits for them."""

from datetime import UTC, datetime, timedelta

import pytest

from gitops_models.policy.demands import Freeze
from gitops_models.policy.freezes import end_of, holding
from gitops_models.policy.verdict import Severity
from tests.support.policy import (
    AT,
    CREATED,
    LENIENT,
    World,
    evidence_file,
    finding,
    hold_file,
    policy_yaml,
    quarantine_file,
    version_files,
)

STAGES = ("development", "validation", "staging", "production")
SOAK = {"low": 0, "medium": 4, "high": 24, "critical": 72}
OTHERS = {"low": ["lead"], "high": ["raio", "domain"], "critical": ["raio", "domain", "board1", "board2"]}


def world(risk="high", *, policy_fields=None, files=None, **production):
    """Fraud 1.0.0 stands in development and validation since the pin, with these demands on production."""
    policy = policy_yaml(**{**LENIENT, "stage_rules": {"production": production}, **(policy_fields or {})})
    return World(policy, files=files).registered("1.0.0", "1.1.0", risk=risk)


def staged(here, at, version="1.0.0"):
    """Promote up to staging, the last step at ``at``."""
    for stage in STAGES[:3]:
        here.accept(here.stage(version, stage), at=at)
    return here


@pytest.mark.clause("B-5.2-4")
@pytest.mark.parametrize(("risk", "hours"), [("high", 24), ("critical", 72)])
def test_a_version_soaks_in_the_stage_before_for_as_long_as_its_risk_asks_for(risk, hours):
    early = staged(world(risk, soak_hours=SOAK), AT - timedelta(hours=hours) + timedelta(seconds=1))
    verdict = early.judge(early.stage("1.0.0"), approvals=OTHERS[risk])
    assert verdict.codes == ("GM-P316",)
    assert "until 2026-11-21T12:00:01Z" in finding(verdict, "GM-P316").message
    just = staged(world(risk, soak_hours=SOAK), AT - timedelta(hours=hours))
    assert just.judge(just.stage("1.0.0"), approvals=OTHERS[risk]).allowed


def test_without_hours_for_the_risk_nothing_soaks():
    here = staged(world("low", soak_hours=SOAK), AT)
    assert here.judge(here.stage("1.0.0"), approvals=["lead"]).allowed


def test_the_first_stage_has_nothing_to_soak_in():
    here = world(policy_fields={"stage_rules": {"development": {"soak_hours": SOAK}}})
    assert here.judge(here.stage("1.0.0", "development"), approvals=OTHERS["high"]).allowed


def test_stages_passed_in_one_change_have_not_soaked():
    here = world(soak_hours=SOAK)
    edits = {path: data for stage in STAGES for path, data in here.stage("1.0.0", stage).items()}
    assert here.codes(edits, approvals=OTHERS["high"]) == ("GM-P316",)


def test_what_was_live_before_the_pin_has_soaked():
    files = {
        **version_files("1.0.0"),
        "models/fraud/model.yaml": world().state.snapshot.data("models/fraud/model.yaml"),
    }
    plain = World(files=files)
    here = World(
        policy_yaml(**{**LENIENT, "stage_rules": {"production": {"soak_hours": SOAK}}}),
        files={**files, **plain.stage("1.0.0", "staging")},
    )
    assert here.judge(here.stage("1.0.0"), approvals=OTHERS["high"]).allowed


def test_the_risk_that_counts_is_the_highest_of_model_and_floor():
    floors = {"floors": [{"models": "fraud", "risk": "high"}]}
    here = staged(world("low", policy_fields=floors, soak_hours=SOAK), AT - timedelta(hours=1))
    assert here.codes(here.stage("1.0.0"), approvals=OTHERS["high"]) == ("GM-P316",)


def test_a_version_that_was_replaced_has_soaked_until_then():
    here = staged(world(soak_hours=SOAK), AT - timedelta(hours=72))
    here.accept(here.stage("1.1.0", "development")).accept(here.stage("1.1.0", "validation"))
    enough = here.accept(here.stage("1.1.0", "staging"), at=AT - timedelta(hours=48))
    assert enough.judge(enough.stage("1.0.0"), approvals=OTHERS["high"]).allowed
    short = staged(world(soak_hours=SOAK), AT - timedelta(hours=72))
    short.accept(short.stage("1.1.0", "development")).accept(short.stage("1.1.0", "validation"))
    short.accept(short.stage("1.1.0", "staging"), at=AT - timedelta(hours=49))
    verdict = short.judge(short.stage("1.0.0"), approvals=OTHERS["high"])
    assert verdict.codes == ("GM-P316",)
    assert "it left after 23 h" in finding(verdict, "GM-P316").message


def test_of_a_stage_that_was_emptied_nobody_knows_how_long_it_served():
    here = staged(world(soak_hours=SOAK), AT - timedelta(hours=72))
    here.accept({"models/fraud/stages/staging.yaml": None})
    verdict = here.judge(here.stage("1.0.0"), approvals=OTHERS["high"])
    assert verdict.codes == ("GM-P316",)
    assert "an unknown time" in finding(verdict, "GM-P316").message


def test_without_a_time_of_acceptance_nothing_has_soaked():
    here = staged(world("low", soak_hours={"low": 1}), AT - timedelta(days=9))
    assert "GM-P316" in here.codes(here.stage("1.0.0"), approvals=["lead"], at=None)


def test_a_skipped_stage_is_said_once_and_not_called_unsoaked():
    here = world(soak_hours=SOAK)
    assert here.codes(here.stage("1.0.0"), approvals=OTHERS["high"]) == ("GM-P301",)


def test_a_claimed_time_at_the_end_of_all_time_stops_nobody():
    late = datetime.max.replace(tzinfo=UTC)
    here = staged(world(soak_hours=SOAK), late)
    verdict = here.judge(here.stage("1.0.0"), approvals=OTHERS["high"])
    assert "until 9999-12-31T23:59:59" in finding(verdict, "GM-P316").message


def test_on_replay_time_only_warns():
    here = staged(world(soak_hours=SOAK, freeze=[{"days": ["sat"]}]), AT)
    verdict = here.judge(here.stage("1.0.0"), approvals=OTHERS["high"], live=False)
    assert verdict.allowed
    assert [one.code for one in verdict.findings if one.severity is Severity.WARN] == ["GM-P316", "GM-P317"]


@pytest.mark.clause("B-5.2-5")
def test_in_a_freeze_nothing_of_that_risk_is_promoted():
    weekend = [{"days": ["sat", "sun"], "risks": ["high", "critical"]}]
    here = staged(world(freeze=weekend), AT)
    verdict = here.judge(here.stage("1.0.0"), approvals=OTHERS["high"])
    assert verdict.codes == ("GM-P317",)
    assert "until 2026-11-23T00:00:00Z" in finding(verdict, "GM-P317").message
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    assert here.judge(here.stage("1.0.0"), approvals=OTHERS["high"], at=monday).allowed
    low = staged(world("low", freeze=weekend), AT)
    assert low.judge(low.stage("1.0.0"), approvals=["lead"]).allowed


def test_without_a_time_of_acceptance_no_freeze_is_over():
    here = staged(world("low", freeze=[{"days": ["mon"]}]), AT)
    assert "GM-P317" in here.codes(here.stage("1.0.0"), approvals=["lead"], at=None)


def test_a_freeze_with_no_end_in_sight_says_so():
    here = staged(world("low", freeze=[{"first": "2020-01-01"}]), AT)
    verdict = here.judge(here.stage("1.0.0"), approvals=["lead"])
    assert verdict.codes == ("GM-P317",)
    assert "with no end in sight" in finding(verdict, "GM-P317").message


@pytest.mark.clause("B-5.2-5")
def test_rollback_hold_and_quarantine_wait_for_neither_soak_nor_freeze_nor_fresh_evidence():
    demands = {"soak_hours": dict.fromkeys(SOAK, 72), "freeze": [{"first": "2020-01-01"}], "max_age_days": 1}
    here = world(evidence=["evaluation"], **demands)
    for version in ("1.0.0", "1.1.0"):
        here.promoted(version)
    edits = {**here.stage("1.0.0"), **hold_file(by="raio"), **quarantine_file("1.1.0", by="raio")}
    for stage in STAGES[:3]:
        edits |= here.stage("1.0.0", stage)
    verdict = here.judge(edits, "raio", approvals=["raio2"])
    assert not {"GM-P316", "GM-P317", "GM-P318"}.intersection(one.code for one in verdict.findings)
    assert verdict.allowed


@pytest.mark.parametrize(
    ("freeze", "moment", "frozen", "end"),
    [
        ({"days": ["sat", "sun"]}, "2026-11-21T00:00", True, "2026-11-23T00:00"),
        ({"days": ["sat", "sun"]}, "2026-11-20T23:59", False, None),
        ({"days": ["sat", "sun"]}, "2026-11-23T00:00", False, None),
        ({"start": "18:00", "end": "22:00"}, "2026-11-21T17:59", False, None),
        ({"start": "18:00", "end": "22:00"}, "2026-11-21T18:00", True, "2026-11-21T22:00"),
        ({"start": "18:00", "end": "22:00"}, "2026-11-21T22:00", False, None),
        # The night that begins on Friday ends on Saturday morning.
        ({"days": ["fri"], "start": "18:00", "end": "08:00"}, "2026-11-20T18:00", True, "2026-11-21T08:00"),
        ({"days": ["fri"], "start": "18:00", "end": "08:00"}, "2026-11-21T07:59", True, "2026-11-21T08:00"),
        ({"days": ["fri"], "start": "18:00", "end": "08:00"}, "2026-11-21T08:00", False, None),
        ({"days": ["fri"], "start": "18:00", "end": "08:00"}, "2026-11-20T07:59", False, None),
        ({"days": ["fri"], "start": "18:00", "end": "08:00"}, "2026-11-21T18:00", False, None),
        ({"days": ["fri"], "start": "06:00", "end": "06:00"}, "2026-11-21T05:59", True, "2026-11-21T06:00"),
        ({"days": ["fri"], "start": "06:00", "end": "06:00"}, "2026-11-20T05:59", False, None),
        ({"first": "2026-12-20", "last": "2027-01-06"}, "2026-12-19T23:59", False, None),
        ({"first": "2026-12-20", "last": "2027-01-06"}, "2026-12-20T00:00", True, "2027-01-07T00:00"),
        ({"first": "2026-12-20", "last": "2027-01-06"}, "2027-01-06T23:59", True, "2027-01-07T00:00"),
        ({"first": "2026-12-20", "last": "2027-01-06"}, "2027-01-07T00:00", False, None),
        ({"last": "2026-11-21"}, "2026-11-21T12:00", True, "2026-11-22T00:00"),
        ({"days": ["mon"]}, "9999-12-31T12:00", False, None),
        ({"days": ["fri"]}, "9999-12-31T12:00", True, None),
        ({"days": ["sun"], "start": "18:00", "end": "08:00"}, "0001-01-01T07:00", True, "0001-01-01T08:00"),
    ],
)
def test_a_freeze_on_the_calendar(freeze, moment, frozen, end):
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    freezes = (Freeze.model_validate(freeze),)
    assert bool(holding(freezes, "low", at)) is frozen
    if frozen:
        expected = datetime.fromisoformat(end).replace(tzinfo=UTC) if end else None
        assert end_of(freezes, "low", at) == expected


def test_freezes_without_a_gap_count_as_one_and_other_zones_are_turned_to_utc():
    freezes = tuple(
        Freeze.model_validate(one)
        for one in ({"days": ["sat", "sun"]}, {"first": "2026-11-23", "last": "2026-11-24"}, {"days": ["wed"]})
    )
    at = datetime.fromisoformat("2026-11-21T01:00:00+02:00")
    assert holding(freezes, "low", at) == ()
    assert end_of(freezes, "low", AT) == datetime(2026, 11, 26, tzinfo=UTC)


def measured(here, *, at, kind="evaluation", **fields):
    """Evidence accepted at ``at``; the time it names is another."""
    return here.accept(evidence_file("1.0.0", kind, **{"created": "2026-01-01T00:00:00Z", **fields}), "ci", at=at)


@pytest.mark.clause("B-5.2-2")
def test_evidence_ages_from_its_acceptance_and_does_not_count_for_ever():
    for seconds, codes in ((0, ()), (1, ("GM-P318",))):
        here = staged(world("low", evidence=["evaluation"], max_age_days=90), AT - timedelta(days=100))
        measured(here, at=AT - timedelta(days=90, seconds=seconds))
        verdict = here.judge(here.stage("1.0.0"), approvals=["lead"])
        assert verdict.codes == codes
    assert "evaluation of fraud@1.0.0 is 90 days old" in finding(verdict, "GM-P318").message


def test_evidence_that_the_change_brings_is_fresh_whatever_time_it_names():
    here = staged(world("low", evidence=["evaluation"], max_age_days=1), AT)
    edits = {
        **here.stage("1.0.0"),
        **evidence_file("1.0.0", "evaluation", by="engineer", created="2026-01-01T00:00:00Z"),
    }
    assert here.judge(edits, approvals=["lead"]).allowed


def test_the_same_words_twice_count_from_the_last_time():
    here = staged(world("low", evidence=["evaluation"], max_age_days=90), AT - timedelta(days=200))
    measured(here, at=AT - timedelta(days=150), name="first")
    assert here.codes(here.stage("1.0.0"), approvals=["lead"]) == ("GM-P318",)
    measured(here, at=AT - timedelta(days=1), name="second")
    assert here.judge(here.stage("1.0.0"), approvals=["lead"]).allowed


@pytest.mark.parametrize(("created", "codes"), [(CREATED, ()), ("2026-01-01T00:00:00Z", ("GM-P318",))])
def test_evidence_from_before_the_pin_ages_from_the_time_that_it_names(created, codes):
    files = {**version_files("1.0.0"), **evidence_file("1.0.0", "evaluation", created=created)}
    here = staged(world("low", files=files, evidence=["evaluation"], max_age_days=90), AT)
    assert here.codes(here.stage("1.0.0"), approvals=["lead"]) == codes


def test_failed_and_missing_evidence_is_not_called_old():
    here = staged(world("low", evidence=["evaluation"], max_age_days=1), AT - timedelta(days=9))
    assert here.codes(here.stage("1.0.0"), approvals=["lead"]) == ("GM-P307",)
    measured(here, at=AT - timedelta(days=8), result="failed")
    assert here.codes(here.stage("1.0.0"), approvals=["lead"]) == ("GM-P308",)


def test_without_a_time_of_acceptance_no_evidence_is_fresh():
    here = staged(world("low", evidence=["evaluation"], max_age_days=1), AT)
    edits = {**here.stage("1.0.0"), **evidence_file("1.0.0", "evaluation", by="engineer")}
    assert "GM-P318" in here.codes(edits, approvals=["lead"], at=None)


def test_a_version_that_does_not_exist_has_no_evidence_to_age():
    here = staged(world("low", evidence=["evaluation"], max_age_days=1), AT)
    assert here.codes(here.stage("9.9.9"), approvals=["lead"]) == ("GM-P301", "GM-P303")


def rolled_back(at):
    """1.0.0 served a minute in staging, thirty hours ago; 1.1.0 replaced it, until a rollback at ``at``."""
    here = staged(world(soak_hours=SOAK), AT - timedelta(hours=30))
    here.accept(here.stage("1.1.0", "development")).accept(here.stage("1.1.0", "validation"))
    here.accept(here.stage("1.1.0", "staging"), at=AT - timedelta(hours=30) + timedelta(minutes=1))
    return here.accept(here.stage("1.0.0", "staging"), at=at)


def unsoaked(here, **fields):
    return finding(here.judge(here.stage("1.0.0"), approvals=OTHERS["high"], **fields), "GM-P316").message


def test_what_a_rollback_brought_back_soaks_from_then_on():
    assert unsoaked(rolled_back(AT - timedelta(minutes=1))).endswith("until 2026-11-22T11:59:00Z")
    assert unsoaked(rolled_back(None)).endswith("it came back at an unknown time")
    assert not unsoaked(rolled_back(AT - timedelta(hours=24)))
    # Promoted anew after that it counts from the promotion, whatever happened before.
    here = rolled_back(None).accept({"models/fraud/stages/staging.yaml": None}, at=None)
    here.accept(here.stage("1.0.0", "staging"), at=AT - timedelta(hours=24))
    assert not unsoaked(here)


def test_what_a_rollback_brought_back_from_before_the_pin_soaks_too():
    files = {
        **version_files("1.0.0"),
        "models/fraud/model.yaml": world().state.snapshot.data("models/fraud/model.yaml"),
    }
    plain = World(files=files)
    stages = {path: data for stage in STAGES[:3] for path, data in plain.stage("1.0.0", stage).items()}
    here = World(
        policy_yaml(**{**LENIENT, "stage_rules": {"production": {"soak_hours": SOAK}}}), files={**files, **stages}
    )
    here.accept(version_files("1.1.0"))
    here.accept(here.stage("1.1.0", "staging"), at=AT - timedelta(hours=30))
    assert not unsoaked(here)
    here.accept(here.stage("1.0.0", "staging"), at=AT - timedelta(hours=1))
    assert unsoaked(here).endswith("until 2026-11-22T11:00:00Z")


def test_time_in_which_something_else_was_live_is_no_soak():
    here = rolled_back(AT - timedelta(hours=2))
    here.accept(here.stage("1.1.0", "staging"), at=AT - timedelta(hours=1))
    assert "it left after 1 h" in unsoaked(here)
    late = rolled_back(None)
    late.accept(late.stage("1.1.0", "staging"), at=AT - timedelta(hours=1))
    assert "it left after an unknown time" in unsoaked(late)
    # What happened once it had left takes nothing from it.
    fine = staged(world(soak_hours=SOAK), AT - timedelta(hours=72))
    fine.accept(fine.stage("1.1.0", "development")).accept(fine.stage("1.1.0", "validation"))
    fine.accept(fine.stage("1.1.0", "staging"), at=AT - timedelta(hours=40))
    fine.accept({"models/fraud/stages/staging.yaml": None}, at=AT - timedelta(hours=1))
    assert not unsoaked(fine)


def test_time_in_which_the_stage_was_empty_is_no_soak():
    here = staged(world(soak_hours=SOAK), AT - timedelta(hours=30))
    here.accept(here.stage("1.1.0", "development")).accept(here.stage("1.1.0", "validation"))
    here.accept({"models/fraud/stages/staging.yaml": None}, at=AT - timedelta(hours=29))
    here.accept(here.stage("1.1.0", "staging"), at=AT - timedelta(minutes=1))
    assert "it left after an unknown time" in unsoaked(here)


def test_a_successor_from_the_future_lets_nothing_soak():
    here = staged(world(soak_hours=SOAK), AT - timedelta(hours=1))
    here.accept(here.stage("1.1.0", "development")).accept(here.stage("1.1.0", "validation"))
    here.accept(here.stage("1.1.0", "staging"), at=AT + timedelta(days=30))
    assert "it left after an unknown time" in unsoaked(here)
    assert "it left after an unknown time" in unsoaked(here, at=None)


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [(timedelta(days=3650), ("GM-P318",)), (timedelta(minutes=6), ("GM-P318",)), (timedelta(minutes=5), ())],
)
def test_evidence_from_the_future_is_not_fresh(ahead, expected):
    here = staged(world("low", evidence=["evaluation"], max_age_days=90), AT - timedelta(hours=99))
    here.accept(evidence_file("1.0.0", "evaluation"), "ci", at=AT + ahead)
    assert here.codes(here.stage("1.0.0"), approvals=["lead"]) == expected


@pytest.mark.parametrize(("ahead", "known"), [(timedelta(minutes=5), True), (timedelta(minutes=5, seconds=1), False)])
def test_a_successor_may_be_as_far_ahead_as_clocks_differ(ahead, known):
    here = staged(world(soak_hours=SOAK), AT - timedelta(hours=1))
    here.accept(here.stage("1.1.0", "development")).accept(here.stage("1.1.0", "validation"))
    here.accept(here.stage("1.1.0", "staging"), at=AT + ahead)
    assert ("it left after 1 h" in unsoaked(here)) == known


@pytest.mark.parametrize(("hours", "known"), [(30, False), (31, True), (20, False), (19, True)])
def test_a_stage_that_was_emptied_from_the_first_to_the_last_moment_lets_nothing_soak(hours, known):
    here = staged(world(soak_hours=SOAK), AT - timedelta(hours=30))
    here.accept(here.stage("1.1.0", "development")).accept(here.stage("1.1.0", "validation"))
    emptied = {"models/fraud/stages/staging.yaml": None}
    here.accept(emptied, at=AT - timedelta(hours=hours))
    here.accept(here.stage("1.1.0", "staging"), at=AT - timedelta(hours=20))
    assert ("it left after 10 h" in unsoaked(here)) == known
