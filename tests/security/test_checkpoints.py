"""Rewound, frozen and truncated views of a registry with checkpoints: what readers with and without memory refuse."""

from datetime import timedelta
from unittest import mock

import pytest

from gitops_models.delivery.follow import Follower
from gitops_models.delivery.mirror import REMOTE, open_mirror
from gitops_models.errors import GmError
from gitops_models.registry.times import format_time
from gitops_models.trust.ledger import Ledger
from gitops_models.trust.ledgerrefs import CHECKPOINTS
from gitops_models.trust.memory import Memory, Pin, load_memory, memory_path, save_memory, update_memory
from gitops_models.trust.records import Acceptance, make_acceptance, make_checkpoint
from gitops_models.workflows.checkpoint import checkpoint
from gitops_models.workflows.hook import Moved, pre_receive
from gitops_models.workflows.pin import pin
from gitops_models.workflows.session import open_session
from tests.support import policy as documents
from tests.support import registry as support
from tests.support import stories
from tests.support.git import clone_repository
from tests.support.keys import ed25519_key
from tests.support.stories import better_policy, ledger_ref

REF = f"refs/gm/{CHECKPOINTS}"
NOTARY = {**support.WORKLOADS, "notary": ["checkpoint"], "notary2": ["checkpoint"]}
HOUR = {"max_staleness_minutes": 60}


def one_staged(path, **policy):
    """``fraud`` 1.0.0 in staging, signed by many, with workloads that make checkpoints."""
    with mock.patch.object(support, "WORKLOADS", NOTARY):
        story = stories.registry(path, changes=policy)
        story.version("fraud", "1.0.0")
        story.live("fraud", "1.0.0", "staging")
    return story


def strict(path):
    """The same; readers want a checkpoint every hour."""
    return one_staged(path, **HOUR)


@pytest.fixture
def story(story):
    return story(one_staged)


@pytest.fixture
def fresh(told, tmp_path):
    return told(strict).copy(tmp_path / "strict")


def check(story, by="notary"):
    """Sign a checkpoint as the workload would."""
    story.clock.tick()
    return checkpoint(story.session(by))


class Node:
    """A reconciler's view: a mirror with a memory of its own."""

    def __init__(self, root, story, **wanted):
        self.root, self.story, self.wanted = root, story, {"pin": story.pin, **wanted}

    def follow(self):
        with open_mirror(self.root, str(self.story.path)) as store:
            self.memory = lambda: load_memory(memory_path(store.common_dir))
            ledger = Ledger(store, REMOTE)
            return Follower(store, ledger, line="main", clock=self.story.clock.now, **self.wanted)()

    def refusal(self):
        with pytest.raises(GmError) as caught:
            self.follow()
        return caught.value.code


@pytest.fixture
def node(tmp_path):
    return lambda story, name="node", **wanted: Node(tmp_path / name, story, **wanted)


def clone_of(story, path, home):
    clone_repository(story.path, path, home)
    pin(path, story.pin)
    return path


# A view that is older than a checkpoint


@pytest.mark.attack("a rewound line shown to a reader that remembers nothing", "GM-T610", by="forge")
def test_a_reader_without_memory_refuses_a_line_that_was_rewound_behind_a_checkpoint(story, node, tmp_path, home):
    check(story)
    path = clone_of(story, tmp_path / "clone", home)
    story.force(story.store.commit(story.tip).parents[0])
    with pytest.raises(GmError) as caught:
        open_session(path, clock=story.clock)
    assert caught.value.code == "GM-T610"
    reader = node(story)
    assert (reader.refusal(), reader.memory()) == ("GM-T610", None)


@pytest.mark.lookalike("a line that grew since its checkpoint")
def test_a_line_that_grew_since_its_checkpoint_is_followed(story, node, tmp_path, home):
    check(story)
    story.version("fraud", "1.1.0")
    session = open_session(clone_of(story, tmp_path / "clone", home), clock=story.clock)
    assert (session.history.tip, session.checkpoints.doubts) == (story.tip, ())
    followed = node(story).follow()
    assert (followed.history.tip, followed.problem) == (story.tip, None)
    assert followed.notes == (f"nothing was remembered: rollback protection begins at {story.tip}",)


