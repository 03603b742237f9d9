"""What a model is watched for: its triggers at one tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from gitops_models.registry.documents.triggers import Trigger, Triggers
    from gitops_models.registry.snapshot import Snapshot


def triggers_of(snapshot: Snapshot, model: str) -> tuple[Trigger, ...]:
    """Return the triggers of a model in the file's order, none where there is no file. Raises as ``document``."""
    path = snapshot.layout.triggers_path(model)
    return cast("Triggers", snapshot.document(path)).triggers if snapshot.entry(path) else ()
