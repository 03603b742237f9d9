"""How much one scan may unpack and for how long it may look: an archive can ask for far more than it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.artifacts.scan.source import TooMuch

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_MEMBERS = 20_000
DEEPEST = 4
_FREE = 64 << 20
_RATIO = 100  # of a file: what is packed better is hardly a model
_BESIDE = 1 << 30  # what a large file may unpack to beside its own size


class Budget:
    """What is left for everything that one file unpacks to, at each depth: what lies below another lies beside it."""

    def __init__(self, size: int, stop: Callable[[], bool] | None = None) -> None:
        """Allow for a file of ``size`` bytes; ``stop`` says whether nobody waits for the answer any more."""
        most = min(_FREE + _RATIO * size, size + _BESIDE)
        self._bytes = [most] * (DEEPEST + 1)
        self._members = MOST_MEMBERS
        self._stop = stop

    def spend(self, size: int, depth: int = 1) -> None:
        """Count bytes that were unpacked to ``depth``; TooMuch."""
        self.go_on()
        self._bytes[depth] -= size
        if self._bytes[depth] < 0:
            raise TooMuch("unpacks to more than a scan looks into")

    def go_on(self) -> None:
        """TooMuch where nobody waits any more; asked for now and then by whatever takes long."""
        if self._stop is not None and self._stop():
            raise TooMuch("takes longer than a scan may")

    def member(self, depth: int) -> None:
        """Count a member at ``depth``; TooMuch."""
        self.go_on()
        self._members -= 1
        if self._members < 0:
            raise TooMuch(f"has more than {MOST_MEMBERS} members")
        if depth > DEEPEST:
            raise TooMuch(f"has archives in archives, more than {DEEPEST} deep")
