"""Giving back what the ledger lost, where others write there too and where the remote refuses."""

import pytest

from gitops_models.errors import GmError
from gitops_models.store.repository import Store
from gitops_models.trust.ledger import Ledger
from gitops_models.workflows.give_back import give_back
from tests.support import stories
from tests.support.git import clone_repository
from tests.support.stories import ledger_ref


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    story = stories.registry(tmp_path_factory.mktemp("story") / "r")
    story.version("fraud", "1.0.0")
    return story


@pytest.fixture
def story(told, tmp_path):
    return told.copy(tmp_path / "r")


def changed(story):
    return story.history().steps[-1].change_id


def test_what_others_wrote_meanwhile_stays_and_what_is_lost_is_added_to_it(story):
    change, session = changed(story), story.session("lead")
    session.ledger.remember_seen()
    name, records = ledger_ref(change), story.ledger.records(change)
    first = story.store.commit(story.store.ref(name)).parents[0]
    story.force(None, name)
    ledger = session.writer()
    (finding,) = ledger.rewritten()
    assert finding.whole is not None
    story.force(first, name)
    ledger.restore()
    assert story.store.commit(story.store.ref(name)).parents == (first,)
    assert Ledger(story.store).rewritten() == ()
    assert {one.sha256 for one in Ledger(story.store).records(change)} == {one.sha256 for one in records}


def test_without_a_key_nothing_is_made_anew(story):
    change = changed(story)
    story.ledger.remember_seen()
    story.force(story.commit({}, parents=[]), ledger_ref(change))
    ledger = Ledger(story.store)
    with pytest.raises(GmError) as caught:
        ledger.restore()
    assert (caught.value.code, list(ledger.outbox.topics())) == ("GM-T404", [])


def test_a_remote_that_refuses_says_so_and_nothing_is_lost_here(story, tmp_path, home):
    clone = clone_repository(story.path, tmp_path / "clone", home).path
    store = Store.open(clone / ".git")
    ledger = Ledger(store, "origin")
    ledger.fetch()
    name = ledger_ref(changed(story))
    whole = story.store.ref(name)
    story.force(None, name)
    ledger.fetch()
    hook = story.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(GmError) as caught:
        ledger.restore()
    assert (caught.value.code, story.store.ref(name)) == ("GM-S203", None)
    hook.unlink()
    ledger.restore()
    assert story.store.ref(name) == whole


def test_a_second_call_finds_nothing_to_do(story):
    session = story.session("lead")
    session.ledger.remember_seen()
    name = ledger_ref(changed(story))
    whole = story.store.ref(name)
    story.force(None, name)
    session.ledger.refresh()
    with story.untouched():
        (planned,) = give_back(session, dry_run=True)
    assert (planned.ref, planned.anew) == (name, False)
    assert give_back(session) == (planned,)
    assert (story.store.ref(name), give_back(session)) == (whole, ())
