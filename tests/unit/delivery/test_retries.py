"""When a place that failed or drifted is tried again: pure, with the time passed in."""

from datetime import timedelta

import pytest

from gitops_models.delivery.retries import (
    HEALS,
    after_failure,
    after_healing,
    due,
    is_final,
    may_heal,
    may_try,
)
from gitops_models.errors import GmError
from tests.support.delivery import NOW

AWAY = GmError("GM-A321", "away")
SWAPPED = GmError("GM-A314", "swapped")


def seconds(count):
    return timedelta(seconds=count)


def in_a_row(error, times, inputs="a"):
    found = None
    for _ in range(times):
        found = after_failure(found, error, inputs, at=NOW, bad=None)
    return found


@pytest.mark.parametrize(
    ("code", "final"),
    [
        ("GM-A314", True),  # other bytes than the digest says
        ("GM-R201", True),  # the stage state pins another lineage
        ("GM-R520", True),  # a check before the switch
        ("GM-R521", True),  # a check of what is served
        ("GM-T031", True),  # a signature
        ("GM-A312", False),  # cut short: that may be the network
        ("GM-A313", False),
        ("GM-A311", False),  # missing: somebody may still push it
        ("GM-A321", False),
        ("GM-A322", False),
        ("GM-R302", False),  # the disk
        ("GM-R301", False),  # somebody else writes there
        ("GM-R303", False),
        ("GM-R522", False),  # a check that could not be run
        ("GM-R101", False),
    ],
)
def test_what_is_the_versions_own_fault_is_final_and_what_may_pass_is_not(code, final):
    assert is_final(GmError(code, "why")) is final


@pytest.mark.clause("A-execution-3")
def test_a_final_failure_has_one_attempt_until_an_input_changes():
    setback = in_a_row(SWAPPED, 1)
    assert (setback.final, setback.again) == (True, None)
    for hours in (0, 1, 24 * 365):
        assert not may_try(setback, "a", at=NOW + timedelta(hours=hours))
    assert may_try(setback, "b", at=NOW)
    assert due(setback, None, at=NOW) is None


def test_what_may_pass_is_tried_after_5_s_doubling_to_3_min():
    waits = [in_a_row(AWAY, times).again - NOW for times in range(1, 9)]
    assert waits == [seconds(count) for count in (5, 10, 20, 40, 80, 160, 180, 180)]
    third = in_a_row(AWAY, 3)
    assert not may_try(third, "a", at=NOW + seconds(19))
    assert may_try(third, "a", at=NOW + seconds(20))
    assert due(third, None, at=NOW) == seconds(20)


def test_other_inputs_begin_to_count_anew_and_so_does_a_failure_that_may_pass_after_a_final_one():
    third = in_a_row(AWAY, 3)
    assert after_failure(third, AWAY, "b", at=NOW, bad=None).count == 1
    assert after_failure(in_a_row(SWAPPED, 1), AWAY, "a", at=NOW, bad=None).count == 1


def test_a_clock_that_goes_back_makes_nobody_wait():
    setback = in_a_row(AWAY, 9)
    assert may_try(setback, "a", at=NOW - timedelta(days=1))
    healed = after_healing(None, at=NOW)
    assert may_heal(healed, at=NOW - timedelta(days=1))


def test_what_is_remembered_keeps_no_frames_alive():
    with pytest.raises(GmError) as raised:
        raise AWAY
    assert raised.value.__traceback__ is not None
    assert after_failure(None, raised.value, "a", at=NOW, bad=None).error.__traceback__ is None


def test_the_first_drift_is_healed_at_once_and_the_next_ones_after_2_6_18_to_300_s():
    at, healing, waits = NOW, None, []
    for _ in range(9):
        assert may_heal(healing, at=at)
        healing = after_healing(healing, at=at)
        wait = due(None, healing, at=at)
        waits.append(wait)
        assert not may_heal(healing, at=at + wait - seconds(1))
        at += wait
    assert waits == [*HEALS[1:], HEALS[-1], HEALS[-1], HEALS[-1]]
    assert [wait.seconds for wait in HEALS] == [0, 2, 6, 18, 54, 162, 300]


def test_after_ten_calm_minutes_the_next_drift_is_the_first_again():
    healing = after_healing(after_healing(after_healing(None, at=NOW), at=NOW), at=NOW)
    later = NOW + timedelta(minutes=10)
    assert may_heal(healing, at=later)
    assert after_healing(healing, at=later).count == 1
    assert due(None, healing, at=later) is None
