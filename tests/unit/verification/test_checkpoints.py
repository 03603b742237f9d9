"""Checkpoints held against a history: whose count, what they say of the line, the ledger and the times."""

from datetime import timedelta
from unittest import mock

import pytest

from gitops_models.errors import GmError
from gitops_models.registry.times import format_time
from gitops_models.trust.ledgerrefs import CHECKPOINTS
from gitops_models.trust.records import Checkpoint, make_checkpoint
from gitops_models.verification.checkpoints import NamedCheckpoints, decided_digest, judge_checkpoints, staleness
from tests.support import registry as support
from tests.support import stories
from tests.support.keys import ed25519_key
from tests.support.registry import BEGIN

NOTARY = {**support.WORKLOADS, "notary": ["checkpoint"]}


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """Two models in staging; a workload ``notary`` may make checkpoints."""
    with mock.patch.object(support, "WORKLOADS", NOTARY):
        return stories.two_models(tmp_path_factory.mktemp("story") / "r")


@pytest.fixture
def history(story):
    return story.history()


def made(history, *, by="notary", at=None, main=None, **fields):
    """A checkpoint of this history as an honest workload would sign it, but for ``fields``."""
    body = Checkpoint(
        main=main or history.tip,
        repository="test-registry",
        line="main",
        since=history.pin,
        waiting=(),
        ledger_sha256="0" * 64,
        policy_version=history.policy.version,
        at=format_time(at or history.state.at + timedelta(minutes=1)),
    )
    honest = body.model_copy(update={"ledger_sha256": decided_digest(history, body) or "0" * 64})
    return make_checkpoint(honest.model_copy(update=fields), ed25519_key(by))


def judged(story, history, *records, now=None):
    return judge_checkpoints(story.store, history, records, now=now)


def codes(found):
    return ([doubt.code for doubt in found.doubts], [doubt.code for doubt in found.ignored])


def test_an_honest_checkpoint_of_the_tip_or_an_earlier_step_is_in_no_doubt(story, history):
    steps = [step.oid for step in history.steps]
    records = [made(history, main=main) for main in (steps[2], steps[-1])]
    found = judged(story, history, *reversed(records), now=history.state.at)
    assert codes(found) == ([], [])
    assert [one.main for one in found.made] == [steps[2], steps[-1]]
    assert found.refuse() is None


def test_the_pin_itself_and_what_lies_before_a_later_pin_can_be_checkpoints(story, history):
    later = story.history()
    record = made(history, main=history.pin, at=BEGIN)
    assert codes(judged(story, later, record)) == ([], [])
    assert decided_digest(history, made(history, since=history.steps[1].oid).body) is not None
    assert decided_digest(history, made(history, main="a" * 40).body) is None


@pytest.mark.parametrize(
    ("by", "why"),
    [("engineer", "may not make checkpoints"), ("ci", "may not make"), ("stranger", "belongs to nobody")],
)
def test_a_checkpoint_by_somebody_who_may_not_counts_for_nothing(story, history, by, why):
    found = judged(story, history, made(history, by=by, main="a" * 40))
    assert codes(found) == ([], ["GM-T611"])
    assert why in found.ignored[0].what
    assert (found.made, found.newest) == ((), None)


@pytest.mark.parametrize("fields", [{"repository": "another"}, {"line": "release"}])
def test_a_checkpoint_of_another_repository_or_line_counts_for_nothing(story, history, fields):
    assert codes(judged(story, history, made(history, main="a" * 40, **fields))) == ([], ["GM-T612"])


def test_a_checkpoint_that_is_yet_to_come_counts_for_nothing(story, history):
    now = history.state.at
    record = made(history, at=now + timedelta(minutes=16))
    assert codes(judged(story, history, record, now=now)) == ([], ["GM-T613"])
    assert codes(judged(story, history, made(history, at=now + timedelta(minutes=14)), now=now)) == ([], [])


def test_what_is_no_checkpoint_is_passed_over(story, history):
    step = next(step for step in history.steps if story.ledger.records(step.change_id))
    assert codes(judged(story, history, *story.ledger.records(step.change_id))) == ([], [])


def test_a_line_that_does_not_hold_a_checkpoint_is_refused(story, history):
    record = made(history)
    earlier = story.history(history.steps[-2].oid)
    found = judged(story, earlier, record)
    assert codes(found) == (["GM-T610"], [])
    with pytest.raises(GmError) as caught:
        found.refuse()
    assert (caught.value.code, caught.value.where) == ("GM-T610", record.sha256)


def test_being_an_ancestor_is_not_enough(story, history):
    merged = story.store.commit(history.tip).parents[1]
    assert codes(judged(story, history, made(history, main=merged))) == (["GM-T610"], [])