def test_a_reader_with_memory_is_warned_and_the_reconciler_stays(story, node, tmp_path, home):
    path = clone_of(story, tmp_path / "clone", home)
    open_session(path, clock=story.clock)
    reader = node(story)
    known = reader.follow().history.tip
    step = story.version("fraud", "1.1.0")
    check(story)
    story.force(known)
    session = open_session(path, clock=story.clock)
    assert [doubt.code for doubt in session.checkpoints.doubts] == ["GM-T610"]
    followed = reader.follow()
    assert (followed.problem.code, followed.history.tip, reader.memory().accepted) == ("GM-T610", known, known)
    story.force(step)
    assert (reader.follow().problem, reader.memory().accepted) == (None, step)


@pytest.mark.attack("a forged checkpoint that would stop every reader", "ignored", by="ci")
def test_a_checkpoint_by_who_may_not_stops_nobody(story, node):
    body = check(story).body.model_copy(update={"main": "a" * 40})
    for name in ("engineer", "stranger", "ci"):
        story.session("engineer").writer().append_checkpoint(make_checkpoint(body, ed25519_key(name)))
    assert node(story).follow().problem is None


def test_a_workload_whose_right_is_taken_away_stops_nobody_any_more(story, node):
    reader = node(story)
    reader.follow()
    lie = check(story).body.model_copy(update={"main": "a" * 40})
    story.session("engineer").writer().append_checkpoint(make_checkpoint(lie, ed25519_key("notary")))
    assert reader.follow().problem.code == "GM-T610"
    change = story.draft("-", {"policies/people.yaml": stories.people_without()}, by="owner", event="policy")
    story.approve(change, "raio")
    step = story.merge(change, by="owner")
    followed = reader.follow()
    assert (followed.problem, followed.history.tip) == (None, step)


# Where a reader without memory begins


@pytest.mark.attack("a reconciler that is given neither pin nor key begins", "GM-T502", by="forge")
def test_a_reader_without_pin_and_memory_begins_nowhere(story, node):
    check(story)
    reader = node(story, pin=None)
    assert (reader.refusal(), reader.memory()) == ("GM-T502", None)


@pytest.mark.lookalike("a reconciler that begins at a checkpoint")
def test_a_reader_without_pin_begins_at_the_newest_checkpoint_of_the_key_it_was_told(story, node):
    check(story)
    story.version("fraud", "1.1.0")
    newest = check(story).body.main
    story.version("fraud", "1.2.0")
    reader = node(story, pin=None, checkpoints=ed25519_key("notary").fingerprint)
    assert (reader.follow().history.pin, reader.memory().pin.commit) == (newest, newest)
    assert reader.follow().history.tip == story.tip


@pytest.mark.attack("a beginning at a checkpoint by another workload's key", "GM-R410", by="ci")
def test_the_checkpoint_of_another_key_is_no_beginning(story, node):
    check(story, by="notary2")
    assert node(story, pin=None, checkpoints=ed25519_key("notary").fingerprint).refusal() == "GM-R410"


@pytest.mark.lookalike("a newer checkpoint of another repository by the same key")
def test_the_checkpoint_of_another_repository_bars_no_beginning(story, node):
    ours = check(story)
    story.clock.tick(hours=1)
    other = {"repository": "other", "main": "a" * 40, "at": format_time(story.clock.now())}
    record = make_checkpoint(ours.body.model_copy(update=other), ed25519_key("notary"))
    story.session("engineer").writer().append_checkpoint(record)
    reader = node(story, pin=None, checkpoints=ed25519_key("notary").fingerprint)
    followed = reader.follow()
    assert (followed.problem, followed.history.pin, followed.history.tip) == (None, ours.body.main, story.tip)


@pytest.mark.attack("an older view whose gm.yaml names another repository", "GM-T610", by="forge")
def test_another_repository_in_the_tips_files_does_not_hide_the_newest_checkpoint(story, node):
    check(story)
    story.version("fraud", "1.1.0")
    newest = check(story).body.main
    body = documents.document("Repository", id="other", line="main", models="models")
    older = story.store.commit(newest).parents[0]
    story.force(story.commit({"gm.yaml": body}, parents=[older], signer="unsigned"))
    reader = node(story, pin=None, checkpoints=ed25519_key("notary").fingerprint)
    assert (reader.refusal(), reader.memory()) == ("GM-T610", None)


