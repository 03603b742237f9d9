"""Emergencies: what one person may do when there is no time to ask, what nobody may, and how others agree to it."""

from dataclasses import replace
from datetime import timedelta
from unittest import mock

import pytest

from gitops_models.errors import GmError
from gitops_models.policy.denied import Denied
from gitops_models.registry import yamls
from gitops_models.verification.fold import fold
from gitops_models.workflows.emergency import emergency
from gitops_models.workflows.emergency_plan import Emergency, plan
from gitops_models.workflows.emergency_ratify import emergencies, find_emergency, ratify
from gitops_models.workflows.hook import Moved, pre_receive
from gitops_models.workflows.propose import propose
from tests.support import policy as documents
from tests.support import stories
from tests.support.registry import APPROVERS, NO_EVIDENCE, PEOPLE, SHORT, Registry, people_document
from tests.support.stories import acceptance, last, ledger_ref

RULES = {
    "role": ["operator"],
    "skips": ["approval", "soak", "freeze"],
    "ratify_within_hours": 48,
    "at_most": {"count": 2, "per_hours": 24},
}
CROWD = {**PEOPLE, "operator2": ["operator"], "chief": ["operator", "emergency-committee"], "away": ["operator"]}
VERSIONS = ("1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0")


def long_history(path, risk="high"):
    """Five versions of one model, each promoted through two stages."""
    rules = {**NO_EVIDENCE, **SHORT, "emergency": RULES}
    registry = Registry(path, changes=rules, people=CROWD, persons={"away": {"suspended": True}})
    for version in VERSIONS:
        registry.version("fraud", version, risk=risk)
        registry.live("fraud", version, *stories.STAGES, risk=risk)
    return registry


class Silent:
    """An alarm that notes what it is told."""

    def __init__(self):
        self.told = []

    def notify(self, notice):
        self.told.append(notice)


def declare(registry, by="operator", incident="INC-412", alarm=None, **fields):
    """``gm rollback fraud --emergency``."""
    registry.clock.tick()
    wanted = Emergency("fraud", "scores of others are shown", incident)
    return emergency(registry.session(by), wanted, alarm or Silent(), **fields)


def draft(registry, by="operator", *, without="", **files):
    """The proposal of an emergency as gm would write it, with other files beside it or some left out; judged."""
    session = registry.session(by)
    made = plan(session, Emergency("fraud", "scores of others are shown", "INC-412")).draft
    updates = {path: data for path, data in made.updates.items() if not without or without not in path}
    return session, replace(made, updates={**updates, **files})


def refused(registry, code, by="operator", **fields):
    """What the judge says of a crafted emergency: the code is among the denials and nothing moves."""
    session, made = draft(registry, by, **fields)
    with registry.untouched(), pytest.raises(Denied) as caught:
        propose(session, made)
    assert code in caught.value.verdict.codes


def states(registry, by="lead"):
    return [one.state for one in emergencies(registry.session(by), "fraud")]


def agree(registry, by, name="fraud#production", **fields):
    registry.clock.tick()
    session = registry.session(by)
    return ratify(session, find_emergency(session, name), **fields).emergency


@pytest.fixture
def high(story):
    return story(long_history)


@pytest.fixture
def critical(story):
    return story(long_history, "critical")


