"""What stands in for a model while its stage is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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


def standing(snapshot: Snapshot, stages: Iterable[str]) -> Iterator[tuple[str, str, Fallback]]:
    """Yield model, stage and what is served in its place, for every model: while it is, others are not to lose it."""
    named = tuple(stages)
    for model in snapshot.models():
        for stage in named:
            if (found := stand_in(snapshot, model, stage)) is not None:
                yield model, stage, found
