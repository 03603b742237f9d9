import errno
import os
import signal
from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.delivery.loop import is_news, pause_after, run_loop, stop_on_signals
from gitops_models.delivery.results import Report, Result, State, Sync
from gitops_models.delivery.values import ModelStage
from gitops_models.errors import Exit, GmError
from tests.support.delivery import NOW

RESULT = Result("local", ModelStage("fraud", "production"), State.LIVE, Sync.SYNCED, "1.0.0", "1.0.0", "d" * 64)
GOOD = Report("c" * 40, NOW)
AWAY = GmError("GM-S201", "away")
BROKEN = Report("c" * 40, NOW, problems=(("local", GmError("GM-R301", "unsafe")),))


def test_the_pause_after_a_good_run_is_the_interval_give_or_take_a_fifth():
    assert pause_after(GOOD, 0, interval=15, jitter=0.5) == 15
    assert pause_after(GOOD, 0, interval=15, jitter=0) == 12
    assert pause_after(GOOD, 0, interval=15, jitter=0.999) < 18


def test_a_remote_that_is_away_is_asked_again_after_5_s_doubling_to_3_min():
    pauses = [pause_after(AWAY, failures, interval=15, jitter=0.5) for failures in range(1, 8)]
    assert pauses == [5, 10, 20, 40, 80, 160, 180]


def test_a_failure_that_will_not_pass_is_never_tried_faster_than_the_interval():
    assert [pause_after(BROKEN, n, interval=15, jitter=0.5) for n in (1, 2, 3)] == [15, 15, 20]


@given(st.integers(0, 10_000), st.floats(1, 86400), st.floats(0, 1, exclude_max=True))
def test_the_pause_is_always_bounded(failures, interval, jitter):
    longest = 1.2 * max(interval, 180)
    assert 0 < pause_after(AWAY, failures, interval=interval, jitter=jitter) <= longest * (1 + 1e-12)  # rounding


class NoWait(Event):
    """The lengths of the pauses are the pure function's, tested above."""

    def wait(self, timeout=None):
        del timeout
        return self.is_set()


def test_the_loop_goes_on_after_failures_and_stops_when_told():
    stop, told = NoWait(), []
    outcomes = iter([AWAY, GOOD, BROKEN, GOOD])

    def once():
        outcome = next(outcomes)
        if isinstance(outcome, GmError):
            raise outcome
        return outcome

    def tell(outcome):
        told.append(outcome)
        if len(told) == 4:
            stop.set()

    run_loop(once, interval=15, stop=stop, random=lambda: 0.5, tell=tell)
    assert told == [AWAY, GOOD, BROKEN, GOOD]


def test_wrong_usage_ends_the_loop():
    def once():
        raise GmError("GM-R103", "bad file")

    with pytest.raises(GmError) as error:
        run_loop(once, interval=15, stop=Event(), random=lambda: 0.5, tell=lambda _outcome: None)
    assert error.value.code == "GM-R103"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_wait_at_once_and_the_former_handlers_come_back(number):
    before = signal.getsignal(signal.SIGTERM)
    stop, runs = Event(), []

    def once():
        runs.append(1)
        os.kill(os.getpid(), number)
        return GOOD

    with stop_on_signals(stop):
        run_loop(once, interval=3600, stop=stop, random=lambda: 0.5, tell=lambda _outcome: None)
    assert runs == [1]
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_bell_ends_the_wait_and_the_next_run_begins_and_a_signal_rings_it_too():
    stop, wake, runs = Event(), Event(), []

    def once():
        runs.append(1)
        wake.set()
        if len(runs) == 2:
            wake.clear()
            os.kill(os.getpid(), signal.SIGTERM)
        return GOOD

    with stop_on_signals(stop, wake):
        run_loop(once, interval=3600, stop=stop, random=lambda: 0.5, tell=lambda _outcome: None, wake=wake)
    assert runs == [1, 1]
    assert stop.is_set()


def test_a_disk_that_is_full_for_a_run_does_not_end_the_loop():
    stop, told = NoWait(), []
    outcomes = iter([OSError(errno.ENOSPC, "No space left on device"), GOOD])

    def once():
        outcome = next(outcomes)
        if isinstance(outcome, OSError):
            raise outcome
        return outcome

    def tell(outcome):
        told.append(outcome)
        if len(told) == 2:
            stop.set()

    run_loop(once, interval=15, stop=stop, random=lambda: 0.5, tell=tell)
    assert ([getattr(outcome, "code", None) for outcome in told], told[1]) == (["GM-C003", None], GOOD)


def test_a_bug_ends_the_loop():
    def once():
        raise FileNotFoundError(errno.ENOENT, "gone")

    with pytest.raises(FileNotFoundError):
        run_loop(once, interval=15, stop=NoWait(), random=lambda: 0.5, tell=print)


def test_the_loop_comes_back_when_a_place_is_due_and_never_later_than_usual():
    soon = replace(GOOD, again=timedelta(seconds=2))
    assert pause_after(soon, 0, interval=15, jitter=0.5) == 2
    assert pause_after(replace(GOOD, again=timedelta(hours=1)), 0, interval=15, jitter=0.5) == 15


def test_where_only_some_places_failed_the_others_are_looked_after_at_the_usual_pace():
    stop, told, pauses = Event(), [], []
    some = Report("c" * 40, NOW, results=(RESULT,), problems=(("broken", GmError("GM-R302", "no space")),))

    class Noting(Event):
        def wait(self, timeout=None):
            pauses.append(timeout)
            return True

    def tell(outcome):
        told.append(outcome)
        if len(told) == 4:
            stop.set()

    run_loop(lambda: some, interval=15, stop=stop, random=lambda: 0.5, tell=tell, wake=Noting())
    assert pauses == [15, 15, 15, 15]


def test_a_loop_that_idles_has_no_news():
    results = (RESULT,)
    before = Report("c" * 40, NOW, results=results)
    assert not is_news(Report("d" * 40, NOW, results=results), before)
    assert is_news(Report("c" * 40, NOW, results=(RESULT, RESULT)), before)
    assert is_news(Report("c" * 40, NOW, results=results, notes=("new",)), before)
    assert is_news(Report("c" * 40, NOW, results=results, problems=(("local", AWAY),)), before)
    assert is_news(before, AWAY)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, Exit.OK),
        ({"sync": Sync.DRIFTED, "state": State.DEGRADED}, Exit.DRIFT),
        ({"sync": Sync.BEHIND, "state": State.IDLE}, Exit.DRIFT),
        ({"sync": Sync.BEHIND, "state": State.SUSPENDED}, Exit.OK),
        ({"sync": Sync.BEHIND, "state": State.QUARANTINED}, Exit.OK),
        ({"error": AWAY}, Exit.EXTERNAL),
        ({"error": GmError("GM-R202", "swapped")}, Exit.INTEGRITY),
    ],
)
def test_once_ends_with_the_status_of_the_first_error_or_with_8_where_something_else_is_served(changes, status):
    assert Report("c" * 40, NOW, results=(replace(RESULT, **changes),)).exit_status is status
