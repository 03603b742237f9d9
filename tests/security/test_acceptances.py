"""Attacks on acceptances: forged, replayed, back-dated and post-dated ones, and merges dated 2099."""

from datetime import UTC, datetime, timedelta

import pytest

from gitops_models.errors import GmError
from gitops_models.registry import yamls
from gitops_models.workflows.merging import merge
from tests.support.stories import acceptance, append, decision, last, people_without

FAR = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def landed(registry):
    """An approved promotion that somebody merged with plain git, and what a true acceptance of it says."""
    proposal = registry.promote("fraud", "1.1.0", "staging")
    registry.approve(proposal, "lead")
    change, main = registry.check(proposal).change_id, registry.tip
    step = registry.merge_by_hand(proposal.head)
    return registry, {"merge": step, "head": proposal.head, "change_id": change, "main": main}


def accept(registry, said, **changes):
    """Put an acceptance on the ledger and return the last step's status."""
    values = {"by": "engineer", **said, **changes}
    append(registry, values["change_id"], acceptance(registry, **values))
    return last(registry).status


@pytest.mark.lookalike("an acceptance that says what is so")
def test_a_true_acceptance_accepts(landed):
    assert accept(*landed) == "accepted"


@pytest.mark.attack("an acceptance signed by nobody who may", "pending", by="ci")
@pytest.mark.parametrize("signer", ["stranger", "ci"])
def test_an_acceptance_by_an_unknown_key_or_a_workload_that_may_not_is_none(landed, signer):
    assert accept(*landed, by=signer) == "pending"


@pytest.mark.attack("an acceptance signed with a removed person's key", "pending", by="thief")
def test_an_acceptance_by_a_removed_person_is_none(registry):
    change = registry.draft("-", {"policies/people.yaml": people_without("engineer2")}, by="owner", event="people")
    registry.approve(change, "raio")
    registry.merge(change, by="owner")
    proposal = registry.promote("fraud", "1.1.0", "staging")
    registry.approve(proposal, "lead")
    said = {"head": proposal.head, "change_id": registry.check(proposal).change_id, "main": registry.tip}
    step = registry.merge_by_hand(proposal.head)
    assert accept(registry, said, merge=step, by="engineer2") == "pending"
    assert accept(registry, said, merge=step, by="engineer") == "accepted"


@pytest.mark.attack("an acceptance that names another merge, head or tip", "pending", by="forge")
@pytest.mark.parametrize("field", ["merge", "head", "main"])
def test_an_acceptance_of_another_merge_head_or_tip_is_none(landed, field):
    registry, said = landed
    assert accept(registry, said, **{field: registry.pin}) == "pending"


@pytest.mark.attack("an acceptance reused for a second merge of the same head", "pending", by="forge")
def test_an_acceptance_does_not_carry_over_to_a_second_merge_of_the_same_head(landed):
    registry, said = landed
    assert accept(registry, said) == "accepted"
    tree = registry.store.commit(said["merge"]).tree
    registry.force(said["main"])
    registry.commit({}, by="engineer2", parents=[said["main"], said["head"]], tree=tree, land=True)
    assert last(registry).oid != said["merge"]
    assert last(registry).status == "pending"


@pytest.mark.attack("an acceptance put onto another change's ledger", "pending", by="forge")
def test_an_acceptance_on_the_ledger_of_another_change_is_none(landed):
    registry, said = landed
    append(registry, "0" * 64, acceptance(registry, by="engineer", **{**said, "change_id": "0" * 64}))
    assert last(registry).status == "pending"


# Time