@pytest.mark.clause("A-emergency-3", "A-emergency-4", "A-emergency-5", "A-emergency-6", "A-limits-5")
@pytest.mark.lookalike("an emergency to the last known good version by who has the role")
def test_one_person_goes_back_at_once_and_it_is_accepted_with_a_record(high):
    alarm = Silent()
    done = declare(high, alarm=alarm)
    assert (done.state, [notice.kind for notice in alarm.told]) == (
        "landed",
        ["emergency-initiated", "emergency-completed"],
    )
    step = last(high)
    assert (step.oid, step.status, step.proposers) == (done.step, "accepted", ("operator",))
    assert [high.live_version("fraud", stage) for stage in stories.STAGES] == ["1.3.0", "1.3.0"]
    accepted = high.history().state.snapshot
    assert accepted.quarantined("fraud", "1.4.0")
    held = accepted.held("fraud", "production")
    assert (held.incident, held.emergency.skipped) == ("INC-412", ("approval", "soak", "freeze"))
    assert held.emergency.kept == ("bytes", "signature", "quarantine")
    (cause,) = accepted.causes("fraud")
    assert accepted.lineage_sha256("fraud", "1.4.0") in cause.reason
    assert all(digest in cause.reason for digest in accepted.lineage("fraud", "1.4.0").digests())
    assert len(high.ledger.records(step.change_id)) == 1
    with pytest.raises(Denied) as caught:
        high.promote("fraud", "1.4.0", "staging")
    assert {"GM-P304", "GM-P306"} <= set(caught.value.verdict.codes)


@pytest.mark.attack("an engineer who claims an emergency", "GM-P601", by="author")
@pytest.mark.parametrize("by", ["engineer", "lead", "raio", "rescue1"])
def test_nobody_without_the_role_declares_one(high, by):
    alarm = Silent()
    with high.untouched(), pytest.raises(Denied) as caught:
        declare(high, by, alarm=alarm)
    assert "GM-P601" in caught.value.verdict.codes
    assert [notice.kind for notice in alarm.told] == ["emergency-failed"]


@pytest.mark.attack("a workload that declares an emergency", "GM-P601", by="ci")
def test_a_workload_declares_none(high):
    refused(high, "GM-P601", by="ci")


@pytest.mark.attack("an emergency by a suspended person", "GM-P403", by="thief")
def test_a_suspended_person_declares_none(high):
    refused(high, "GM-P403", by="away")


@pytest.mark.attack("an emergency to an older version", "GM-P603", by="operator")
def test_an_emergency_does_not_choose_an_older_version(high):
    older = {f"models/fraud/stages/{stage}.yaml": data for stage, data in _stage_files(high, "1.1.0")}
    refused(high, "GM-P603", **older)


def _stage_files(registry, version):
    for stage in stories.STAGES:
        yield stage, stories.stage_file(registry, version, stage)[f"models/fraud/stages/{stage}.yaml"]


@pytest.mark.attack("an emergency that leaves the bad version deployable", "GM-P604", by="operator")
def test_an_emergency_without_the_quarantine_is_refused(high):
    refused(high, "GM-P604", without="quarantine")


@pytest.mark.attack("an emergency without its incident", "GM-P602", by="operator")
def test_an_emergency_names_its_incident(high):
    path = "models/fraud/holds/production/1.yaml"
    _, made = draft(high)
    hold = yamls.load(made.updates[path], path)
    del hold["incident"]
    refused(high, "GM-P602", **{path: yamls.dump(hold)})


@pytest.mark.attack("an emergency that says it skipped the check of bytes", "GM-P605", by="operator")
def test_an_emergency_keeps_the_checks_of_bytes_signature_and_quarantine(high):
    path = "models/fraud/holds/production/1.yaml"
    _, made = draft(high)
    hold = yamls.load(made.updates[path], path)
    hold["emergency"]["kept"] = ["signature", "quarantine"]
    refused(high, "GM-P605", **{path: yamls.dump(hold)})


@pytest.mark.attack("a file that rides along with an emergency", "GM-P502", by="operator")
def test_nothing_rides_along(high):
    refused(high, "GM-P502", **{"models/fraud/model.yaml": documents.model_yaml("fraud", "low")})


@pytest.mark.attack("an emergency under a policy that knows none", "GM-P607", by="operator")
def test_where_the_policy_knows_no_emergency_there_is_none(story):
    live = story(stories.three_versions)
    with live.untouched(), pytest.raises(Denied) as caught:
        declare(live)
    assert "GM-P607" in caught.value.verdict.codes


# Critical risk and the rate


