"""Two versions of a model side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.audit.comparing import Comparison, compare
from gitops_models.errors import GmError
from gitops_models.registry.names import is_version
from gitops_models.workflows.naming import known_version

if TYPE_CHECKING:
    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.workflows.session import Session


def compare_versions(session: Session, before: str, after: str) -> tuple[str, Comparison]:
    """Return the model and what changes from ``before`` to ``after``, which may be a bare version of the same model.

    Raises GM-C14n for what is not there, GM-C153 for versions of two models.
    """
    model, old = known_version(session, before)
    other, new = known_version(session, f"{model}@{after}" if is_version(after) else after)
    if other != model:
        raise GmError("GM-C153", f"{before} and {after} are of two models", where=after)
    return model, comparison(session.accepted, model, old, new)


def comparison(snapshot: Snapshot, model: str, before: str | None, after: str) -> Comparison:
    """Compare two versions in one state of the repository; ``before`` None when there is nothing to compare with."""
    old = snapshot.lineage(model, before) if before and snapshot.has_version(model, before) else None
    known = snapshot.model(model) if snapshot.has_model(model) else None
    return compare(old, snapshot.lineage(model, after), known)
