"""Whose hand was in a step is what was found when it was judged, and nothing that is said of it later."""

import json
from typing import NamedTuple

import pytest

from gitops_models.audit.explaining import explain
from gitops_models.verification.cache import load_prefix, save_prefix
from gitops_models.verification.fold import fold
from gitops_models.workflows import late
from tests.security.test_compromised import PEOPLE, declare, found
from tests.security.test_gpg_history import Gpg
from tests.support import policy as documents
from tests.support import stories
from tests.support.gpg import gpg_home, listed
from tests.support.registry import people_document
from tests.support.signed import key_entry
from tests.support.stories import CROWD, acceptance, append, decision, last


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    home = gpg_home(tmp_path_factory.mktemp("gpg") / "home")
    yield home
    home.stop()


def on_every_change(story, by):
    """Append an approval by the key of somebody to the ledger ref of every change, as whoever can push may."""
    for step in story.history().steps:
        records = story.ledger.records(step.change_id)
        like = next((record for record in records if record.kind == "decision"), None)
        if like is not None:
            append(story, step.change_id, decision(by=by, change_id=step.change_id, like=like), by=by)


def again(story, path):
    """The history by a reader who goes on from the prefix kept at ``path``."""
    known = load_prefix(path, story.store, story.pin)
    return fold(story.store, pin=story.pin, tip=story.tip, ledger=story.ledger, known=known, now=None)


@pytest.mark.attack("a dead key's approvals of old changes, to take every rollback away", "ignored", by="thief")
@pytest.mark.parametrize("name", ["engineer2", "lead2"])
def test_an_approval_that_comes_after_the_acceptance_touches_nothing(live, tmp_path, name):
    declare(live, name, live.pin)
    save_prefix(tmp_path / "prefix", live.history())
    before = live.history()
    on_every_change(live, name)
    assert (found(live), live.history().state.suspect) == ((), frozenset())
    assert live.history().steps == before.steps
    assert again(live, tmp_path / "prefix").state.suspect == frozenset()
    assert live.rollback("fraud", stage="production").version == "1.1.0"


@pytest.mark.attack("a dead key's acceptance of a change that needed nobody", "ignored", by="thief")
def test_an_acceptance_of_a_change_that_nobody_had_to_approve_touches_nothing(live, tmp_path):
    step = next(one for one in live.history().steps if not one.verdict.quorum_needed)
    assert step.events[0].version == "1.1.0"
    declare(live, "engineer2", live.pin)
    save_prefix(tmp_path / "prefix", live.history())
    main, head = live.store.commit(step.oid).parents[0], live.store.commit(step.oid).parents[-1]
    more = acceptance(live, by="engineer2", merge=step.oid, head=head, change_id=step.change_id, main=main, at=step.at)
    append(live, step.change_id, more, by="engineer2")
    assert (found(live), live.history().state.suspect) == ((), frozenset())
    assert again(live, tmp_path / "prefix").state.suspect == frozenset()


def test_an_approval_that_no_slot_was_left_for_touches_nothing(live):
    since = live.version("fraud", "1.3.0")
    change = live.promote("fraud", "1.3.0", "staging")
    live.approve(change, "lead", "lead2")
    step = live.merge(change, by="engineer2")
    (seated,) = [one.person for one in last(live).verdict.quorums[0].counted]
    for name in ("lead", "lead2"):
        other = live.copy(live.path.parent / name)
        declare(other, name, since)
        assert [(touch.step, touch.how) for touch in found(other)] == [(step, ("approved",))] * (name == seated)


@pytest.mark.attack("an old step that a thief's approval releases", "ignored", by="thief")
def test_a_step_from_before_that_was_released_after_is_touched(live):
    step = released(live)
    beside = live.copy(live.path.parent / "beside")
    declare(live, "lead", step)
    assert [(touch.step, touch.how) for touch in found(live)] == [(step, ("approved", "accepted"))]
    # The same where the commit lies beside the line: the head of the proposal.
    declare(beside, "lead", live.store.commit(step).parents[1])
    assert [touch.step for touch in found(beside)] == [step]