@pytest.mark.attack("an emergency at critical risk without the committee", "GM-P401", by="operator")
def test_at_critical_risk_it_waits_for_one_of_the_committee_and_the_same_command_lands_it(critical):
    alarm = Silent()
    waits = declare(critical, alarm=alarm)
    assert (waits.state, critical.live_version("fraud", "production")) == ("waits", "1.4.0")
    assert "rescue1" in alarm.told[0].details["waits for emergency-committee"]
    assert declare(critical).proposal == waits.proposal
    critical.approve(waits.proposal, "rescue1")
    assert declare(critical, alarm=alarm).state == "landed"
    assert (last(critical).status, critical.live_version("fraud", "production")) == ("accepted", "1.3.0")
    assert [notice.kind for notice in alarm.told] == ["emergency-initiated", "emergency-completed"]


@pytest.mark.attack("a forced emergency at critical risk without the committee", "GM-P401", by="operator")
def test_an_emergency_forced_onto_the_line_is_served_by_nobody(critical):
    head = declare(critical).proposal.head
    critical.merge_by_hand(head, by="operator")
    step = last(critical)
    assert (step.status, set(step.verdict.codes)) == ("pending", {"GM-P401", "GM-P404"})
    assert critical.live_version("fraud", "production") == "1.4.0"
    assert emergencies(critical.session("lead"), "fraud") == ()


@pytest.mark.lookalike("a member of the committee with the role who acts alone")
def test_whoever_holds_both_roles_acts_alone(critical):
    assert declare(critical, "chief").state == "landed"


@pytest.mark.attack("an approval of one emergency used for the next", "GM-P401", by="operator")
def test_approvals_of_one_emergency_do_not_count_for_another(critical):
    first = declare(critical).proposal
    critical.approve(first, "rescue1")
    before = critical.check(first).change_id
    assert declare(critical).state == "landed"
    again = declare(critical, incident="INC-413")
    stories.append(critical, again.evaluation.change_id, *critical.ledger.records(before))
    assert declare(critical, incident="INC-413").state == "waits"
    assert critical.live_version("fraud", "production") == "1.3.0"


@pytest.mark.attack("emergencies one after the other", "GM-P401", by="operator")
def test_beyond_the_rate_a_second_person_is_asked_for_and_never_refused(high):
    assert [declare(high, incident=f"INC-{number}").state for number in (1, 2, 3)] == ["landed", "landed", "waits"]
    waits = declare(high, incident="INC-3")
    assert waits.evaluation.verdict.codes == ("GM-P401",)
    high.approve(waits.proposal, "operator", "engineer")
    assert declare(high, incident="INC-3").state == "waits"
    high.approve(waits.proposal, "lead")
    assert declare(high, incident="INC-3").state == "landed"
    assert high.live_version("fraud", "production") == "1.1.0"


@pytest.mark.attack("an emergency dated ahead to come out of the rate", "GM-P404", by="operator")
def test_an_emergency_dated_ahead_is_accepted_by_nobody_before_that_time(high):
    declare(high, incident="INC-1")
    declare(high, incident="INC-2")
    now = high.clock.now()
    high.clock.tick(days=3)
    ahead = declare(high, incident="INC-3")
    assert ahead.state == "waits"
    high.approve(ahead.proposal, "lead")
    assert declare(high, incident="INC-3").state == "landed"
    high.clock.time = now
    seen = fold(high.store, pin=high.pin, tip=high.tip, ledger=high.ledger, now=now)
    assert (seen.steps[-1].status, seen.state.snapshot.stage_state("fraud", "production").version) == (
        "pending",
        "1.2.0",
    )


def test_a_second_run_says_that_it_is_there_already_and_tells_nobody(high):
    alarm = Silent()
    step = declare(high).step
    with high.untouched():
        again = declare(high, alarm=alarm)
    assert (again.state, again.step, alarm.told) == ("already", step, [])
    assert again.standing.state == "open"


def test_a_dry_run_says_what_would_happen_and_does_nothing(high):
    alarm = Silent()
    with high.untouched():
        planned = declare(high, alarm=alarm, dry_run=True)
    assert (planned.state, planned.plan.version, alarm.told) == ("planned", "1.3.0", [])


