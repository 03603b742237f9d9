"""The words of a rollback: its subject, what the proposal tells those who agree to it, its trailers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.forge.base import ABSENT
from gitops_models.registry.techniques import TECHNIQUES
from gitops_models.registry.trailers import (
    GM_CAUSE,
    GM_EVENT,
    GM_FROM,
    GM_IMPACT,
    GM_INCIDENT,
    GM_MODEL,
    GM_RISK,
    GM_STAGE,
    GM_TECHNIQUE,
    GM_TO,
    REVERTS,
)
from gitops_models.verification.exposure import exposure_lines
from gitops_models.workflows.impact import impact
from gitops_models.workflows.promote import risk_of
from gitops_models.workflows.propose import Draft
from gitops_models.workflows.recover_loss import loss_lines
from gitops_models.workflows.recover_records import cause_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitops_models.registry.snapshot import Entry
    from gitops_models.registry.stack import StackEntry
    from gitops_models.workflows.recover import Plan, Rollback
    from gitops_models.workflows.session import Session

MOST = 20
"""Lines of one kind in the text of a proposal; ``--json`` has them all."""


def draft(session: Session, wanted: Rollback, plan: Plan, updates: Mapping[str, bytes | Entry | None]) -> Draft:
    """The draft of a planned rollback."""
    model, stage, bad, target = plan.model, plan.stage, plan.bad, plan.way.target
    cause = cause_of(wanted)
    optional = ((GM_CAUSE, cause), (GM_TECHNIQUE, TECHNIQUES.get(cause or "")), (GM_INCIDENT, wanted.incident))
    return Draft(
        event="rollback",
        model=model,
        version=target.version if target else ABSENT,
        stage=stage,
        subject=f"revert({model}/{stage}): roll back {bad.version} to {_comes(plan)}",
        body=body(plan),
        reason=wanted.reason,
        updates=updates,
        trailers=(
            (GM_EVENT, "rollback" if target else "undeployment"),
            (GM_MODEL, model),
            (GM_STAGE, stage),
            *((GM_STAGE, other) for other in plan.others),
            (GM_FROM, f"{bad.version}@sha256:{bad.lineage_sha256}"),
            *(((GM_TO, f"{target.version}@sha256:{target.lineage_sha256}"),) if target else ()),
            *((key, value) for key, value in optional if value),
            (GM_RISK, risk_of(session, model)),
            *((GM_IMPACT, concerned) for concerned in impact(session, model, (stage,))),
            *((REVERTS, step) for step in _reverted(session, model, stage, target)),
        ),
    )


def _comes(plan: Plan) -> str:
    return plan.way.target.version if plan.way.target else plan.instead or "nothing"


def _reverted(session: Session, model: str, stage: str, target: StackEntry | None) -> Sequence[str]:
    """The steps whose promotions are undone, newest first."""
    stack = session.history.state.stacks[model, stage].versions
    place = max((index for index, entry in enumerate(stack) if entry == target), default=len(stack) - 2)
    return [entry.step for entry in reversed(stack[place + 1 :]) if entry.step]


def body(plan: Plan) -> str:
    """What whoever agrees should know: what was passed over, what is lost, whom it concerns, what else is spoilt."""
    return "\n\n".join("\n".join(part) for part in _parts(plan))


def _parts(plan: Plan) -> Iterator[list[str]]:
    good = plan.way.target
    if good is None:
        yield [f"Nothing good is left: {plan.stage} serves {_comes(plan)} until the hold is lifted."]
    if plan.way.skipped:
        yield ["Skipped:", *_few([f"  {one.version}: {one.why}" for one in plan.way.skipped])]
    if plan.loss is not None and good is not None and (lost := list(loss_lines(plan.loss))):
        yield [f"Recorded metrics and lineage, {plan.bad.version} -> {good.version}:", *lost]
    yield ["Whom it concerns:", *plan.radius.lines()]
    if plan.exposure is not None:
        yield ["Exposure so far:", *(f"  {line}" for line in exposure_lines(plan.exposure))]
    if plan.siblings:
        yield ["From the same input:", *_few([f"  {one.line}" for one in plan.siblings])]


def _few(lines: list[str]) -> list[str]:
    more = len(lines) - MOST
    return lines if more <= 0 else [*lines[:MOST], f"  and {more} more; see --json"]
