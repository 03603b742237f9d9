"""Proposing that a stage serves a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.risk import effective_risk
from gitops_models.registry.documents import Hold, StageState, render
from gitops_models.registry.stack import classify_move
from gitops_models.registry.times import format_time
from gitops_models.registry.trailers import (
    GM_EVENT,
    GM_FROM,
    GM_IMPACT,
    GM_MODEL,
    GM_RISK,
    GM_STAGE,
    GM_TO,
)
from gitops_models.registry.values import dataclass
from gitops_models.workflows.impact import impact
from gitops_models.workflows.naming import known_stage, known_version
from gitops_models.workflows.propose import Draft, Opened, propose

if TYPE_CHECKING:
    from gitops_models.workflows.session import Session


@dataclass(frozen=True)
class Promotion:
    """What to promote: to one ``stage``, or through every stage up to ``through``; by default to the next one."""

    reference: str
    reason: str
    to: str | None = None
    through: str | None = None
    lift_hold: bool = False
    root_cause: str | None = None


def promote(session: Session, wanted: Promotion, *, dry_run: bool = False, no_push: bool = False) -> Opened:
    """Open the proposal; raises ``Denied`` when the policy would refuse it for more than missing approvals."""
    model, version = known_version(session, wanted.reference)
    stages = _stages(session, model, version, wanted)
    _refuse_rollback(session, model, version, stages)
    return propose(session, _draft(session, model, version, stages, wanted), dry_run=dry_run, no_push=no_push)


def _refuse_rollback(session: Session, model: str, version: str, stages: tuple[str, ...]) -> None:
    """Refuse what would take a stage back (GM-C161): that has an authority, a hold and a reason of its own."""
    for stage in stages:
        if classify_move(session.history.state.stack(model, stage), version) == "rolled-back":
            raise GmError(
                "GM-C161",
                f"{model}@{version} was live in {stage} before what is live now: going back to it is a rollback",
                where=f"{model}#{stage}",
                hint=f"gm rollback {model} --stage {stage} --to {version} -m WHY",
            )


def _stages(session: Session, model: str, version: str, wanted: Promotion) -> tuple[str, ...]:
    order = session.history.policy.stages
    if wanted.to:
        return (known_stage(session, wanted.to),)
    following = _next_stage(session, model, version)
    if wanted.through is None:
        return (following,)
    last = order.index(known_stage(session, wanted.through))
    return order[min(order.index(following), last) : last + 1]


def _next_stage(session: Session, model: str, version: str) -> str:
    """The first stage that the version has not been live in; the last stage when it has been everywhere."""
    order = session.history.policy.stages
    for stage in order:
        stack = session.history.state.stacks.get((model, stage))
        if stack is None or all(entry.version != version for entry in stack.versions):
            return stage
    return order[-1]


def _draft(session: Session, model: str, version: str, stages: tuple[str, ...], wanted: Promotion) -> Draft:
    accepted = session.accepted
    updates = {accepted.layout.stage_path(model, stage): _state(session, model, version, stage) for stage in stages}
    held = [stage for stage in stages if accepted.held(model, stage)] if wanted.lift_hold else []
    updates |= dict(lift(session, model, stage, wanted.reason, wanted.root_cause) for stage in held)
    before = [accepted.stage_state(model, stage) for stage in stages]
    last, source = stages[-1], before[-1].version if before[-1] else "nothing"
    return Draft(
        event="promotion",
        model=model,
        version=version,
        stage=last,
        subject=f"promote({model}/{last}): {source} to {version}",
        body="" if len(stages) == 1 else f"Through {', '.join(stages)}.",
        reason=wanted.reason,
        updates=updates,
        trailers=(
            (GM_EVENT, "promotion"),
            (GM_MODEL, model),
            *((GM_STAGE, stage) for stage in stages),
            *((GM_FROM, _named(session, model, state.version)) for state in before[-1:] if state),
            (GM_TO, _named(session, model, version)),
            (GM_RISK, risk_of(session, model)),
            *((GM_IMPACT, concerned) for concerned in impact(session, model, stages)),
        ),
    )


def lift(session: Session, model: str, stage: str, reason: str, root_cause: str | None) -> tuple[str, bytes]:
    """Path and content of the document that lifts the stage's hold."""
    accepted = session.accepted
    number = max(accepted.hold_numbers(model, stage), default=0) + 1
    document = Hold(
        model=model,
        stage=stage,
        action="lift",
        reason=reason,
        root_cause=root_cause,
        by=session.actor(session.signer()).id,
        created=format_time(session.clock.now()),
    )
    return accepted.layout.hold_path(model, stage, number), render(document)


def risk_of(session: Session, model: str) -> str:
    """The effective risk of an accepted model."""
    document = session.accepted.model(model) if session.accepted.has_model(model) else None
    return effective_risk(document, document, session.history.policy.floors)


def _state(session: Session, model: str, version: str, stage: str) -> bytes:
    digest = session.accepted.lineage_sha256(model, version) or ""
    return render(StageState(model=model, stage=stage, version=version, lineage_sha256=digest))


def _named(session: Session, model: str, version: str) -> str:
    return f"{version}@sha256:{session.accepted.lineage_sha256(model, version)}"
