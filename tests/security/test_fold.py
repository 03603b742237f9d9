"""Attacks on what history amounts to: weak policies landed by force, blocked scopes, restoration, late approval."""

import pytest

from gitops_models.errors import GmError
from gitops_models.policy.denied import Denied
from gitops_models.verification.fold import fold
from gitops_models.workflows import late
from gitops_models.workflows.restore import restore
from gitops_models.workflows.review import add, decide
from tests.support import policy as documents
from tests.support.stories import (
    POLICY,
    acceptance,
    append,
    better_policy,
    denials,
    last,
    people_without,
    stage_file,
    weak_policy,
)


def give_back(registry, what, *, by="engineer2"):
    """Restore a blocked scope; returns the step."""
    registry.clock.tick()
    opened = restore(registry.session(by), what, reason="not accepted")
    return registry.merge(opened.proposal, by=by)


def landed_without_acceptance(registry, version="1.1.0", stage="staging", approvers=()):
    """A promotion that somebody merged with plain git; returns the step."""
    proposal = registry.promote("fraud", version, stage)
    registry.approve(proposal, *approvers)
    return registry.merge_by_hand(proposal.head)


# A denied weakening of the policy


@pytest.mark.attack("a weaker policy pushed by force that would judge itself", "GM-P401", "GM-P702", by="forge")
def test_a_denied_weakening_of_the_policy_never_judges(registry):
    registry.commit({POLICY: weak_policy(registry, version=1)}, by="owner", land=True)
    history = registry.history()
    assert (last(registry).status, last(registry).verdict.codes) == ("denied", ("GM-P401", "GM-P404", "GM-P702"))
    assert history.blocked == {"policy"}
    assert (history.policy.version, history.policy.risks.low.approve) == (1, ("technical-lead",))


@pytest.mark.attack("a promotion behind a weakened policy", "GM-P315", by="forge")
def test_a_promotion_that_only_the_weak_policy_would_allow_stays_out(registry):
    registry.commit({POLICY: weak_policy(registry)}, by="owner", land=True)
    registry.commit(stage_file(registry, "1.1.0", "staging"), land=True)
    assert last(registry).verdict.codes == ("GM-P315", "GM-P401", "GM-P404")
    assert registry.live_version("fraud", "staging") == "1.0.0"
    assert registry.history().blocked == {"policy", "model:fraud"}


@pytest.mark.lookalike("the same weaker policy with its approval")
def test_the_same_policy_with_its_approval_judges_from_the_next_step_on(registry):
    proposal = registry.draft("-", {POLICY: weak_policy(registry)}, by="owner", event="policy")
    registry.approve(proposal, "raio")
    registry.merge(proposal, by="owner")
    assert (last(registry).status, registry.history().blocked) == ("accepted", frozenset())
    registry.merge(registry.promote("fraud", "1.1.0", "staging"))
    assert registry.live_version("fraud", "staging") == "1.1.0"


def test_the_next_good_policy_change_is_judged_by_the_accepted_policy(registry):
    nobody = {"approve": "none", "evidence": "forge"}
    registry.commit({POLICY: weak_policy(registry, policy_changes=nobody)}, by="owner", land=True)
    good = registry.draft(
        "-", {POLICY: better_policy(registry, approvals={"max_age_days": 9})}, by="owner", event="policy"
    )
    assert denials(registry, good) == ("GM-P401",)
    with registry.untouched(), pytest.raises(Denied):
        registry.merge(good, by="owner")
    registry.approve(good, "raio")
    registry.merge(good, by="owner")
    assert (registry.history().policy.approvals.max_age_days, registry.history().blocked) == (9, frozenset())


@pytest.mark.attack("making oneself an approver by direct push", "pending", by="operator")
def test_people_that_a_denied_change_adds_approve_nothing(registry):
    files = {"policies/people.yaml": people_without("lead", "lead2", operator={"roles": ["technical-lead"]})}
    registry.commit(files, by="operator", land=True)
    assert (last(registry).status, registry.history().blocked) == ("pending", {"policy"})
    assert not registry.history().people.person("operator").holds("technical-lead", "fraud")


