"""``gm verify`` after an earlier run: it reads what came since, and says what a replay from the pin says."""

import pytest

from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.store.writer import write_commit, write_tree
from gitops_models.trust.chain import ChainReader
from gitops_models.trust.ledgerrefs import changes_topic
from gitops_models.verification import cache
from gitops_models.workflows.pin import pin
from gitops_models.workflows.session import open_session
from gitops_models.workflows.verifying import verify
from tests.security.test_compromised import declare
from tests.support import stories


@pytest.fixture
def registry(tmp_path):
    story = stories.two_versions(tmp_path / "r")
    pin(story.path, story.pin)
    looked(story)
    return story


@pytest.fixture
def read(monkeypatch):
    """The first steps that were left out, each time that kept steps were read."""
    found = []
    real = cache.load_steps

    def counting(*given, after=0):
        found.append(after)
        return real(*given, after=after)

    monkeypatch.setattr(cache, "load_steps", counting)
    return found


def looked(registry, *, anew=False):
    return verify(open_session(registry.path, clock=registry.clock, replay=anew), anew=anew)


def ref_of(registry, number=0):
    """The ledger ref of an early change that was approved."""
    known = registry.ledger.known_changes()
    steps = [step for step in registry.history().steps if step.change_id in known]
    return f"refs/gm/{changes_topic(steps[number].change_id)}"


def link(registry, ref, files):
    """Add a commit to a ledger ref, as whoever can push may."""
    store, tip = registry.store, registry.store.ref(ref)
    who = store.commit(tip).author
    new = write_commit(store, write_tree(store, tip, files), [tip], "more\n", who, who, None)
    update_refs(store, [RefUpdate(ref, new, tip)], "test")


def test_new_steps_are_judged_and_no_kept_one_is_read(registry, read):
    first = looked(registry)
    registry.version("fraud", "1.2.0")
    registry.live("fraud", "1.2.0", "staging")
    again = looked(registry)
    assert read == []
    assert sum(again.steps.values()) == sum(first.steps.values()) + 2
    assert again == looked(registry, anew=True)


def test_denied_steps_are_told_for_ever(registry, read):
    registry.commit(stories.stage_file(registry, "1.0.0", "staging"), land=True)
    blocked = looked(registry)
    registry.commit(stories.stage_file(registry, "1.1.0", "staging"), land=True)
    settled = looked(registry)
    registry.version("fraud", "1.2.0")
    again = looked(registry)
    assert [one.standing for one in blocked.unaccepted] == ["blocking"]
    assert [one.standing for one in settled.unaccepted] == ["settled"]
    assert again.unaccepted == settled.unaccepted
    assert read == []
    assert again == looked(registry, anew=True)


def test_a_rollback_that_names_what_it_reverts_is_held_against_all_steps(registry, read):
    registry.merge(registry.rollback("fraud", stage="production"), by="operator")
    again = looked(registry)
    assert read == [0]
    assert (again.lies, again) == ({}, looked(registry, anew=True))


def test_with_a_key_declared_compromised_all_steps_are_read(registry, read):
    declare(registry, "engineer", registry.pin)
    looked(registry)  # judged from the pin: which versions are suspect depends on every step
    registry.commit({"README": b"nothing governed"}, land=True)
    again = looked(registry)
    assert (read, bool(again.touched)) == ([0], True)
    assert again == looked(registry, anew=True)


def test_where_another_verb_judged_since_only_what_came_since_is_read(registry, read):
    steps = registry.history().length
    registry.version("fraud", "1.2.0")
    open_session(registry.path, clock=registry.clock)
    again = looked(registry)
    assert read == [steps - 1]
    assert again == looked(registry, anew=True)


def test_where_the_kept_steps_are_gone_all_is_judged_again(registry, read):
    steps = cache.steps_path(cache.cache_path(registry.store.common_dir))
    registry.merge(registry.rollback("fraud", stage="production"), by="operator")
    steps.unlink()
    again = looked(registry)
    assert (read, steps.exists()) == ([0], True)
    assert again == looked(registry, anew=True)


@pytest.mark.parametrize("looks", [1, 2])
def test_what_comes_to_an_old_change_is_seen(registry, looks):
    ref = ref_of(registry)
    for _ in range(looks):
        assert looked(registry).notices == ()
    link(registry, ref, {"junk.json": b"{}"})
    again = [looked(registry) for _ in range(looks)]
    assert [[one.code for one in found.notices] for found in again] == [["GM-T101"]] * looks
    assert again[0] == looked(registry, anew=True)


def test_records_are_not_read_again_while_their_refs_stand(registry, monkeypatch):
    refs = len(registry.ledger.known_changes())
    taken = []
    real = ChainReader._take_all
    monkeypatch.setattr(ChainReader, "_take_all", lambda *given: taken.append(given) or real(*given))
    looked(registry)
    assert taken == []
    looked(registry, anew=True)
    assert len(taken) >= refs > 2


def test_an_old_ref_that_lost_a_record_is_seen(registry):
    registry.ledger.remember_seen()
    ref = ref_of(registry)
    tip = registry.store.ref(ref)
    parent = registry.store.commit(tip).parents
    update_refs(registry.store, [RefUpdate(ref, parent[0] if parent else None, tip)], "test")
    assert [fault.code for fault in looked(registry).faults] == ["GM-T400"]
    assert looked(registry) == looked(registry, anew=True)
