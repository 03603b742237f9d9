"""Fetches beside the loop what a rollback or the next promotion needs, so that neither needs a network then.

The bytes go into the content store and nowhere else: nothing that is served, staged or recorded changes here.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from gitops_models.delivery.retries import Setback, after_failure, may_try
from gitops_models.errors import GmError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from gitops_models.delivery.values import Deployment

STOP_SECONDS = 5.0


@runtime_checkable
class Gathering(Protocol):
    """A source of bytes that can bring those of a version without laying them out anywhere."""

    def gathering(self, deployment: Deployment) -> Callable[[], None]:
        """Return what brings them: all that is to be read of the repository is read now. Raises ``GmError``."""


class Prefetch:
    """What is to be fetched, one version after the other; what failed is tried again with a back-off of its own."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._bell = Event()
        self._stopped = False
        self._wanted: dict[str, tuple[str, Callable[[], None]]] = {}
        self._setbacks: dict[str, Setback] = {}
        self._done: set[str] = set()

    def want(self, versions: Iterable[Deployment], source: object) -> None:
        """Fetch these from now on, and nothing else that was wanted before."""
        wanted = {one.digest: one for one in versions}
        with self._lock:
            self._done &= set(wanted)
            self._setbacks = {digest: one for digest, one in self._setbacks.items() if digest in wanted}
            new = [one for digest, one in wanted.items() if digest not in self._done]
        jobs = {}
        if not isinstance(source, Gathering):
            return
        for one in new:
            try:
                jobs[one.digest] = (f"{one.source}@{one.version}", source.gathering(one))
            except GmError as error:
                self._failed(one.digest, f"{one.source}@{one.version}", error)
        with self._lock:
            self._wanted = jobs
        self._bell.set()

    def work(self) -> None:
        """Fetch what is wanted now, in the calling thread."""
        while (found := self._next()) is not None and not self._stopped:
            digest, name, job = found
            try:
                job()
            except Exception as error:  # noqa: BLE001 - what is fetched ahead must never stop what is served
                self._failed(digest, name, error)
            else:
                with self._lock:
                    self._done.add(digest)
                    self._setbacks.pop(digest, None)

    @contextmanager
    def background(self) -> Iterator[None]:
        """Fetch in a thread of its own inside the block; a fetch that has begun is not waited for when it ends."""
        thread = Thread(target=self._serve, name="gm-prefetch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopped = True
            self._bell.set()
            thread.join(STOP_SECONDS)

    def notes(self) -> tuple[str, ...]:
        """Say which versions are not at hand, and why."""
        with self._lock:
            return tuple(sorted(one.error.message for one in self._setbacks.values()))

    def _serve(self) -> None:
        while not self._stopped:
            self._bell.wait()
            self._bell.clear()
            self.work()

    def _next(self) -> tuple[str, str, Callable[[], None]] | None:
        now = self._clock()
        with self._lock:
            for digest in list(self._wanted):
                if may_try(self._setbacks.get(digest), digest, at=now):
                    name, job = self._wanted.pop(digest)
                    return digest, name, job
        return None

    def _failed(self, digest: str, name: str, error: Exception) -> None:
        why = f"{name} is not at hand for a rollback or promotion: {error}"
        problem = GmError(error.code if isinstance(error, GmError) else "GM-C001", why)
        with self._lock:
            before = self._setbacks.get(digest)
            self._setbacks[digest] = after_failure(before, problem, digest, at=self._clock(), bad=digest)
