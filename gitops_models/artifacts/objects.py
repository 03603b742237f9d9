"""What an upload stores, and what it asks of a place to store it in."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from gitops_models.artifacts.files import Stamp
from gitops_models.artifacts.hashing import Progress
from gitops_models.registry.values import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """One object to store: from a file that must not have changed since it was hashed, or from bytes at hand."""

    oid: str
    size: int
    sha256: str
    path: Path | None = None
    stamp: Stamp | None = None
    data: bytes = b""


class Database(Protocol):
    """A DVC object database."""

    address: str

    def absent(self, sources: Sequence[Source]) -> list[Source]:
        """Those that are not there whole; GM-A325 when other bytes with the same MD5 are."""

    def put(self, sources: Sequence[Source], progress: Progress | None) -> None:
        """Store them, each whole or not at all; GM-A322, A323."""

    def verify(self, sources: Sequence[Source]) -> None:
        """Look at what was stored again; spoiled objects are dropped; GM-A324."""

    def drop_sent(self, sources: Sequence[Source]) -> None:
        """Take back those that this object put there."""