@pytest.mark.attack("an acceptance dated before the last accepted step", "pending", by="thief")
@pytest.mark.parametrize(("minutes", "status"), [(-6, "pending"), (-5, "accepted"), (0, "accepted"), (600, "accepted")])
def test_an_acceptance_does_not_lie_before_the_previous_one(registry, minutes, status):
    proposal = registry.promote("fraud", "1.1.0", "staging")
    registry.approve(proposal, "lead")
    registry.clock.tick(minutes=30)
    registry.live("spam", "1.0.0", "production")
    at = registry.history().state.at + timedelta(minutes=minutes)
    said = {"head": proposal.head, "change_id": registry.check(proposal).change_id, "main": registry.tip}
    assert accept(registry, said, merge=registry.merge_by_hand(proposal.head), at=at) == status


@pytest.mark.attack("an acceptance dated before the approvals it rests on", "pending", by="reviewer")
def test_a_decision_made_after_the_acceptance_does_not_count(landed):
    registry, said = landed
    created = registry.ledger.records(said["change_id"])[0].body.created_at
    assert accept(registry, said, at=created - timedelta(minutes=6)) == "pending"
    assert accept(registry, said, at=created - timedelta(minutes=5)) == "accepted"


@pytest.mark.lookalike("a registration whose machine's clock stands in 2099")
def test_a_merge_without_quorum_dated_2099_stops_nobody(registry):
    now, registry.clock.time = registry.clock.now(), FAR
    registry.version("fraud", "1.2.0", by="engineer2")
    assert (last(registry).status, last(registry).at.year) == ("accepted", 2099)
    registry.clock.time = now
    registry.live("fraud", "1.1.0", "staging")
    assert (last(registry).status, last(registry).at.year) == ("accepted", 2026)
    registry.version("fraud", "1.3.0")
    assert last(registry).at.year == 2026


def test_a_merge_dated_1970_is_accepted_no_earlier_than_the_last_acceptance(registry):
    bound, registry.clock.time = registry.history().state.at, datetime(1970, 1, 2, tzinfo=UTC)
    registry.version("fraud", "1.2.0")
    assert (last(registry).status, last(registry).at) == ("accepted", bound)


@pytest.mark.attack("landing by a clock set back", "GM-F303", by="operator")
def test_nobody_lands_by_a_clock_that_stands_before_the_last_acceptance(registry):
    proposal = registry.promote("fraud", "1.1.0", "staging")
    registry.approve(proposal, "lead")
    registry.clock.tick(minutes=30)
    registry.live("spam", "1.0.0", "production")
    bound = registry.history().state.at
    registry.clock.time = bound - timedelta(minutes=6)
    with registry.untouched(), pytest.raises(GmError) as caught:
        merge(registry.session("engineer"), proposal)
    assert caught.value.code == "GM-F303"
    registry.clock.time = bound
    registry.merge(proposal)
    assert last(registry).status == "accepted"


def test_the_first_allowed_acceptance_decides(landed):
    registry, said = landed
    first = registry.clock.now()
    assert accept(registry, said, at=first) == "accepted"
    accept(registry, said, at=first + timedelta(minutes=30), by="lead")
    assert last(registry).at == first


def test_a_withdrawal_after_the_acceptance_changes_nothing(registry):
    proposal = registry.promote("fraud", "1.1.0", "staging")
    old = registry.approve(proposal, "lead")[0]
    change = registry.check(proposal).change_id
    registry.merge(proposal)
    append(registry, change, decision(by="lead", change_id=change, like=old, decision="withdraw", previous=old.sha256))
    assert last(registry).status == "accepted"


def test_an_acceptance_by_a_workload_that_may_is_one(registry):
    path = "policies/people.yaml"
    people = yamls.load(registry.history().state.snapshot.data(path), path)
    people["workloads"][0]["may"].append("acceptance")
    change = registry.draft("-", {path: yamls.dump(people)}, by="owner", event="people")
    registry.approve(change, "raio")
    registry.merge(change, by="owner")
    proposal = registry.promote("fraud", "1.1.0", "staging")
    registry.approve(proposal, "lead")
    said = {"head": proposal.head, "change_id": registry.check(proposal).change_id, "main": registry.tip}
    assert accept(registry, said, merge=registry.merge_by_hand(proposal.head), by="ci") == "accepted"
