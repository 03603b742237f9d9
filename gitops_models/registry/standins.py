"""What stands in for a model while its stage is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitops_models.registry.documents import Fallback
    from gitops_models.registry.snapshot import Snapshot


def stand_in(snapshot: Snapshot, model: str, stage: str) -> Fallback | None:
    """Return the fallback that is served in place of the model, None where there is none.

    It begins with the hold that names it, and ends with a lift, or when the stage serves the model again.
    """
    if snapshot.stage_state(model, stage) is not None:
        return None
    found = None
    for hold in snapshot.holds(model, stage):
        found = (hold.fallback or found) if hold.action == "hold" else None
    return found