def test_a_later_step_checked_earlier_is_a_contradiction(story, history):
    first = made(history, main=history.steps[1].oid, at=history.state.at + timedelta(minutes=12))
    assert codes(judged(story, history, first, made(history))) == (["GM-T613"], [])
    near = made(history, main=history.steps[1].oid, at=history.state.at + timedelta(minutes=6))
    assert codes(judged(story, history, near, made(history))) == ([], [])


def test_policy_versions_that_fall_are_a_contradiction_and_one_above_ours_went_back(story, history):
    first = made(history, main=history.steps[1].oid, policy_version=2)
    found = judged(story, history, first, made(history))
    assert codes(found) == (["GM-T613", "GM-T602"], [])
    with pytest.raises(GmError) as caught:
        found.refuse()
    assert caught.value.code == "GM-T602"


def test_an_acceptance_that_is_not_what_the_checkpoint_saw_is_found(story, history):
    found = judged(story, history, made(history, ledger_sha256="1" * 64))
    assert codes(found) == (["GM-T615"], [])
    with pytest.raises(GmError) as caught:
        found.refuse()
    assert caught.value.code == "GM-T615"


def test_an_older_difference_is_shown_but_stops_nobody_while_a_newer_one_agrees(story, history):
    old = made(history, main=history.steps[-2].oid, ledger_sha256="1" * 64)
    found = judged(story, history, old, made(history))
    assert codes(found) == (["GM-T615"], [])
    assert found.refuse() is None


def test_a_step_that_waited_may_be_accepted_later(story, history):
    step = next(step for step in reversed(history.steps) if step.verdict.quorum_needed)
    assert codes(judged(story, history, made(history, at=step.at - timedelta(minutes=6)))) == (["GM-T614"], [])
    assert codes(judged(story, history, made(history, at=step.at - timedelta(minutes=4)))) == ([], [])
    body = made(history, waiting=(step.oid,)).body
    digest = decided_digest(history, body)
    waited = made(history, at=step.at - timedelta(minutes=6), waiting=(step.oid,), ledger_sha256=digest)
    assert codes(judged(story, history, waited)) == ([], [])
    assert digest != decided_digest(history, made(history).body)


def test_the_oldest_checkpoint_that_contains_a_step_bounds_it(story, history):
    step = next(step for step in reversed(history.steps) if step.verdict.quorum_needed)
    early = made(history, at=step.at - timedelta(minutes=6))
    found = judged(story, history, early, made(history, at=step.at + timedelta(hours=1)))
    assert codes(found) == (["GM-T614"], [])
    assert found.doubts[0].where == step.oid


@pytest.mark.parametrize(("minutes", "stale"), [(59, False), (60, False), (61, True)])
def test_staleness_is_what_the_policy_says(history, minutes, stale):
    newest = made(history).body
    found = staleness(newest, 60, newest.made_at + timedelta(minutes=minutes))
    assert (found is not None) is stale
    if found:
        assert (found.code, found.error().exit_status) == ("GM-T616", 9)


def test_without_a_bound_nothing_is_stale_and_with_one_a_missing_checkpoint_is():
    assert staleness(None, None, BEGIN) is None
    assert staleness(None, 60, BEGIN).code == "GM-T616"


def test_a_checkpoint_is_read_back_from_its_ref(tmp_path):
    with mock.patch.object(support, "WORKLOADS", NOTARY):
        story = stories.registry(tmp_path / "r")
    history = story.history()
    records = [made(history, at=BEGIN + timedelta(minutes=minute)) for minute in range(20)]
    writer = story.session("notary").writer()
    for record in records:
        writer.append_checkpoint(record)
    assert story.store.ref(f"refs/gm/{CHECKPOINTS}")
    assert story.ledger.checkpoints() == tuple(records)
    assert story.ledger.recent_checkpoints() == tuple(reversed(records[4:]))
    story.force(None, f"refs/gm/{CHECKPOINTS}")
    assert len(story.ledger.recent_checkpoints()) == 16  # what was seen is kept


def test_the_time_of_a_named_checkpoint_is_read_once(tmp_path):
    with mock.patch.object(support, "WORKLOADS", NOTARY):
        story = stories.registry(tmp_path / "r")
    history = story.history()
    record = made(history, at=BEGIN)
    story.session("notary").writer().append_checkpoint(record)
    named, oid = NamedCheckpoints(story.store), story.store.ref(f"refs/gm/{CHECKPOINTS}")
    assert [named.time_of(oid, history.people) for _ in range(2)] == [BEGIN, BEGIN]
    assert named.time_of(story.tip, history.people) is None


def test_a_tip_that_is_no_commit_gives_no_checkpoints(tmp_path):
    story = stories.registry(tmp_path / "r")
    story.force(story.store.commit(story.tip).tree, f"refs/gm/{CHECKPOINTS}")
    assert (story.ledger.recent_checkpoints(), story.ledger.checkpoints()) == ((), ())