def test_a_beginning_that_the_line_does_not_hold_is_refused(story, node):
    check(story)
    story.force(story.store.commit(story.tip).parents[0])
    assert node(story, pin=None, checkpoints=ed25519_key("notary").fingerprint).refusal() == "GM-T610"


# A view that is frozen


@pytest.mark.attack("a view that is frozen", "GM-T616", by="forge")
def test_a_frozen_view_is_stale_and_what_is_live_stays(fresh, node):
    check(fresh)
    reader = node(fresh)
    before = reader.follow().history.tip
    fresh.version("fraud", "1.1.0")
    fresh.clock.tick(minutes=70)
    followed = reader.follow()
    assert (followed.problem.code, followed.problem.exit_status) == ("GM-T616", 9)
    assert (followed.history.tip, reader.memory().accepted) == (before, before)
    check(fresh)
    followed = reader.follow()
    assert (followed.problem, followed.history.tip) == (None, fresh.tip)


def test_nothing_is_begun_on_a_stale_view(fresh, node):
    assert node(fresh, "without").refusal() == "GM-T616"
    check(fresh)
    fresh.clock.tick(minutes=61)
    reader = node(fresh, "old")
    assert (reader.refusal(), reader.memory()) == ("GM-T616", None)


@pytest.mark.attack("a checkpoint dated ahead that would keep a frozen view fresh", "GM-T616", by="ci")
def test_a_checkpoint_of_the_future_keeps_nothing_fresh(fresh, node):
    body = check(fresh).body.model_copy(update={"at": format_time(fresh.clock.now() + timedelta(days=1))})
    fresh.session("engineer").writer().append_checkpoint(make_checkpoint(body, ed25519_key("notary")))
    fresh.clock.tick(minutes=62)
    assert node(fresh).refusal() == "GM-T616"


# A ledger that lost what decided


@pytest.mark.attack("a ledger without an acceptance that a checkpoint saw", "GM-T615", by="forge")
def test_a_reader_without_memory_refuses_a_ledger_that_lost_an_acceptance(story, node, tmp_path, home):
    check(story)
    promoted = story.history().steps[-1]
    name = ledger_ref(promoted.change_id)
    kept = story.store.ref(name)
    story.force(story.store.commit(kept).parents[0], name)
    assert node(story, "late").refusal() == "GM-T615"
    with pytest.raises(GmError) as caught:
        open_session(clone_of(story, tmp_path / "late-clone", home), clock=story.clock)
    assert caught.value.code == "GM-T615"
    story.force(kept, name)
    assert node(story, "early").follow().problem is None


def test_a_reconciler_does_not_go_back_to_an_older_policy(story, node):
    change = story.draft("-", {stories.POLICY: better_policy(story)}, by="owner", event="policy")
    story.approve(change, "raio")
    step = story.merge(change, by="owner")
    reader = node(story)
    assert reader.follow().history.policy.version == 2
    assert reader.memory().policy_version == 2
    story.force(None, ledger_ref(story.history().steps[-1].change_id))
    assert reader.follow().problem is None  # what was seen is kept, so nothing went back
    with open_mirror(reader.root, str(story.path)) as store:
        for name, oid in store.refs("refs/gm-seen/").items():
            support.update_refs(store, [support.RefUpdate(name, None, oid)], "forget")
    assert reader.refusal() == "GM-T602"
    assert (reader.memory().accepted, reader.memory().policy_version) == (step, 2)


def test_a_reader_that_is_still_running_goes_on_with_the_policy_it_accepted(story, node):
    change = story.draft("-", {stories.POLICY: better_policy(story)}, by="owner", event="policy")
    story.approve(change, "raio")
    story.merge(change, by="owner")
    reader = node(story)
    with open_mirror(reader.root, str(story.path)) as store:
        follower = Follower(store, Ledger(store, REMOTE), line="main", pin=story.pin, clock=story.clock.now)
        good = follower().history
        story.force(None, ledger_ref(good.steps[-1].change_id))
        for name, oid in store.refs("refs/gm-seen/").items():
            support.update_refs(store, [support.RefUpdate(name, None, oid)], "forget")
        follower._ledger.refresh()
        followed = follower()
    assert (followed.problem.code, followed.history) == ("GM-T602", good)