def test_while_policy_is_blocked_promotions_are_denied_and_registrations_go_on(registry):
    registry.commit({POLICY: weak_policy(registry)}, by="owner", land=True)
    with registry.untouched(), pytest.raises(Denied) as caught:
        registry.promote("fraud", "1.1.0", "staging")
    assert caught.value.code == "GM-P315"
    registry.version("fraud", "1.2.0")
    assert last(registry).status == "accepted"


@pytest.mark.clause("A-testing-7")
@pytest.mark.lookalike("a rollback while the policy is blocked")
def test_while_policy_is_blocked_rollbacks_work(live):
    live.commit({POLICY: weak_policy(live)}, by="owner", land=True)
    live.merge(live.rollback("fraud"), by="operator")
    assert live.live_version("fraud", "production") == "1.1.0"
    assert live.history().blocked == {"policy"}


def test_a_blocked_model_does_not_stop_another(registry):
    landed_without_acceptance(registry)
    registry.live("spam", "1.0.0", "production")
    history = registry.history()
    assert history.blocked == {"model:fraud"}
    assert (registry.live_version("spam", "production"), registry.live_version("fraud", "staging")) == (
        "1.0.0",
        "1.0.0",
    )


# Restoration


@pytest.mark.lookalike("a restoration by any person without a quorum")
@pytest.mark.parametrize("person", ["engineer2", "operator", "board1"])
def test_any_person_restores_a_blocked_model_without_a_quorum(registry, person):
    landed_without_acceptance(registry)
    give_back(registry, "fraud", by=person)
    assert (last(registry).status, registry.history().blocked) == ("restored", frozenset())
    assert not registry.ledger.records(last(registry).change_id)


def test_any_person_restores_a_blocked_policy_without_a_quorum(registry):
    registry.commit({POLICY: weak_policy(registry)}, by="owner", land=True)
    give_back(registry, "policy", by="operator")
    assert (last(registry).status, registry.history().blocked) == ("restored", frozenset())
    registry.live("fraud", "1.1.0", "staging")
    assert registry.live_version("fraud", "staging") == "1.1.0"


def test_nothing_is_restored_where_nothing_is_blocked(registry):
    with registry.untouched(), pytest.raises(GmError) as caught:
        restore(registry.session("engineer"), "fraud", reason="why")
    assert caught.value.code == "GM-C160"


def test_a_model_that_an_unsigned_commit_blocks_can_be_restored(registry):
    registry.commit(stage_file(registry, "1.1.0", "staging"), signer="unsigned", land=True)
    assert last(registry).verdict.codes == ("GM-P401", "GM-P404", "GM-P801")
    give_back(registry, "fraud")
    assert (last(registry).status, registry.history().blocked) == ("restored", frozenset())


@pytest.mark.attack("a restoration by a workload", "GM-P403", by="ci")
def test_a_workload_restores_nothing(registry):
    landed_without_acceptance(registry)
    accepted = registry.history().state.snapshot.entry("models/fraud/stages/staging.yaml")
    registry.commit({"models/fraud/stages/staging.yaml": accepted}, by="ci", land=True)
    assert (last(registry).status, last(registry).verdict.codes) == ("denied", ("GM-P403",))


def test_a_refused_restoration_leaves_nothing_blocked_that_equals_the_accepted_state(registry):
    registry.commit({POLICY: weak_policy(registry)}, by="owner", land=True)
    accepted = registry.history().state.snapshot.entry(POLICY)
    registry.commit({POLICY: accepted}, signer="unsigned", land=True)
    assert (last(registry).status, registry.history().blocked) == ("denied", frozenset())
    registry.live("fraud", "1.1.0", "staging")
    assert registry.live_version("fraud", "staging") == "1.1.0"


