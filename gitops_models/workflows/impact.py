"""What a proposal to move a stage says of whom that concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.registry.impact import concerned

if TYPE_CHECKING:
    from collections.abc import Collection

    from gitops_models.workflows.session import Session


def impact(session: Session, model: str, stages: Collection[str]) -> tuple[str, ...]:
    """The value of ``Gm-Impact``: none where nobody consumes the model and no target serves one of the stages."""
    found = concerned(model, session.accepted.model(model), session.accepted.targets(), stages)
    return (", ".join(found),) if found else ()
