"""Whom a move of a stage concerns: the model's consumers and the targets that serve the stage."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_models.registry.documents.repository import Target
    from gitops_models.workflows.session import Session


def impact(session: Session, model: str, stages: Iterable[str]) -> tuple[str, ...]:
    """The value of ``Gm-Impact``: none where nobody consumes the model and no target serves one of the stages."""
    moved = frozenset(stages)
    consumers = [consumer.name for consumer in session.accepted.model(model).consumers]
    served = [one for one in session.accepted.targets().targets if one.stage in moved and _serves(one, model)]
    targets = [f"target {target.id}" for target in served]
    return (", ".join([*consumers, *targets]),) if consumers or targets else ()


def _serves(target: Target, model: str) -> bool:
    return any(fnmatchcase(model, pattern) for pattern in target.models)
