"""The door's clock: what leads back to safety may land later as it was accepted; nothing else, and nothing ahead."""

from datetime import timedelta

import pytest

from gitops_models.forge.landing import prepare_landing
from gitops_models.workflows.hook import Moved, pre_receive
from tests.support import stories


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
    session = registry.session(by)
    registry.clock.tick()
    return prepare_landing(
        registry.store,
        session.writer(),
        proposal,
        registry.check(proposal),
        line="main",
        signer=session.signer(),
        ident=session.ident(),
        at=registry.clock.now(),
    )


@pytest.mark.attack("a rollback dated ahead", "GM-F303", by="thief")
@pytest.mark.attack("a rollback dated back for longer than a forge is down", "GM-F303", by="thief")
@pytest.mark.lookalike("a rollback that was accepted while the forge was down")
def test_a_rollback_that_was_made_while_the_forge_was_down_comes_in_and_no_other_time_does(critical):
    landing = rollback(critical)
    begun = critical.clock.time
    for later, codes in ((0, set()), (6 * 24, set()), (8 * 24, {"GM-F303"}), (-1, {"GM-F303"})):
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