def test_a_half_restoration_is_no_restoration(registry):
    step = registry.commit(
        {**stage_file(registry, "1.1.0", "staging"), "models/fraud/stages/production.yaml": b"kind: Other\n"}, land=True
    )
    accepted = registry.history().state.snapshot.entry("models/fraud/stages/staging.yaml")
    registry.commit({"models/fraud/stages/staging.yaml": accepted}, land=True)
    assert (last(registry).status, registry.history().blocked) == ("denied", {"model:fraud"})
    assert last(registry).oid != step


# Late approval


def test_a_late_approval_releases_a_blocked_model_from_the_step_where_it_was_made(registry):
    step = landed_without_acceptance(registry)
    between = registry.live("spam", "1.0.0", "production")
    registry.clock.tick()
    session = registry.session("lead")
    done = late.approve_late(session, late.find_waiting(session, step[:12]))
    history = registry.history()
    assert done.released
    assert [each.status for each in history.steps[-2:]] == ["accepted", "accepted"]
    assert (history.steps[-2].oid, history.steps[-2].released) == (step, between)
    assert registry.live_version("fraud", "staging") == "1.1.0"


def test_steps_before_a_late_acceptance_keep_what_was_decided(registry):
    step = landed_without_acceptance(registry)
    between = registry.live("spam", "1.0.0", "production")
    session = registry.session("lead")
    late.approve_late(session, late.find_waiting(session, step))
    before = registry.history(registry.store.commit(between).parents[0])
    assert (before.steps[-1].status, before.blocked) == ("pending", {"model:fraud"})
    assert before.state.snapshot.stage_state("fraud", "staging").version == "1.0.0"


def test_whoever_has_the_key_may_record_the_acceptance_of_an_approved_step(registry):
    step = landed_without_acceptance(registry, approvers=["lead"])
    assert last(registry).verdict.codes == ("GM-P404",)
    session = registry.session("operator")
    done = late.accept_late(session, late.find_waiting(session, step))
    assert (done.record, done.released, registry.live_version("fraud", "staging")) == (None, True, "1.1.0")


@pytest.mark.attack("an acceptance recorded before the quorum is complete", "GM-P401", by="operator")
def test_a_step_is_not_accepted_before_its_quorum_is_complete(registry):
    step = landed_without_acceptance(registry)
    session = registry.session("operator")
    with registry.untouched(), pytest.raises(Denied) as caught:
        late.accept_late(session, late.find_waiting(session, step))
    assert caught.value.code == "GM-P401"


def test_a_late_approval_of_the_author_releases_nothing(registry):
    step = landed_without_acceptance(registry)
    session = registry.session("engineer")
    done = late.approve_late(session, late.find_waiting(session, step))
    assert (done.released, registry.history().blocked) == (False, {"model:fraud"})


def test_an_acceptance_without_the_approval_releases_nothing(registry):
    step = landed_without_acceptance(registry)
    waiting = registry.history().pending["model:fraud"]
    head = registry.store.commit(step).parents[1]
    change = waiting.step.change_id
    append(registry, change, acceptance(registry, by="lead", merge=step, head=head, change_id=change, main=step))
    assert (last(registry).status, registry.history().blocked) == ("pending", {"model:fraud"})


@pytest.mark.attack("a late acceptance that names another step", "pending", by="forge")
@pytest.mark.parametrize("what", ["merge", "head", "main"])
def test_a_late_acceptance_speaks_for_one_step_head_and_tip_only(registry, what):
    step = landed_without_acceptance(registry, approvers=["lead"])
    change = last(registry).change_id
    said = {"merge": step, "head": registry.store.commit(step).parents[1], "main": step}
    wrong = {**said, what: registry.pin}
    append(registry, change, acceptance(registry, by="lead", change_id=change, **wrong))
    assert last(registry).status == "pending"
    append(registry, change, acceptance(registry, by="lead", change_id=change, **said))
    assert last(registry).status == "accepted"


