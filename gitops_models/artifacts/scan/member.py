"""One thing to look into: a file, or what was unpacked from one."""

from __future__ import annotations

from dataclasses import replace
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING

from gitops_models.artifacts.scan.source import Source
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gitops_models.artifacts.scan.budget import Budget

_IN_MEMORY = 32 << 20
_HEAD = 1024


@dataclass(frozen=True)
class Member:
    """Bytes that can be read from any place, where they are, and what is left of the budget."""

    path: str
    stream: IO[bytes]
    size: int
    budget: Budget
    depth: int = 0
    allow: Collection[tuple[str, str]] = ()

    def head(self, size: int = _HEAD) -> bytes:
        """Give the first bytes."""
        return self.at(0, size)

    def at(self, offset: int, size: int) -> bytes:
        """Give up to ``size`` bytes from ``offset``; TooMuch where nobody waits any more."""
        self.budget.go_on()
        self.stream.seek(offset)
        return self.stream.read(size)

    def source(self, offset: int = 0) -> Source:
        """Read from ``offset``; the one before it ends."""
        self.stream.seek(offset)
        return Source(self.stream, self.budget.go_on)

    def unpacked(self, name: str, pieces: Iterable[bytes]) -> Member:
        """Give what ``pieces`` unpack to as a member below this one, whose stream the caller closes; TooMuch."""
        self.budget.member(self.depth + 1)
        stream: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - lives as long as the member
        size = 0
        try:
            for piece in pieces:
                self.budget.spend(len(piece), self.depth + 1)
                size += stream.write(piece)
        except BaseException:
            stream.close()
            raise
        return replace(self, path=f"{self.path}!{name}", stream=stream, size=size, depth=self.depth + 1)
