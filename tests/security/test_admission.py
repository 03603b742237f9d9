"""Rules of time at every place that judges: the proposal, the merge, the server's door, readers, and years later."""

from datetime import timedelta

import pytest

from gitops_models.policy.denied import Denied
from gitops_models.verification.fold import fold
from gitops_models.workflows.hook import Moved, pre_receive
from tests.support import policy as documents
from tests.support.stories import acceptance, ledger_ref, registry, stage_file

MAIN = "refs/heads/main"
YEARS = timedelta(days=3653)


def soaking(path, risk="low"):
    """Staging holds 1.0.0 since a minute; production asks for a day there, and knows a freeze on Mondays."""
    production = {"soak_hours": dict.fromkeys(("low", "medium", "high", "critical"), 24), "freeze": [{"days": ["mon"]}]}
    story = registry(path, changes={"stage_rules": {"production": production}})
    story.version("fraud", "1.0.0", risk=risk)
    story.live("fraud", "1.0.0", "staging", risk=risk)
    return story


def training(path):
    """The policy asks for training in one topic, which counts for a year."""
    rule = {"topics": ["versioning"], "valid_days": 365}
    story = registry(path, changes={"training": rule})
    story.version("fraud", "1.0.0")
    return story


def knock(story, *updates):
    """The codes with which the door refuses ``(ref, new)`` updates."""
    moved = [Moved(name, story.store.ref(name), new) for name, new in updates]
    with story.untouched():
        return tuple(refusal.code for refusal in pre_receive(story.path, moved, story.clock).refusals)


def by_hand(story, proposal):
    """Merge with plain git and record the acceptance oneself: the updates that would land it."""
    change, main = story.check(proposal).change_id, story.tip
    step = story.merge_by_hand(proposal.head, land=False)
    record = acceptance(story, by="engineer", merge=step, head=proposal.head, change_id=change, main=main)
    return (MAIN, step), (ledger_ref(change), story.session("engineer").writer().prepare(change, record).new)


def readings(story):
    """Status and warnings of the last step: now, by a reader who begins anew, and ten years on."""
    later = story.clock.now() + YEARS
    histories = [story.history()]
    histories += [
        fold(story.store, pin=story.pin, tip=story.tip, ledger=story.ledger, now=now) for now in (None, later)
    ]
    steps = [history.steps[-1] for history in histories]
    return {(step.status, tuple(one.code for one in step.verdict.findings)) for step in steps}


@pytest.mark.clause("B-5.2-4")
@pytest.mark.attack("a promotion merged by hand before it has soaked", "GM-P316", by="author")
def test_nobody_promotes_before_the_soak_is_over_and_everybody_agrees_after_it(story):
    told = story(soaking)
    proposal = told.promote("fraud", "1.0.0", "production")
    told.approve(proposal, "lead")
    assert told.check(proposal).verdict.codes == ("GM-P316",)
    with told.untouched(), pytest.raises(Denied) as refused:
        told.merge(proposal)
    assert refused.value.code == "GM-P316"
    assert knock(told, *by_hand(told, proposal)) == ("GM-P316",)
    assert told.live_version("fraud", "production") is None

    told.clock.tick(hours=24)  # from Saturday noon to Sunday noon
    assert told.check(proposal).verdict.allowed
    assert knock(told, *by_hand(told, proposal)) == ()
    told.merge(proposal)
    assert told.live_version("fraud", "production") == "1.0.0"
    assert readings(told) == {("accepted", ())}


@pytest.mark.clause("B-5.2-5")
@pytest.mark.attack("a promotion merged by hand in a change freeze", "GM-P317", by="author")
def test_in_a_freeze_a_promotion_stays_out_and_a_rollback_comes_in(story):
    told = story(soaking)
    told.version("fraud", "1.1.0")
    told.clock.tick(hours=24)
    told.live("fraud", "1.0.0", "production")
    told.live("fraud", "1.1.0", "staging")
    told.clock.tick(hours=24 + 9)  # into Monday
    promotion = told.promote("fraud", "1.1.0", "production")
    told.approve(promotion, "lead")
    assert told.check(promotion).verdict.codes == ("GM-P317",)
    assert knock(told, *by_hand(told, promotion)) == ("GM-P317",)
    assert knock(told, (MAIN, told.commit(stage_file(told, "1.0.0", "staging"), by="operator"))) == ()
    back = told.rollback("fraud", stage="staging")
    told.merge(back, by="operator")
    assert told.live_version("fraud", "staging") == "1.0.0"


def test_what_landed_without_a_door_is_accepted_by_every_reader_and_stays_a_finding(story):
    told = story(soaking)
    proposal = told.promote("fraud", "1.0.0", "production")
    told.approve(proposal, "lead")
    for name, new in by_hand(told, proposal):
        told.force(new, name)
    assert readings(told) == {("accepted", ("GM-P316",))}


@pytest.mark.clause("B-10-2", "B-10-3")
@pytest.mark.attack("an approval and a promotion by people whose training expired", "GM-P410", by="author")
def test_expired_training_stops_proposals_and_approvals_until_it_is_renewed(story):
    told = story(training)
    proposal = told.promote("fraud", "1.0.0", "staging")
    told.approve(proposal, "lead")
    told.clock.tick(days=300)  # the trainings are of June
    assert told.check(proposal).verdict.codes == ("GM-P401", "GM-P410")
    assert knock(told, *by_hand(told, proposal)) == ("GM-P401",)
    new = dict.fromkeys(("versioning",), str(told.clock.now().date()))
    people = documents.yamls.load(told.history().state.snapshot.data("policies/people.yaml"), "p")
    for person in people["people"]:
        person["training"] = new
    renewal = told.draft("-", {"policies/people.yaml": documents.yamls.dump(people)}, event="people")
    told.approve(renewal, "raio")
    told.merge(renewal)
    assert told.check(proposal).verdict.allowed
    told.merge(proposal)
    assert readings(told) == {("accepted", ())}


@pytest.mark.clause("B-11-3")
def test_steps_that_were_forced_onto_the_line_call_for_an_audit(story):
    told = story(two_violations)
    promotion = told.promote("fraud", "1.0.0", "staging")
    told.approve(promotion, "lead")
    assert told.check(promotion).verdict.allowed
    break_in(told, "models/fraud/nonsense-3")
    assert len(told.history().state.happened("fraud", "violation")) == len("123")
    assert {one.persons for one in told.history().state.happened("fraud", "violation")} == {frozenset(("engineer",))}
    assert told.check(promotion).verdict.codes == ("GM-P322",)
    assert knock(told, *by_hand(told, promotion)) == ("GM-P322",)
    audit = documents.evidence_file("1.0.0", "external-audit", by="ci")
    vouch = told.draft("fraud", audit, by="ci", event="evidence-added", version="1.0.0")
    told.merge(vouch, by="ci")
    assert told.check(promotion).verdict.allowed
    told.merge(promotion)
    assert readings(told) == {("accepted", ())}


def two_violations(path):
    """Three violations in a year call for an audit, and there were two."""
    story = registry(path, changes={"violations": {"count": 3, "per_days": 365}})
    story.version("fraud", "1.0.0")
    for number in (1, 2):
        break_in(story, f"models/fraud/nonsense-{number}")
    return story


def break_in(story, path):
    """Force rubbish onto the line, and take it away again."""
    story.commit({path: b"x"}, land=True)
    story.commit({path: None}, land=True)