def test_an_older_policy_after_a_repin_is_a_new_beginning(story, node):
    reader = node(story)
    reader.follow()
    with open_mirror(reader.root, str(story.path)) as store:
        path = memory_path(store.common_dir)
        update_memory(path, lambda memory: memory.model_copy(update={"policy_version": 9}))
    assert reader.refusal() == "GM-T602"
    reader.wanted["pin"] = story.tip
    followed = reader.follow()
    assert (followed.problem, [one.commit for one in reader.memory().epochs]) == (None, [story.pin])
    assert reader.memory().pin.at == format_time(story.clock.now())


# Acceptances that lie about their time


def approved(story):
    """A promotion that was approved half an hour ago."""
    story.version("fraud", "1.1.0")
    proposal = story.promote("fraud", "1.1.0", "staging")
    story.approve(proposal, "lead")
    story.clock.tick(minutes=30)
    return proposal


def accept_named(story, proposal, at, named):
    """Merge a promotion by hand with an acceptance of ``at`` that names a checkpoint commit."""
    evaluation = story.check(proposal)
    merge = story.merge_by_hand(proposal.head)
    body = Acceptance(
        main=evaluation.tip,
        merge=merge,
        head=proposal.head,
        change_id=evaluation.change_id,
        at=format_time(at),
        checkpoint=named,
    )
    stories.append(story, evaluation.change_id, make_acceptance(body, ed25519_key("engineer")))
    return story.history().steps[-1].status


@pytest.mark.attack("an acceptance dated before the checkpoint it names", "pending", by="reviewer")
@pytest.mark.parametrize(("minutes", "status"), [(-6, "pending"), (-4, "accepted"), (0, "accepted")])
def test_an_acceptance_before_the_checkpoint_it_names_is_none(story, minutes, status):
    proposal = approved(story)
    signed = check(story).body.made_at
    assert accept_named(story, proposal, signed + timedelta(minutes=minutes), story.store.ref(REF)) == status


@pytest.mark.parametrize("named", ["unknown", "no checkpoint", "by who may not"])
def test_a_name_that_is_no_checkpoint_bounds_nothing(story, named):
    proposal = approved(story)
    early = story.clock.now() - timedelta(minutes=20)
    body = check(story).body
    oid = {"unknown": "a" * 40, "no checkpoint": story.tip}.get(named)
    if oid is None:
        story.session("engineer").writer().append_checkpoint(make_checkpoint(body, ed25519_key("stranger")))
        oid = story.store.ref(REF)
    assert accept_named(story, proposal, early, oid) == "accepted"


def test_an_acceptance_names_the_newest_checkpoint_unless_it_says_later(story):
    story.version("fraud", "1.1.0")
    check(story)
    named = story.store.ref(REF)
    step = story.live("fraud", "1.1.0", "staging")
    assert accepted_with(story, step) == named
    story.session("engineer").writer().append_checkpoint(
        signed(story, at=format_time(story.clock.now() + timedelta(hours=1)))
    )
    assert accepted_with(story, story.live("fraud", "1.1.0", "production")) is None
    junk = story.commit({}, parents=[story.store.ref(REF)])
    story.force(junk, REF)
    assert story.ledger.latest_checkpoint(story.clock.now()) is None


def accepted_with(story, oid):
    """The checkpoint that the acceptance of a step names."""
    (step,) = [step for step in story.history().steps if step.oid == oid]
    records = story.ledger.records(step.change_id)
    return next(record.body.checkpoint for record in records if record.kind == "acceptance")


# Making them


@pytest.mark.attack("a checkpoint by a person or another workload", "GM-T611", by="ci")
@pytest.mark.parametrize("by", ["engineer", "ci", "operator"])
def test_nobody_else_makes_checkpoints(story, by):
    with story.untouched(), pytest.raises(GmError) as caught:
        check(story, by=by)
    assert caught.value.code == "GM-T611"


