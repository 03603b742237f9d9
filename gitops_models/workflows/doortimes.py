"""What times the door takes: its own, or for getting back to safety, that of a landing while the forge was down."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gitops_models.registry.events import CauseOpened, HoldPlaced, Quarantined, RolledBack

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gitops_models.verification.history import Step

TOLERANCE = timedelta(minutes=15)
CARRIED = timedelta(days=7)
RECOVERY = (RolledBack, HoldPlaced, Quarantined, CauseOpened)


def untimely(at: datetime, now: datetime, step: Callable[[], Step | None]) -> bool:
    """Whether a time of acceptance is too far from ``now``.

    A step that only leads back to safety may have been accepted up to seven days ago: it went to the reconcilers in a
    bundle, and lands here as the same commit. A time that lies ahead is never taken, and ``step`` is asked only where
    it matters.
    """
    if abs(at - now) <= TOLERANCE:
        return False
    if not timedelta() <= now - at <= CARRIED:
        return True
    found = step()
    return found is None or not found.events or not all(isinstance(event, RECOVERY) for event in found.events)