@pytest.mark.lookalike("a late approval from before the key was lost")
def test_a_step_that_was_released_before_is_not_touched(live):
    released(live)
    since = live.commit({"README.md": b"x"}, land=True)
    declare(live, "lead", since)
    assert found(live) == ()


def released(story):
    """A promotion of 1.3.0 that was merged by hand and released by a late approval of the lead; the step."""
    story.version("fraud", "1.3.0")
    step = story.merge_by_hand(story.promote("fraud", "1.3.0", "staging").head)
    story.clock.tick()
    session = story.session("lead")
    late.approve_late(session, late.find_waiting(session, step))
    assert (last(story).oid, last(story).status, last(story).released) == (step, "accepted", step)
    return step


# Keys that go by several names


def gpg_people(*gpg):
    return {"engineer": {"keys": [key_entry("engineer"), *gpg]}}


def declare_as(story, name, since, document):
    """Declare a key of any kind compromised, with this people file."""
    document = document.decode() + f"compromised: [{json.dumps({'fingerprint': name, 'since': since})}]\n"
    change = story.draft("-", {PEOPLE: document.encode()}, by="owner", event="policy")
    story.approve(change, "raio")
    story.merge(change, by="owner")
    assert last(story).status == "accepted"


@pytest.fixture
def stolen(keys, tmp_path):
    """1.0.0, then 1.1.0 signed with a GPG subkey that is no longer its owner's, and 1.2.0: all of them promoted."""
    primary = keys.make(tmp_path.name)
    subkey = keys.add_subkey(primary)
    entry = listed(keys, primary)
    story = stories.registry(tmp_path / "r", persons=gpg_people(entry))
    story.version("fraud", "1.0.0")
    since = story.live("fraud", "1.0.0", "staging", "production")
    files = documents.version_files("1.1.0", author="engineer")
    thief = story.commit(files, by="engineer", signer=Gpg(keys, subkey), land=True)
    story.tag("fraud@v1.1.0", thief)
    story.live("fraud", "1.1.0", "staging", "production")
    story.version("fraud", "1.2.0", by="engineer2")
    story.live("fraud", "1.2.0", "staging", "production")
    return Stolen(story, primary, subkey, entry, since, thief)


class Stolen(NamedTuple):
    story: object
    primary: str
    subkey: str
    entry: dict
    since: str
    thief: str


@pytest.mark.attack("a version signed with a lost GPG subkey as the last known good one", "ignored", by="thief")
@pytest.mark.parametrize("stays", [True, False])
@pytest.mark.parametrize("which", ["primary", "subkey"])
def test_a_gpg_key_is_found_by_its_key_and_by_its_part(stolen, which, stays):
    story, name = stolen.story, getattr(stolen, which)
    assert story.rollback("fraud", stage="production").version == "1.1.0"
    declare_as(story, name, stolen.since, people_document(CROWD, **(gpg_people(stolen.entry) if stays else {})))
    (touch,) = found(story)
    assert (touch.fingerprint, touch.step, touch.how) == (name, stolen.thief, ("signed",))
    assert story.history().state.suspect == {("fraud", "1.1.0")}
    explained = explain(story.store, story.ledger, story.history(), stolen.thief, now=story.clock.now())
    assert [one.compromised for one in explained.signings] == [stolen.since]
    assert story.rollback("fraud", stage="production", reason="worse again").version == "1.0.0"


@pytest.mark.lookalike("another subkey of the same GPG key")
def test_another_subkey_of_the_same_key_is_not_meant(stolen, keys):
    other = keys.add_subkey(stolen.primary)
    declare_as(stolen.story, other, stolen.since, people_document(CROWD, **gpg_people(listed(keys, stolen.primary))))
    assert (found(stolen.story), stolen.story.history().state.suspect) == ((), frozenset())
