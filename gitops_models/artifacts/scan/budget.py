"""How much one scan may unpack: an archive can ask for far more than it holds."""

from __future__ import annotations

from gitops_models.artifacts.scan.source import TooMuch

LARGEST = 16 << 30
MOST_MEMBERS = 20_000
DEEPEST = 4
_FREE = 64 << 20
_RATIO = 2000  # DEFLATE ends at 1032; bzip2 makes more of zeros, which no model is made of


class Budget:
    """What is left for everything that one file unpacks to."""

    def __init__(self, size: int) -> None:
        self._bytes = min(LARGEST, _FREE + _RATIO * size)
        self._members = MOST_MEMBERS

    def spend(self, size: int) -> None:
        """Count unpacked bytes; TooMuch."""
        self._bytes -= size
        if self._bytes < 0:
            raise TooMuch("unpacks to more than a scan looks into")

    def member(self, depth: int) -> None:
        """Count a member at ``depth``; TooMuch."""
        self._members -= 1
        if self._members < 0:
            raise TooMuch(f"has more than {MOST_MEMBERS} members")
        if depth > DEEPEST:
            raise TooMuch(f"has archives in archives, more than {DEEPEST} deep")