def test_no_checkpoint_is_made_without_a_pin_or_without_the_remote(story):
    session = story.session("notary")
    session.pinned = False
    with pytest.raises(GmError) as caught:
        checkpoint(session)
    assert caught.value.code == "GM-T502"
    session = story.session("notary")
    session.offline = "away"
    with story.untouched(), pytest.raises(GmError) as caught:
        checkpoint(session)
    assert caught.value.code == "GM-C170"


def test_no_checkpoint_is_made_by_a_clock_that_went_back_or_of_a_line_that_did(story):
    check(story)
    story.clock.tick(minutes=-10)
    with pytest.raises(GmError) as caught:
        checkpoint(story.session("notary"))
    assert caught.value.code == "GM-T613"
    story.clock.tick(minutes=20)
    story.force(story.store.commit(story.tip).parents[0])
    with pytest.raises(GmError) as caught:
        check(story)
    assert caught.value.code == "GM-T610"


def test_a_dry_run_signs_nothing(story):
    with story.untouched():
        done = checkpoint(story.session("notary"), dry_run=True)
    assert (done.sha256, done.appended, done.body.main) == (None, None, story.tip)


@pytest.mark.lookalike("a checkpoint while a step waits for approvals")
def test_what_waits_for_approvals_is_named_and_may_be_accepted_after_it(story, node):
    story.version("fraud", "1.1.0")
    proposal = story.promote("fraud", "1.1.0", "staging")
    waits = story.merge_by_hand(proposal.head)
    assert check(story).body.waiting == (waits,)
    assert node(story).follow().problem is None


def test_a_memory_that_begins_a_new_epoch_is_kept(story, tmp_path):
    path = tmp_path / "memory.json"
    memory = Memory(repository="r", line="main", pin=Pin(commit=story.pin))
    save_memory(path, memory.repinned(story.tip, "lost keys", at="2026-11-21T12:00:00Z"))
    assert load_memory(path).pin == Pin(commit=story.tip, reason="lost keys", at="2026-11-21T12:00:00Z")


# At the door


def knock(story, *records):
    """The codes with which the door refuses a push of checkpoints."""
    writer = story.session("engineer").writer()
    new = writer._prepare(CHECKPOINTS, records).new
    with story.untouched():
        moved = [Moved(REF, story.store.ref(REF), new)]
        return tuple(refusal.code for refusal in pre_receive(story.path, moved, story.clock).refusals)


def signed(story, by="notary", **fields):
    body = checkpoint(story.session("notary"), dry_run=True).body
    return make_checkpoint(body.model_copy(update=fields), ed25519_key(by))


@pytest.mark.lookalike("a workload's checkpoint of now")
def test_the_door_lets_a_workloads_checkpoint_in(story):
    assert knock(story, signed(story)) == ()
    assert knock(story, signed(story, main=story.history().steps[0].oid, ledger_sha256="1" * 64)) == ()


@pytest.mark.attack("a checkpoint of another hour", "GM-T613", by="ci")
@pytest.mark.attack("a checkpoint of another repository", "GM-T612", by="ci")
def test_the_door_refuses_checkpoints_that_say_what_is_not_so(story):
    ago = format_time(story.clock.now() - timedelta(minutes=16))
    ahead = format_time(story.clock.now() + timedelta(minutes=16))
    assert knock(story, signed(story, by="engineer")) == ("GM-T611",)
    assert knock(story, signed(story, main="a" * 40)) == ("GM-T610",)
    assert knock(story, signed(story, repository="another")) == ("GM-T612",)
    assert knock(story, signed(story, at=ago)) == ("GM-T613",)
    assert knock(story, signed(story, at=ahead)) == ("GM-T613",)
    assert knock(story, signed(story, policy_version=7)) == ("GM-T602",)


@pytest.mark.attack("a decision where checkpoints stand", "GM-F304", by="reviewer")
def test_the_door_refuses_anything_else_on_the_ref_of_checkpoints(story):
    decided = story.ledger.records(story.history().steps[-1].change_id)[0]
    assert knock(story, decided) == ("GM-F304",)