def test_where_nothing_good_is_left_it_says_so_and_the_alarm_is_raised(high):
    for number in (1, 2):
        declare(high, incident=f"INC-{number}")
    for number in (3, 4):
        high.approve(declare(high, incident=f"INC-{number}").proposal, "lead")
        assert declare(high, incident=f"INC-{number}").state == "landed"
    alarm = Silent()
    with high.untouched(), pytest.raises(GmError) as caught:
        declare(high, incident="INC-5", alarm=alarm)
    assert (caught.value.code, [notice.kind for notice in alarm.told]) == ("GM-P510", ["emergency-failed"])


# Ratification


@pytest.mark.lookalike("an emergency ratified by those whom the risk asks")
def test_the_quorum_for_rollbacks_ratifies_it_and_a_rejection_takes_that_back(high):
    declare(high)
    change = last(high).change_id
    assert states(high) == ["open"]
    assert agree(high, "domain").state == "open"
    assert (agree(high, "raio", change[:8]).state, states(high)) == ("ratified", ["ratified"])
    assert agree(high, "both", last(high).oid[:12], decision="reject").rejected == ("both",)
    assert agree(high, "both", decision="withdraw").state == "ratified"
    assert agree(high, "raio", decision="withdraw").state == "open"


@pytest.mark.attack("a self-ratified emergency", "GM-P606", by="operator")
def test_who_declared_it_does_not_ratify_it(high):
    people = {**CROWD, "operator": ["operator", "raio", "technical-lead", "domain-lead"]}
    change = high.draft("-", {"policies/people.yaml": people_document(people)}, by="owner", event="policy")
    high.approve(change, "raio")
    high.merge(change, by="owner")
    declare(high)
    found = agree(high, "operator")
    assert (found.state, [one.why for one in found.quorum.ignored]) == ("open", ["author of the change"])


@pytest.mark.attack("a ratification signed before the emergency landed", "GM-P606", by="reviewer")
def test_an_approval_of_before_it_landed_only_let_it_happen(critical):
    waits = declare(critical)
    critical.approve(waits.proposal, "rescue1", "rescue2")
    assert declare(critical).state == "landed"
    assert states(critical) == ["open"]
    assert agree(critical, "rescue1").state == "open"
    assert agree(critical, "rescue2").state == "ratified"


@pytest.mark.attack("a ratification by a suspended person or another role", "GM-P606", by="thief")
def test_a_suspended_person_and_one_without_the_role_do_not_ratify(high):
    declare(high)
    people = people_document(CROWD, raio={"suspended": True}, away={"suspended": True})
    change = high.draft("-", {"policies/people.yaml": people}, by="owner", event="policy")
    high.approve(change, "raio2")
    high.merge(change, by="owner")
    assert agree(high, "raio").state == "open"
    assert agree(high, "lead").state == "open"
    assert agree(high, "raio2").state == "ratified"


def overdue(registry, hours=49):
    """An emergency that nobody ratified in time, with a further version to promote."""
    declare(registry)
    registry.clock.tick(hours=hours)
    return registry


@pytest.mark.clause("A-limits-4")
@pytest.mark.attack("promotions while an emergency is not ratified", "GM-P606", by="author")
def test_overdue_ratification_stops_the_promotions_of_that_model_until_it_is_done(high):
    overdue(high, 47)
    high.version("fraud", "1.5.0", risk="high")
    high.version("other", "1.0.0", risk="high")
    high.clock.tick(hours=2)
    assert states(high) == ["overdue"]
    with high.untouched(), pytest.raises(Denied) as caught:
        high.promote("fraud", "1.5.0", "staging")
    assert "GM-P606" in caught.value.verdict.codes
    high.live("other", "1.0.0", "staging", risk="high")
    agree(high, "raio")
    with pytest.raises(Denied) as caught:
        high.promote("fraud", "1.5.0", "staging")
    assert "GM-P606" not in caught.value.verdict.codes


