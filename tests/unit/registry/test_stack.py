import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.registry.stack import LiveStack, StackEntry, classify_move


def stack_of(*moves: str) -> LiveStack:
    """Fold moves: a version is made live, "-" undeploys."""
    stack = LiveStack()
    for version in moves:
        if version == "-":
            stack = stack.undeploy()
        elif classify_move(stack, version) == "rolled-back":
            stack = stack.pop_to(version)
        else:
            stack = stack.push(StackEntry(version, "0" * 64, None))
    return stack


def test_nothing_is_live_at_first():
    stack = LiveStack()
    assert (stack.top, stack.live_version, stack.below_top()) == (None, None, ())
    assert classify_move(stack, "1.0") == "promoted"


@pytest.mark.clause("A-testing-2")
def test_a_second_rollback_goes_deeper_and_never_returns():
    stack = stack_of("1.0", "1.1", "1.2")
    assert [entry.version for entry in stack.below_top()] == ["1.1", "1.0"]
    stack = stack.pop_to("1.1")
    assert [entry.version for entry in stack.below_top()] == ["1.0"]
    stack = stack.pop_to("1.0")
    assert (stack.live_version, stack.below_top()) == ("1.0", ())


def test_the_return_of_a_popped_version_is_a_promotion():
    stack = stack_of("1.0", "1.1", "1.0")
    assert classify_move(stack, "1.1") == "promoted"
    assert classify_move(stack_of("1.0", "1.1"), "1.0") == "rolled-back"


def test_the_live_version_again_changes_nothing():
    assert classify_move(stack_of("1.0"), "1.0") == "unchanged"
    pushed = stack_of("1.0").push(StackEntry("1.0", "1" * 64, "step"))
    assert pushed.versions == (StackEntry("1.0", "1" * 64, "step"),)


def test_after_undeployment_every_return_is_a_promotion():
    stack = stack_of("1.0", "1.1", "1.2", "-")
    assert (stack.live_version, stack.top.version) == (None, "1.2")
    assert [classify_move(stack, version) for version in ("1.2", "1.1", "1.0")] == ["promoted"] * 3
    again = stack_of("1.0", "1.1", "1.2", "-", "1.1")
    assert ([entry.version for entry in again.versions], again.live_version) == (["1.0", "1.1"], "1.1")
    assert classify_move(again, "1.2") == "promoted"
    assert classify_move(again, "1.0") == "rolled-back"


def test_only_what_lies_below_the_top_can_be_rolled_back_to():
    with pytest.raises(ValueError, match=r"1\.1 does not lie below the top"):
        stack_of("1.0", "1.1").pop_to("1.1")


@given(st.lists(st.sampled_from(["1.0", "1.1", "1.2", "1.3", "-"])))
def test_no_version_is_ever_twice_on_the_stack(moves):
    stack = stack_of(*moves)
    versions = [entry.version for entry in stack.versions]
    assert len(set(versions)) == len(versions)
    live = next((move for move in reversed(moves)), "-")
    assert stack.live_version == (None if live == "-" else live)
