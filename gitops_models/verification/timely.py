"""Whether a reader may still believe when something was accepted: by its own clock, and by what it saw before."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gitops_models.policy.approvals import CLOCK_TOLERANCE
from gitops_models.verification.checkpoints import NamedCheckpoints
from gitops_models.verification.commits import was_there

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gitops_models.registry.documents import People
    from gitops_models.store.repository import Store
    from gitops_models.trust.records import Acceptance

DOOR_TOLERANCE = timedelta(minutes=15)


class Timely:
    """One reader's ``now`` (None takes every time for past) and ``undecided`` steps; see ``Memory``."""

    def __init__(self, store: Store, now: datetime | None, undecided: Mapping[str, str]) -> None:
        self._store = store
        self._latest = now + DOOR_TOLERANCE if now else None
        self._undecided = undecided
        self._named = NamedCheckpoints(store)

    def has_come(self, at: datetime) -> bool:
        """Whether that time is not yet to come."""
        return self._latest is None or at <= self._latest

    def fits(self, acceptance: Acceptance, people: People) -> bool:
        """Whether its time is not yet to come, and not before the checkpoint that it names."""
        named = self._named.time_of(acceptance.checkpoint, people) if acceptance.checkpoint else None
        if named is not None and acceptance.accepted_at < named - CLOCK_TOLERANCE:
            return False
        return self.has_come(acceptance.accepted_at)

    def too_late(self, step: str, main: str) -> bool:
        """Whether this reader saw the line beyond ``main`` while ``step`` was not accepted."""
        seen = self._undecided.get(step)
        return seen is not None and seen != main and was_there(self._store, main, seen)