def knock(registry, proposal, at=None):
    """The codes with which the door refuses the proposal, merged by hand with an acceptance of one's own."""
    change, main = registry.check(proposal).change_id, registry.tip
    step = registry.merge_by_hand(proposal.head, land=False)
    record = acceptance(registry, by="engineer", merge=step, head=proposal.head, change_id=change, main=main, at=at)
    link = registry.session("engineer").writer().prepare(change, record).new
    wanted = (("refs/heads/main", step), (ledger_ref(change), link))
    moved = [Moved(name, registry.store.ref(name), new) for name, new in wanted]
    with registry.untouched():
        return {refusal.code for refusal in pre_receive(registry.path, moved, registry.clock).refusals}


@pytest.mark.attack("a promotion dated back to before the ratification was due", "GM-F303", by="author")
def test_an_overdue_ratification_is_not_dated_away_and_the_door_knows_it_too(high):
    high.version("fraud", "1.5.0", risk="high")
    high.live("fraud", "1.5.0", "staging", risk="high")
    assert declare(high).plan.moves[0].stage == "production"  # staging serves another version and is not held
    high.version("fraud", "1.6.0", risk="high")
    proposal = high.promote("fraud", "1.6.0", "staging")
    high.approve(proposal, *APPROVERS["high"])
    assert high.check(proposal).verdict.allowed
    high.clock.tick(hours=49)
    assert high.check(proposal).verdict.codes == ("GM-P606",)
    with high.untouched(), pytest.raises(Denied):
        high.merge(proposal)
    assert knock(high, proposal) == {"GM-P606"}
    assert "GM-F303" in knock(high, proposal, at=high.clock.now() - timedelta(hours=3))
    assert agree(high, "raio").state == "ratified"
    assert high.check(proposal).verdict.allowed
    assert knock(high, proposal) == set()
    high.merge(proposal)
    assert high.live_version("fraud", "staging") == "1.6.0"


def lift(registry, number=2):
    files = {}
    for stage in stories.STAGES:
        link = "https://incidents.example/412"
        files |= documents.hold_file(number, stage=stage, action="lift", root_cause=link, by="engineer")
    return registry.draft("fraud", files, event="change")


@pytest.mark.attack("a hold of an emergency lifted before it is ratified", "GM-P606", by="author")
def test_a_lift_needs_the_ratification_and_settles_the_emergency_for_good(high):
    declare(high)
    with high.untouched(), pytest.raises(Denied) as caught:
        lift(high)
    assert set(caught.value.verdict.codes) >= {"GM-P606"}
    agree(high, "raio")
    proposal = lift(high)
    high.approve(proposal, *APPROVERS["high"])
    high.merge(proposal)
    assert states(high) == ["ratified"]
    people = people_document({name: roles for name, roles in CROWD.items() if name not in {"raio", "both"}})
    change = high.draft("-", {"policies/people.yaml": people}, by="owner", event="policy")
    high.approve(change, "raio2")
    high.merge(change, by="owner")
    assert states(high) == ["settled"]
    high.clock.tick(days=400)
    assert states(high) == ["settled"]


def test_an_emergency_is_found_by_change_step_and_stage(high):
    session = high.session("raio")
    for name in ("fraud#production", "12345678", "1234"):
        with pytest.raises(GmError) as caught:
            find_emergency(session, name)
        assert caught.value.code == "GM-C235"
    declare(high, incident="INC-1")
    first = last(high)
    declare(high, incident="INC-2")
    second = last(high)
    session = high.session("raio")
    assert find_emergency(session, "fraud#staging").step == second.oid
    agree(high, "raio")
    session = high.session("raio")
    assert find_emergency(session, "fraud#staging").step == first.oid
    assert find_emergency(session, first.change_id[:8]).incident == "INC-1"
    assert find_emergency(session, second.oid[:12]).state == "ratified"
    twins = tuple(replace(one, change_id="e" * 64) for one in emergencies(session))
    known = mock.patch("gitops_models.workflows.emergency_ratify.emergencies", return_value=twins)
    with known, pytest.raises(GmError) as caught:
        find_emergency(session, "eeeeeeee")
    assert caught.value.code == "GM-C236"
