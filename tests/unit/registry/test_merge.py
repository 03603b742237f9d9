from hypothesis import given
from hypothesis import strategies as st

from gitops_models.registry.merge import merge_paths
from gitops_models.registry.snapshot import Entry

A, B, C = (Entry(0o100644, letter * 40) for letter in "abc")
trees = st.dictionaries(st.sampled_from("pqrs"), st.sampled_from([A, B, C]))


def applied(ours, result):
    merged = {**ours, **result.entries}
    return {path: entry for path, entry in merged.items() if entry is not None}


def test_what_one_side_changed_is_taken_and_what_both_changed_alike_stays():
    base = {"theirs": A, "ours": A, "both": A, "removed": A, "same": A}
    ours = {"theirs": A, "ours": B, "both": C, "removed": A, "same": A}
    theirs = {"theirs": B, "ours": A, "both": C, "same": A, "new": C}
    result = merge_paths(base, ours, theirs)
    assert result.entries == {"theirs": B, "removed": None, "new": C}
    assert result.conflicts == ()


def test_different_changes_of_one_path_are_conflicts_also_when_one_is_a_removal():
    result = merge_paths({"a": A, "b": A, "c": A}, {"a": B, "b": B, "d": A}, {"a": C, "c": B, "d": B})
    assert result.conflicts == ("a", "b", "c", "d")
    assert result.entries == {}


@given(trees, trees)
def test_merging_with_an_unchanged_side_gives_the_other_side(base, side):
    assert applied(base, merge_paths(base, base, side)) == side
    assert merge_paths(base, side, base).entries == {}
    assert merge_paths(base, side, side).entries == {}


@given(trees, trees, trees)
def test_the_sides_can_be_exchanged(base, ours, theirs):
    one, other = merge_paths(base, ours, theirs), merge_paths(base, theirs, ours)
    assert one.conflicts == other.conflicts
    if not one.conflicts:
        assert applied(ours, one) == applied(theirs, other)


@given(trees, trees, trees)
def test_every_merged_blob_is_that_of_a_side(base, ours, theirs):
    merged = applied(ours, merge_paths(base, ours, theirs))
    assert all(entry in (ours.get(path), theirs.get(path)) for path, entry in merged.items())


@given(trees, trees, trees)
def test_merging_the_result_again_changes_nothing(base, ours, theirs):
    first = merge_paths(base, ours, theirs)
    merged = applied(ours, first)
    if not first.conflicts:
        assert merge_paths(theirs, merged, theirs).entries == {}
