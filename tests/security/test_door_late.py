"""The door's clock: what leads back to safety may land later as it was accepted; nothing else, and nothing ahead."""

from datetime import timedelta

import pytest

from gitops_models.workflows.hook import Moved, pre_receive
from tests.support import stories
from tests.support.registry import people_document
from tests.support.stories import acceptance, ledger_ref


@pytest.fixture
def critical(story):
    return story(stories.three_versions, "critical")


def rollback(registry):
    """A rollback that two persons agree to, landed while the forge is down."""
    proposal = registry.rollback("fraud", by="rescue1")
    registry.approve(proposal, "rescue2")
    return landed(registry, proposal, "rescue1")


def knock(registry, landing):
    """The codes with which the door refuses a landing; () lets it in. It moves nothing itself."""
    moved = [Moved(update.name, update.old, update.new) for update in landing.updates]
    with registry.untouched():
        judgement = pre_receive(registry.path, moved, registry.clock)
    return {refusal.code for refusal in judgement.refusals}


def landed(registry, proposal, by):
    """A landing as it is made while the forge is down."""
    registry.clock.tick()
    return registry.landing(proposal, by=by)


@pytest.mark.attack("a rollback dated ahead", "GM-F303", by="thief")
@pytest.mark.attack("a rollback dated back for longer than a forge is down", "GM-F303", by="thief")
@pytest.mark.lookalike("a rollback that was accepted while the forge was down")
def test_a_rollback_that_was_made_while_the_forge_was_down_comes_in_and_no_other_time_does(critical):
    landing = rollback(critical)
    begun = critical.clock.time
    for later, codes in ((0, set()), (6 * 24, set()), (8 * 24, {"GM-F303"}), (-1, {"GM-F303", "GM-P404"})):
        critical.clock.time = begun + timedelta(hours=later)
        assert knock(critical, landing) == codes


@pytest.mark.attack("a promotion dated back to when an approval still counted", "GM-F303", by="thief")
def test_a_promotion_of_another_time_stays_out(live):
    back = live.rollback("fraud", by="operator", hold=False)
    live.merge(back, by="operator")
    proposal = live.promote("fraud", "1.2.0", "production")
    live.approve(proposal, "lead")
    landing = landed(live, proposal, "engineer")
    assert knock(live, landing) == set()
    live.clock.tick(hours=1)
    assert knock(live, landing) == {"GM-F303"}


@pytest.mark.attack("an acceptance put behind a rollback that landed without it", "GM-F303", by="thief")
def test_a_late_acceptance_of_a_rollback_that_is_on_the_line_speaks_of_now(critical):
    landing = rollback(critical)
    chain = next(update for update in landing.updates if update.name.startswith("refs/gm/"))
    critical.force(landing.merge)
    critical.clock.tick(hours=1)
    judgement = pre_receive(critical.path, [Moved(chain.name, chain.old, chain.new)], critical.clock)
    assert [refusal.code for refusal in judgement.refusals] == ["GM-F303"]


def ending(path, name, until="2026-11-22"):
    """Two versions live, and somebody who counts until the next day."""
    registry = stories.registry(path, persons={name: {"until": until}})
    for version in ("1.0.0", "1.1.0"):
        registry.version("fraud", version, risk="critical")
        registry.live("fraud", version, "staging", "production", risk="critical")
    return registry


@pytest.mark.attack("a rollback dated back to when its maker still counted", "GM-F303", by="thief")
@pytest.mark.attack("a rollback dated back to when an approver still counted", "GM-F303", by="thief")
@pytest.mark.lookalike("a rollback that was accepted while all of them count")
@pytest.mark.parametrize("name", ["rescue1", "rescue2"])
def test_a_rollback_by_somebody_who_does_not_count_any_more_does_not_land_late(story, name):
    registry = story(ending, name)
    landing = rollback(registry)
    begun = registry.clock.time
    for hours, codes in ((0, set()), (8, set()), (40, {"GM-F303"})):
        registry.clock.time = begun + timedelta(hours=hours)
        assert knock(registry, landing) == codes
    (registry.store.common_dir / "gm" / "refusals.log").read_text().index(f"{name} is past 2026-11-22")


@pytest.mark.attack("an acceptance dated back to when its signer still counted", "GM-F303", by="thief")
def test_an_acceptance_by_somebody_who_does_not_count_any_more_does_not_land_late(story):
    registry = story(ending, "lead")
    proposal = registry.rollback("fraud", by="rescue1")
    registry.approve(proposal, "rescue2")
    change, main = registry.check(proposal).change_id, registry.tip
    step = registry.merge_by_hand(proposal.head, by="rescue1", land=False)
    record = acceptance(registry, by="lead", merge=step, head=proposal.head, change_id=change, main=main)
    chain = registry.session("rescue1").writer().prepare(change, record)
    name = ledger_ref(change)
    moved = [Moved("refs/heads/main", main, step), Moved(name, registry.store.ref(name), chain.new)]
    for hours, where in ((0, []), (40, [name])):
        registry.clock.tick(hours=hours)
        with registry.untouched():
            refusals = pre_receive(registry.path, moved, registry.clock).refusals
        assert [(refusal.code, refusal.where) for refusal in refusals] == [("GM-F303", at) for at in where]


@pytest.mark.attack("a rollback dated back by somebody whom the same push takes away", "GM-F303", by="thief")
def test_who_is_suspended_in_the_same_push_does_not_land_a_late_rollback(live):
    main = live.tip
    step = live.merge(live.rollback("fraud", by="operator"), by="operator")
    change = live.draft("-", {"policies/people.yaml": suspending("operator")}, by="owner", event="policy")
    live.approve(change, "raio")
    live.clock.tick(hours=1)
    last = live.merge(change, by="owner")
    live.force(main)
    judgement = pre_receive(live.path, [Moved("refs/heads/main", main, last)], live.clock)
    assert [(refusal.code, refusal.where) for refusal in judgement.refusals] == [("GM-F303", step)]
    assert "operator is suspended" in judgement.refusals[0].message


def suspending(name):
    """The people file of a story in which ``name`` is suspended."""
    return people_document(stories.CROWD, **{name: {"suspended": True}})
