"""The live stack of one model and stage (DESIGN.md section 7).

A promotion pushes; a rollback pops down to its target. A popped version is gone from the stack, so its return is a
promotion: 1.0, 1.1, 1.2, a rollback gives 1.1, another gives 1.0, never 1.2.
"""

from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Literal

from gitops_models.registry.grow import GrowingMap
from gitops_models.registry.values import dataclass

Move = Literal["promoted", "rolled-back", "unchanged"]


@dataclass(frozen=True)
class StackEntry:
    """A version that was live, the lineage it was pinned to, the step that put it there (None: the pin), and when.

    ``at`` is the time of that step's acceptance, None before the pin.
    """

    version: str
    lineage_sha256: str
    step: str | None
    at: datetime | None = None


@dataclass(frozen=True)
class LiveStack:
    """Versions that were live, the newest last; ``live`` is False after an undeployment."""

    versions: tuple[StackEntry, ...] = ()
    live: bool = False

    @property
    def top(self) -> StackEntry | None:
        """The newest entry, live or not."""
        return self.versions[-1] if self.versions else None

    @property
    def live_version(self) -> str | None:
        """The version that is live, or None."""
        return self.versions[-1].version if self.live else None

    def below_top(self) -> tuple[StackEntry, ...]:
        """Return the entries below the top, the nearest first: candidates for a rollback."""
        return self.versions[-2::-1] if len(self.versions) > 1 else ()

    def contains_below_top(self, version: str) -> bool:
        """Whether a rollback to ``version`` is possible."""
        return self._below(version) is not None

    def push(self, entry: StackEntry) -> "LiveStack":
        """Return the stack after a promotion; no version is ever twice on it.

        A version that lies on the stack already, on top or (after an undeployment) below it, is replaced by itself,
        and what lay above it is gone as after a rollback.
        """
        index = self._index(entry.version)
        below = self.versions if index is None else self.versions[:index]
        return self._successor((*below, entry), self._positions.updated({entry.version: len(below)}))

    def pop_to(self, version: str) -> "LiveStack":
        """Return the stack after a rollback to ``version``, which must lie below the top (``ValueError``)."""
        index = self._below(version)
        if index is None:
            raise ValueError(f"{version} does not lie below the top")
        return self._successor(self.versions[: index + 1], self._positions)

    def undeploy(self) -> "LiveStack":
        """Return the stack with nothing live; what was live stays on it."""
        return replace(self, live=False)

    @cached_property
    def _positions(self) -> GrowingMap[str, int]:
        """Where each version lay when it was pushed; handed on, and checked on use because pops do not clear it."""
        return GrowingMap({entry.version: index for index, entry in enumerate(self.versions)})

    def _index(self, version: str) -> int | None:
        index = self._positions.get(version, len(self.versions))
        return index if index < len(self.versions) and self.versions[index].version == version else None

    def _below(self, version: str) -> int | None:
        index = self._index(version)
        return None if index == len(self.versions) - 1 else index

    def _successor(self, versions: tuple[StackEntry, ...], positions: GrowingMap[str, int]) -> "LiveStack":
        successor = LiveStack(versions, live=True)
        successor.__dict__["_positions"] = positions
        return successor


def classify_move(stack: LiveStack, version: str) -> Move:
    """Say what making ``version`` live would be; only a version below what is live now is rolled back to.

    Where nothing is live there is nothing to recover from: every version that returns is promoted.
    """
    if stack.live_version == version:
        return "unchanged"
    return "rolled-back" if stack.live and stack.contains_below_top(version) else "promoted"
