"""The last known good version: what a rollback without a target restores (DESIGN.md section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.registry.interface import satisfies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.registry.documents import Lineage, Model
    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.registry.stack import LiveStack, StackEntry


def good_below(
    snapshot: Snapshot, model: str, stack: LiveStack, document: Model | None = None
) -> Iterator[StackEntry]:
    """Entries below the top, the nearest first, that are neither quarantined nor retired and fit the consumers.

    ``document`` is the Model to judge the fit by, the snapshot's own when None. Whether the bytes are there is not
    known here: the caller asks the artifact remote, and stops at the first candidate that lacks them.
    """
    known = document or (snapshot.model(model) if snapshot.has_model(model) else None)
    for entry in stack.below_top():
        barred = snapshot.quarantined(model, entry.version) or snapshot.retired(model, entry.version)
        if not barred and not misfits(known, snapshot.lineage(model, entry.version)):
            yield entry


def misfits(document: Model | None, lineage: Lineage) -> tuple[str, ...]:
    """What consumers of the model need and this version's interface does not give."""
    if document is None or not document.consumers:
        return ()
    interface = lineage.interface or document.interface
    if interface is None:
        return tuple(f"{consumer.name} needs an interface and none is recorded" for consumer in document.consumers)
    return tuple(
        f"{consumer.name}: {problem}"
        for consumer in document.consumers
        for problem in satisfies(interface, consumer.requires)
    )
