"""What a workload may roll back by itself, and where it stops."""

from datetime import timedelta

import pytest

from gitops_models.policy.verdict import Severity
from tests.support.policy import AT, LENIENT, World, commit, hold_file, policy_yaml, version_files, yamls

VERSIONS = ("1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0")


def policy(automation="restore", *, every=False, **fields):
    """The regulated profile; ``every``: initiating is enough at each risk."""
    risks = yamls.load(policy_yaml(), "p")["risks"]
    for risk, row in risks.items():
        if every or risk in {"low", "medium"}:
            row["rollback"] = {"initiate": ["operator"], "automation": automation}
    return policy_yaml(**{**LENIENT, "risks": risks, "rollback": {}, **fields})


def world(risk="low", *, data=None, at=None):
    """Five versions were live in production, the last one at ``at``."""
    here = World(data or policy()).registered(*VERSIONS, risk=risk)
    for version in VERSIONS:
        here.promoted(version, *here.policy.stages[:-1])
        here.accept(here.stage(version), at=at or AT - timedelta(hours=30))
    return here


def back(here, version="1.3.0", by="monitor", **fields):
    return here.judge({**here.stage(version), **hold_file(by=by)}, by, **fields)


@pytest.mark.clause("B-6.2-3")
@pytest.mark.parametrize("risk", ["low", "medium"])
def test_automation_restores_by_itself_where_the_risk_allows_it(risk):
    assert back(world(risk)).allowed


@pytest.mark.parametrize("risk", ["low", "medium"])
def test_where_automation_only_proposes_a_person_who_may_roll_back_agrees(risk):
    here = world(risk, data=policy("propose"))
    verdict = back(here)
    assert verdict.codes == ("GM-P401",)
    assert verdict.quorums[0].candidates == {"operator": ("operator",)}
    assert back(here, approvals=["lead"]).codes == ("GM-P401",)
    assert back(here, approvals=["operator"]).allowed
    assert back(here, by="operator").allowed


@pytest.mark.clause("B-6.2-3")
@pytest.mark.parametrize("risk", ["high", "critical"])
def test_from_high_risk_on_automation_never_lands_by_itself(risk):
    assert back(world(risk)).codes == ("GM-P401",)
    # Even where the table lets one person do it, and calls automation free.
    here = world(risk, data=policy("restore", every=True))
    assert back(here).codes == ("GM-P401",)
    assert back(here, approvals=["operator"]).allowed


def test_two_of_the_committee_agree_to_what_automation_proposes_at_critical_risk():
    here = world("critical")
    assert back(here, approvals=["rescue1"]).codes == ("GM-P401",)
    assert back(here, approvals=["rescue1", "rescue2"]).allowed


def test_a_person_who_made_the_stage_file_their_own_is_no_machine():
    here = world(data=policy("propose"))
    edits = here.stage("1.3.0")
    (path,) = edits
    both = (commit([path], "monitor", left="0" * 40), commit([path], "operator", oid="b" * 40))
    assert here.judge(edits, commits=both).allowed
    after = (commit([path], "operator", left="0" * 40), commit([path], "monitor", oid="b" * 40))
    assert here.judge(edits, commits=after).codes == ("GM-P401",)


RATE = {"at_most": {"count": 2, "per_hours": 24}}


def rolled(*hours, data=None):
    """A model that was rolled back so many hours ago, one version each."""
    here = world(data=data or policy(rollback=RATE), at=AT - timedelta(hours=99))
    for version, ago in zip(("1.3.0", "1.2.0", "1.1.0"), hours, strict=False):
        here.accept(here.stage(version), "operator", at=AT - timedelta(hours=ago) if ago is not None else None)
    return here


@pytest.mark.parametrize(
    ("hours", "version", "codes"),
    [
        ((5,), "1.2.0", ()),
        ((6, 5), "1.1.0", ("GM-P508",)),
        ((24, 5), "1.1.0", ()),
        ((23, 5), "1.1.0", ("GM-P508",)),
        ((None, 5), "1.1.0", ("GM-P508",)),
    ],
)
def test_beyond_the_rate_automation_stops(hours, version, codes):
    assert back(rolled(*hours), version).codes == codes


