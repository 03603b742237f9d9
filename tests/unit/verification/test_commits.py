"""Who touched what, and the merge of two sides by whole files."""

import pytest

from gitops_models.registry.paths import Layout
from gitops_models.verification.commits import merge_fact, proposal_facts, three_way, touched_paths, was_there
from tests.support import stories

LAYOUT = Layout()
MODEL, POLICY = "models/fraud/model.yaml", "policies/policy.yaml"


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    return stories.registry(tmp_path_factory.mktemp("commits") / "r")


def touched(registry, oid):
    return touched_paths(registry.store, registry.store.commit(oid), LAYOUT)


def test_a_commit_touches_the_governed_files_that_it_changes(registry):
    commit = registry.commit({MODEL: b"1", "README.md": b"1", POLICY: None})
    assert touched(registry, commit) == (MODEL, POLICY)


def test_a_root_commit_touches_everything_governed_that_it_holds(registry):
    assert touched(registry, registry.commit({MODEL: b"1", "x": b"1"}, parents=[])) == (MODEL,)


def test_a_merge_touches_only_what_is_in_none_of_its_parents(registry):
    one, other = registry.commit({MODEL: b"1"}), registry.commit({POLICY: b"2"})
    base = registry.store.commit(one).tree
    faithful = registry.commit({POLICY: b"2"}, parents=[one, other], tree=base)
    assert touched(registry, faithful) == ()
    assert touched(registry, registry.commit({POLICY: b"3"}, parents=[one, other], tree=base)) == (POLICY,)
    assert touched(registry, registry.commit({POLICY: None, MODEL: None}, parents=[one, other], tree=base)) == (POLICY,)


def test_each_side_contributes_what_it_changed(registry):
    one, other = registry.commit({MODEL: b"1"}), registry.commit({POLICY: None})
    merged = three_way(registry.store, one, other, LAYOUT)
    assert (dict(merged.updates), merged.conflicts, merged.base) == ({POLICY: None}, (), registry.tip)


def test_the_same_file_changed_on_both_sides_is_a_conflict_unless_both_agree(registry):
    one, other, same = (registry.commit({MODEL: text}) for text in (b"1", b"2", b"1"))
    assert three_way(registry.store, one, other, LAYOUT).conflicts == (MODEL,)
    assert three_way(registry.store, one, same, LAYOUT).conflicts == ()
    removed = registry.commit({MODEL: None, "y": b"1"}, parents=[one])
    edited = registry.commit({MODEL: b"3"}, parents=[one])
    assert three_way(registry.store, removed, edited, LAYOUT).conflicts == (MODEL,)


def test_a_side_that_only_goes_on_from_the_tip_is_taken_as_it_is(registry):
    head = registry.commit({MODEL: b"1", "README.md": b"1"})
    assert set(three_way(registry.store, registry.tip, head, LAYOUT).updates) == {MODEL}
    assert set(three_way(registry.store, registry.tip, head, None).updates) == {MODEL, "README.md"}


def test_two_lines_without_a_common_commit_merge_from_nothing(registry):
    orphan = registry.commit({MODEL: b"1"}, parents=[])
    merged = three_way(registry.store, registry.tip, orphan, LAYOUT)
    assert (merged.base, set(merged.updates)) == (None, {MODEL})


def test_commits_that_touch_nothing_governed_are_no_facts(registry):
    people = registry.history().people
    one = registry.commit({"README.md": b"1"})
    two = registry.commit({MODEL: b"1"}, parents=[one], by="lead")
    (fact,) = proposal_facts(registry.store, two, registry.tip, people, LAYOUT)
    assert (fact.oid, fact.touched, fact.actor.id, fact.email_ok, fact.reason) == (
        two,
        (MODEL,),
        "lead",
        True,
        "because",
    )


def test_a_merge_that_takes_the_conflicting_side_is_foreign_there(registry):
    one, other = registry.commit({MODEL: b"1"}), registry.commit({MODEL: b"2"})
    tree = registry.store.commit(other).tree
    merge = registry.store.commit(registry.commit({}, parents=[one, other], tree=tree))
    entries = (registry.entry(b"1"), registry.entry(b"2"))
    fact = merge_fact(registry.store, merge, {MODEL: entries}, registry.history().people, LAYOUT)
    assert (fact.foreign, fact.actor.id) == ((MODEL,), "engineer")


def test_a_commit_was_there_when_it_is_an_ancestor(registry):
    later = registry.commit({"x": b"x"})
    store = registry.store
    assert was_there(store, registry.tip, later)
    assert was_there(store, later, later)
    assert not was_there(store, later, registry.tip)
    assert not was_there(store, "1" * 40, later)
