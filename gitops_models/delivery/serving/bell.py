"""A bell that wakes the poll, and that nobody can keep ringing."""

import time
from collections.abc import Callable
from threading import Lock, Timer

LEAST_PAUSE = 5.0  # seconds between two rings: a busy forge must not make the reconciler spin


class Bell:
    """Calls ``wake`` when it is rung: at once, or when the shortest pause since the last time is over.

    Rings that come meanwhile count as one.
    """

    def __init__(
        self, wake: Callable[[], None], *, least: float = LEAST_PAUSE, tick: Callable[[], float] = time.monotonic
    ) -> None:
        self._wake = wake
        self._least = least
        self._tick = tick
        self._lock = Lock()
        self._last: float | None = None
        self._pending: Timer | None = None

    def __call__(self) -> None:
        """Ring it."""
        with self._lock:
            if self._pending is not None:
                return
            left = 0.0 if self._last is None else self._last + self._least - self._tick()
            if left <= 0:
                self._ring()
                return
            self._pending = Timer(left, self._late)
            self._pending.daemon = True
            self._pending.start()

    def close(self) -> None:
        """Forget a ring that has to wait."""
        with self._lock:
            if self._pending is not None:
                self._pending.cancel()
            self._pending = None

    def _late(self) -> None:
        with self._lock:
            self._pending = None
            self._ring()

    def _ring(self) -> None:
        self._last = self._tick()
        self._wake()
