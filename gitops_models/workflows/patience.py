"""Trying again when somebody else was quicker: exponential back-off with full jitter, up to a deadline."""

from __future__ import annotations

import itertools
import random
import time
from typing import TYPE_CHECKING

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_DOUBLINGS = 16  # beyond, the pause is the longest one anyway, and 2 ** 1024 would be no float


@dataclass(frozen=True)
class Patience:
    """How long to keep trying, in ``seconds``; a pause is drawn from [0, 1) of ``first`` doubled up to ``longest``.

    A deadline and not a count: how often one loses depends on how many others write and how long the server's hook
    takes, and neither is known. ``jitter`` gives numbers in [0, 1).
    """

    seconds: float = 120.0
    first: float = 0.2
    longest: float = 8.0
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def attempts(self) -> Iterator[int]:
        """Count the attempts from 1 and wait between two; ends instead of a wait that the deadline cuts short."""
        deadline = self.clock() + self.seconds
        for attempt in itertools.count(1):
            yield attempt
            wait = min(self.longest, self.first * 2 ** min(attempt - 1, _DOUBLINGS)) * self.jitter()
            if self.clock() + wait > deadline:
                return
            self.pause(wait)
