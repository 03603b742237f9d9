"""Several objects at once: results in order, the first failure stops the others at their next chunk."""

from collections.abc import Callable, Iterator, Sequence
from threading import Event, Lock, Thread
from typing import TypeVar

from gitops_models.artifacts.hashing import Progress

JOBS = 4
_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


class _StoppedError(BaseException):
    """Raised inside a task whose siblings failed; like an interrupt it leaves what arrived."""


def in_parallel(
    work: Callable[[_Item, Progress], _Made],
    items: Sequence[_Item],
    progress: Progress | None = None,
    *,
    jobs: int = JOBS,
) -> list[_Made]:
    """Do ``work`` on each item; raises the first failure in the order of the items that were begun.

    ``work`` gets a progress callback of its own, which it must call now and then; ``progress`` is called by one thread
    at a time.
    """
    meter = _Meter(progress)
    if len(items) <= 1:
        return [work(item, meter) for item in items]
    left = iter(range(len(items)))
    made: dict[int, _Made] = {}
    errors: list[BaseException] = []

    def run() -> None:
        try:
            while (index := meter.next_of(left)) is not None:
                made[index] = work(items[index], meter)
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)
            meter.stop.set()

    # Daemons: a process that ends does not wait for what it fetches ahead, as it would for an executor's.
    threads = [Thread(target=run, daemon=True) for _ in range(min(jobs, len(items)))]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException:  # an interrupt: nobody writes any more when it is handed on
        meter.stop.set()
        for thread in threads:
            thread.join()
        raise
    for error in sorted(errors, key=lambda one: isinstance(one, _StoppedError)):
        raise error
    return [made[index] for index in range(len(items))]


class _Meter:
    """Counts for everybody, and ends everybody once somebody failed."""

    def __init__(self, progress: Progress | None) -> None:
        self.stop = Event()
        self._progress = progress
        self._lock = Lock()

    def __call__(self, count: int) -> None:
        if self.stop.is_set():
            raise _StoppedError
        if self._progress:
            with self._lock:
                self._progress(count)

    def next_of(self, left: Iterator[int]) -> int | None:
        with self._lock:
            return None if self.stop.is_set() else next(left, None)