def test_beyond_the_rate_a_person_is_warned_and_goes_on():
    verdict = back(rolled(6, 5), "1.1.0", "operator")
    assert verdict.allowed
    assert [(one.code, one.severity, one.message) for one in verdict.findings] == [
        ("GM-P508", Severity.WARN, "fraud was rolled back 2 times in the last 24 h")
    ]


def test_stages_of_one_change_are_one_rollback():
    here = world(data=policy(rollback=RATE), at=AT - timedelta(hours=99))
    edits = {**here.stage("1.3.0"), **here.stage("1.3.0", "staging")}
    here.accept(edits, "operator", at=AT - timedelta(hours=1))
    again = {**here.stage("1.2.0"), **here.stage("1.2.0", "staging"), **hold_file(by="monitor")}
    assert here.codes(again, "monitor") == ()


def test_on_replay_the_rate_only_warns():
    assert back(rolled(6, 5), "1.1.0", live=False).allowed


def test_without_a_time_every_rollback_is_recent():
    here = rolled(99, 98)
    assert back(here, "1.1.0").codes == ()
    assert "GM-P508" in back(here, "1.1.0", at=None).codes


OLD = {"max_lkg_age_days": 180}


@pytest.mark.clause("A-limits-3")
@pytest.mark.parametrize(("seconds", "codes"), [(0, ()), (1, ("GM-P509",))])
def test_automation_does_not_restore_what_was_live_too_long_ago(seconds, codes):
    here = world(data=policy(rollback=OLD), at=AT - timedelta(days=180, seconds=seconds))
    assert back(here).codes == codes
    verdict = back(here, by="operator")
    assert verdict.allowed
    assert [one.severity for one in verdict.findings] == [Severity.WARN] * len(codes)


def test_a_version_that_served_until_yesterday_is_young_whenever_it_was_registered():
    here = World(policy(rollback=OLD)).registered("1.0.0", "1.1.0")
    for version, days in (("1.0.0", 900), ("1.1.0", 1)):
        for stage in here.policy.stages:
            here.accept(here.stage(version, stage), at=AT - timedelta(days=days))
    assert back(here, "1.0.0").codes == ()


@pytest.mark.parametrize(("created", "codes"), [("2026-11-20T00:00:00Z", ()), ("2025-11-20T00:00:00Z", ("GM-P509",))])
def test_before_the_pin_the_age_is_that_of_the_registration(created, codes):
    files = {
        **{
            path: data.replace(b"2026-11-21T11:00:00Z", created.encode())
            for path, data in version_files("1.0.0").items()
        },
        **version_files("1.1.0"),
        "models/fraud/model.yaml": World().registered().state.snapshot.data("models/fraud/model.yaml"),
    }
    plain = World(files=files)
    here = World(policy(rollback=OLD), files={**files, **plain.stage("1.0.0")})
    here.accept(here.stage("1.1.0"), at=None)
    assert back(here, "1.0.0").codes == codes


def test_without_a_time_of_acceptance_nothing_is_young():
    assert "GM-P509" in back(world(data=policy(rollback=OLD)), at=None).codes


@pytest.mark.parametrize(("ahead", "denied"), [(timedelta(minutes=6), True), (timedelta(minutes=5), False)])
def test_a_target_that_was_live_in_the_future_is_of_no_known_age(ahead, denied):
    rules = {"max_lkg_age_days": 180}
    here = World(policy_yaml(**{**LENIENT, "rollback": rules})).registered("1.0.0", "1.1.0").promoted("1.0.0")
    here.promoted("1.1.0", "development", "validation", "staging").accept(here.stage("1.1.0"), at=AT + ahead)
    verdict = here.judge({**here.stage("1.0.0"), **hold_file(by="monitor")}, by="monitor")
    assert ("GM-P509" in verdict.codes) is denied
