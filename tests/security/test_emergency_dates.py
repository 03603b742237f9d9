"""What one person could make of emergencies: a second hold that says less, and a date of its own for each."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gitops_models.policy.denied import Denied
from gitops_models.registry import yamls
from gitops_models.verification.fold import fold
from gitops_models.workflows.emergency_plan import Emergency, plan
from gitops_models.workflows.hook import Moved, pre_receive
from gitops_models.workflows.propose import propose
from tests.security.test_emergency import declare, draft, long_history
from tests.support.stories import acceptance, ledger_ref


@pytest.fixture
def high(story):
    return story(long_history)


@pytest.mark.attack(
    "a second hold beside that of an emergency, which says that it skips nothing", "GM-P605", by="operator"
)
def test_an_emergency_does_not_hide_behind_a_second_hold(high):
    session, made = draft(high)
    beside = {}
    for path, data in made.updates.items():
        if "/holds/" in path:
            hold = yamls.load(data, path)
            hold["emergency"] = {**hold["emergency"], "skipped": []}
            beside[path.replace("/1.yaml", "/2.yaml")] = yamls.dump(hold)
    assert len(beside) == 2
    with high.untouched(), pytest.raises(Denied) as caught:
        propose(session, replace(made, updates={**made.updates, **beside}))
    assert caught.value.verdict.codes == ("GM-P605",)


@pytest.mark.attack("emergencies of one afternoon, each dated to another day", "GM-P401", by="operator")
def test_dates_of_their_own_do_not_take_emergencies_out_of_the_rate(high):
    start = high.clock.time
    found = []
    for number, day in enumerate((2, 4, 6)):
        high.clock.time = start + timedelta(days=day)
        found.append(declare(high, incident=f"INC-{number}"))
    assert [one.state for one in found] == ["landed", "landed", "waits"]
    assert found[-1].evaluation.verdict.codes == ("GM-P401",)
    seen = fold(high.store, pin=high.pin, tip=high.tip, ledger=high.ledger, now=start + timedelta(days=10))
    assert seen.state.snapshot.stage_state("fraud", "production").version == "1.2.0"


@pytest.mark.attack("emergencies carried to the door, each dated to another day", "GM-P401", by="operator")
def test_the_door_does_not_take_them_either(high):
    start = high.clock.time
    door = standing(start + timedelta(days=6, hours=12))
    said = []
    for number, day in enumerate((1, 3, 5)):
        high.clock.time = start + timedelta(days=day)
        session = high.session("operator")
        proposal = propose(session, plan(session, Emergency("fraud", "scores", f"INC-{number}")).draft).proposal
        change, main = high.check(proposal, by="operator").change_id, high.tip
        step = high.merge_by_hand(proposal.head, by="operator", land=False)
        record = acceptance(high, by="operator", merge=step, head=proposal.head, change_id=change, main=main)
        link = high.session("operator").writer().prepare(change, record).new
        wanted = (("refs/heads/main", main, step), (ledger_ref(change), high.store.ref(ledger_ref(change)), link))
        with high.untouched():
            said.append({one.code for one in pre_receive(high.path, [Moved(*one) for one in wanted], door).refusals})
        if not said[-1]:
            high.force(step)
            high.force(link, ledger_ref(change))
    assert said[:2] == [set(), set()]
    assert "GM-P401" in said[2]


def standing(at):
    """A clock that stands."""

    class Standing:
        def now(self):
            return at

    return Standing()
