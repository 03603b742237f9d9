"""Looking at places again and again: what the file system shows to be unchanged is not hashed each time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gitops_models.delivery.glimpse import Glimpse, Glimpsing
from gitops_models.delivery.triggers.surroundings import Glance
from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from gitops_models.delivery.targets.base import Target
    from gitops_models.delivery.values import Desired, ModelStage, Observation

REHASH = timedelta(hours=1)


@dataclass(frozen=True)
class _Kept:
    seen: Observation
    glimpse: Glimpse
    hashed: datetime


class Eyes:
    """Remembers what was hashed, and looks again where that may be something else by now."""

    def __init__(self, *, rehash: timedelta = REHASH) -> None:
        self._kept: dict[tuple[str, ModelStage], _Kept] = {}
        self._rehash = rehash

    def look(self, target: Target, desired: Desired, now: datetime) -> Glance:
        """Return what is served at one target; an error is what was seen."""
        try:
            return Glance(target.id, desired, self._observe(target, desired.at, now))
        except GmError as error:
            return Glance(target.id, desired, error)

    def _observe(self, target: Target, at: ModelStage, now: datetime) -> Observation:
        kept = self._kept.get((target.id, at))
        if not isinstance(target, Glimpsing):
            return target.observe(at)
        if kept and timedelta(0) <= now - kept.hashed < self._rehash and target.holds(at, kept.glimpse):
            return kept.seen
        before = target.glimpse(at)
        seen = target.observe(at)
        # Believed only where nothing changed so shortly before that a later change could look the same.
        if before is not None and before.settled(now) and target.holds(at, before):
            self._kept[target.id, at] = _Kept(seen, before, now)
        else:
            self._kept.pop((target.id, at), None)
        return seen
