"""Reconcile again and again: interval with jitter, back-off while it fails, a clean stop on SIGTERM."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

from gitops_models.delivery.results import Report
from gitops_models.errors import Exit, GmError
from gitops_models.errors.unforeseen import is_of_machine, unforeseen

_FIRST_BACKOFF = 5.0
_LONGEST_BACKOFF = 180.0
_DOUBLINGS = 10
_JITTER = 0.2

Outcome = Report | GmError


def pause_after(outcome: Outcome, failures: int, *, interval: float, jitter: float) -> float:
    """Return the seconds to wait. Pure.

    ``failures`` counts the runs in a row that came to nothing at all, this one included; from the first on the wait is
    5 s doubling to 3 min, but never less than that of a good run where the failure will not pass by itself. Where only
    some places failed each has its own back-off, and what is served goes on being looked after at the usual pace, or
    sooner where one of them is due. ``jitter`` in [0, 1) spreads readers of one remote over a fifth of the interval.
    """
    base = interval
    if failures:
        doublings = min(failures - 1, _DOUBLINGS)  # 2 ** 1024 is no float: a remote may be away for days
        backoff = min(_FIRST_BACKOFF * 2**doublings, _LONGEST_BACKOFF)
        base = backoff if _may_pass(outcome) else max(interval, backoff)
    elif isinstance(outcome, Report) and outcome.again is not None:
        base = min(interval, outcome.again.total_seconds())
    return base * (1 + _JITTER * (2 * jitter - 1))


def is_news(report: Report, before: Outcome) -> bool:
    """Whether ``report`` says something else than the outcome before it: a loop that idles for weeks says nothing."""
    if isinstance(before, GmError) or report.results is not before.results or report.notes != before.notes:
        return True
    return [(where, error.code) for where, error in report.problems] != [
        (where, error.code) for where, error in before.problems
    ]


def run_loop(
    once: Callable[[], Report],
    *,
    interval: float,
    stop: Event,
    random: Callable[[], float],
    tell: Callable[[Outcome], None],
    wake: Event | None = None,
) -> None:
    """Call ``once`` until ``stop`` is set; a run that has begun is finished.

    A ``GmError`` of a run is told and tried again, and so is a machine that refuses; wrong usage is raised, because no
    waiting repairs it.
    Setting ``wake`` ends the wait; to stop at once set ``stop`` and then ``wake``. Without it ``stop`` does both.
    """
    bell = wake or stop
    failures = 0
    while not stop.is_set():
        outcome = _attempt(once)
        tell(outcome)
        failures = failures + 1 if _failed(outcome) else 0
        bell.wait(pause_after(outcome, failures, interval=interval, jitter=random()))
        if wake is not None:
            wake.clear()


@contextmanager
def stop_on_signals(stop: Event, *bells: Event) -> Iterator[None]:
    """Set ``stop``, then ``bells``, on SIGTERM and SIGINT inside the block (main thread only).

    The former handlers come back.
    """

    def handle(_number: int, _frame: FrameType | None) -> None:
        for event in (stop, *bells):
            event.set()

    former = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _attempt(once: Callable[[], Report]) -> Outcome:
    try:
        return once()
    except GmError as error:
        if error.exit_status is Exit.USAGE:
            raise
        return error
    except OSError as error:
        if not is_of_machine(error):
            raise
        return unforeseen(error)  # a disk that was full for a minute must not end the process


def _failed(outcome: Outcome) -> bool:
    return isinstance(outcome, GmError) or (bool(outcome.problems) and not outcome.results)


def _may_pass(outcome: Outcome) -> bool:
    if isinstance(outcome, GmError):
        return outcome.exit_status in (Exit.EXTERNAL, Exit.CONFLICT)
    return outcome.retryable
