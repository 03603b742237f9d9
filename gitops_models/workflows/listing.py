"""Models and versions as the accepted state has them. Names come from paths; no version document is parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.registry.values import dataclass
from gitops_models.workflows.naming import known_model

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gitops_models.workflows.session import Session


@dataclass(frozen=True)
class ModelLine:
    """One model: what is live by stage, which stages are held, and whether something of it is blocked."""

    model: str
    versions: int
    latest: str | None
    live: Mapping[str, str]
    held: tuple[str, ...]
    blocked: bool


@dataclass(frozen=True)
class VersionLine:
    """One version: where it is live, whether it is barred, and who registered it when (None: before the pin)."""

    version: str
    live: tuple[str, ...]
    quarantined: bool
    by: tuple[str, ...]
    at: datetime | None
    step: str | None


def models(session: Session) -> tuple[ModelLine, ...]:
    """Every accepted model, by name."""
    return tuple(_model(session, name) for name in session.accepted.models())


def versions(session: Session, model: str) -> tuple[VersionLine, ...]:
    """Every accepted version of a model, newest first; GM-C140 for an unknown model."""
    known_model(session, model)
    barred = frozenset(session.accepted.quarantined_versions(model))
    live = live_by_stage(session, model)
    return tuple(
        VersionLine(
            version=version,
            live=tuple(stage for stage, served in live.items() if served == version),
            quarantined=version in barred,
            by=tuple(sorted(found.persons)) if found else (),
            at=found.at if found else None,
            step=found.step if found else None,
        )
        for version in reversed(session.accepted.versions(model))
        for found in [session.history.state.registered.get((model, version))]
    )


def live_by_stage(session: Session, model: str) -> dict[str, str]:
    """Return the accepted live version of each stage that has one, in the policy's order of stages."""
    stacks = session.history.state.stacks
    found = {stage: stacks[model, stage].live_version for stage in stages_of(session) if (model, stage) in stacks}
    return {stage: version for stage, version in found.items() if version}


def stages_of(session: Session) -> tuple[str, ...]:
    """Return the stages of the accepted policy in order."""
    return tuple(session.history.policy.stages)


def _model(session: Session, model: str) -> ModelLine:
    found = session.accepted.versions(model)
    return ModelLine(
        model=model,
        versions=len(found),
        latest=found[-1] if found else None,
        live=live_by_stage(session, model),
        held=tuple(stage for stage in stages_of(session) if session.accepted.held(model, stage)),
        blocked=f"model:{model}" in session.history.blocked,
    )