def test_an_approval_made_later_than_its_acceptance_says_does_not_count(registry):
    step = landed_without_acceptance(registry)
    change, head = last(registry).change_id, registry.store.commit(step).parents[1]
    registry.live("spam", "1.0.0", "production")
    session = registry.session("lead")
    waiting = late.find_waiting(session, step)
    record = decide(
        session,
        late.check_waiting(session, waiting),
        session.actor(session.signer()),
        session.signer(),
        decision="approve",
        reason="",
    )
    add(session, change, record)
    append(registry, change, acceptance(registry, by="lead", merge=step, head=head, change_id=change, main=step))
    assert registry.history().blocked == {"model:fraud"}
    append(
        registry, change, acceptance(registry, by="lead", merge=step, head=head, change_id=change, main=registry.tip)
    )
    assert registry.history().blocked == frozenset()


def test_a_restored_model_has_nothing_left_to_release(registry):
    step = landed_without_acceptance(registry, approvers=["lead"])
    change, head = last(registry).change_id, registry.store.commit(step).parents[1]
    restored = give_back(registry, "fraud")
    record = acceptance(registry, by="lead", merge=step, head=head, change_id=change, main=restored)
    append(registry, change, record)
    assert registry.live_version("fraud", "staging") == "1.0.0"
    assert late.find_waiting(registry.session("lead"), step) is None


def test_a_blocked_policy_is_never_released_by_late_approval(registry):
    proposal = registry.draft("-", {POLICY: weak_policy(registry)}, by="owner", event="policy")
    registry.approve(proposal, "raio")
    step = registry.merge_by_hand(proposal.head, by="owner")
    change = last(registry).change_id
    assert late.find_waiting(registry.session("raio"), step) is None
    later = registry.commit({"notes.txt": b"the line goes on"}, land=True)
    record = acceptance(registry, by="raio", merge=step, head=proposal.head, change_id=change, main=later)
    append(registry, change, record)
    status = next(one.status for one in registry.history().steps if one.oid == step)
    assert (status, registry.history().policy.version) == ("pending", 1)
    assert late.find_waiting(registry.session("raio"), step) is None


def test_a_policy_that_a_forge_merged_is_accepted_while_it_is_the_tip(registry):
    proposal = registry.draft("-", {POLICY: weak_policy(registry)}, by="owner", event="policy")
    registry.approve(proposal, "raio")
    step = registry.merge_by_hand(proposal.head, by="owner")
    change = last(registry).change_id
    record = acceptance(registry, by="raio", merge=step, head=proposal.head, change_id=change, main=step)
    append(registry, change, record)
    assert (last(registry).status, registry.history().policy.version) == ("accepted", 2)


@pytest.mark.attack("late approval of what a removed signer left", "GM-P801", by="thief")
def test_a_signer_removed_since_the_landing_does_not_speak_for_late_content(registry):
    step = landed_without_acceptance(registry, approvers=["lead"])
    change = registry.draft("-", {"policies/people.yaml": people_without("engineer")}, by="owner", event="people")
    registry.approve(change, "raio")
    registry.merge(change, by="owner")
    session = registry.session("lead")
    with pytest.raises(Denied) as caught:
        late.accept_late(session, late.find_waiting(session, step))
    assert caught.value.code == "GM-P801"


def test_a_fold_continued_after_a_late_acceptance_equals_one_from_the_pin(registry):
    step = landed_without_acceptance(registry)
    known = registry.history()
    session = registry.session("lead")
    late.approve_late(session, late.find_waiting(session, step))
    again = fold(registry.store, pin=registry.pin, tip=registry.tip, ledger=registry.ledger, known=known, now=None)
    whole = registry.history()
    assert again.steps == whole.steps
    assert again.state.stacks == whole.state.stacks


# What stays governed


def test_paths_that_an_accepted_change_governs_are_governed_from_then_on(registry):
    gm = documents.document("Repository", id="test-registry", line="main", models="models", governed=["deploy/**"])
    proposal = registry.draft("-", {"gm.yaml": gm}, by="owner", event="policy")
    registry.approve(proposal, "raio")
    registry.merge(proposal, by="owner")
    registry.commit({"deploy/run.sh": b"anything\n"}, land=True)
    assert (last(registry).status, registry.history().blocked) == ("pending", {"policy"})
    assert registry.history().layout.classify("deploy/run.sh").scope == "policy"
