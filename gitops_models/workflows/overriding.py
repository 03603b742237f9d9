"""The last resort: an override statement that reconcilers take as a file while Git cannot be reached."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gitops_models.delivery.overrides import anchor_of, judge_override
from gitops_models.errors import GmError
from gitops_models.policy.lkg import good_below
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass
from gitops_models.trust.chain import ChainReader
from gitops_models.trust.ledgerrefs import DEPLOYMENTS
from gitops_models.trust.records import Deployment, Override, make_override
from gitops_models.workflows.naming import known_model, known_stage, live_state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitops_models.trust.records import Record
    from gitops_models.workflows.session import Session

USUAL_HOURS = 24
RECENT = 64


@dataclass(frozen=True)
class Wanted:
    """Which stage is to be held at its last known good version, why, and for how many hours (None: as usual)."""

    model: str
    reason: str
    stage: str | None = None
    to: str | None = None
    target: str | None = None
    incident: str | None = None
    hours: int | None = None


def override(session: Session, wanted: Wanted) -> Record:
    """Sign the statement, after judging it as a reconciler will.

    Raises GM-P510 where there is no earlier good version, GM-R420 to GM-R431 for what no reconciler would take.
    """
    model = known_model(session, wanted.model)
    stage = known_stage(session, wanted.stage)
    state = live_state(session, model, stage)
    history, now = session.history, session.clock.now()
    good = next(
        good_below(session.accepted, model, history.state.stack(model, stage), suspect=history.state.suspect), None
    )
    if good is None:
        raise GmError("GM-P510", f"there is no earlier good version of {model} in {stage}", where=f"{model}#{stage}")
    signer = session.signer()
    body = Override(
        main=history.tip,
        person=session.actor(signer).id,
        repository=history.repository.id,
        line=history.repository.line,
        model=model,
        stage=stage,
        target=wanted.target,
        version=wanted.to or good.version,
        lineage_sha256=good.lineage_sha256,
        replaces=state.version,
        anchor=anchor_of(history, model, stage),
        incident=wanted.incident,
        reason=wanted.reason,
        created=format_time(now),
        expires=format_time(now + timedelta(hours=wanted.hours or _usual(session))),
    )
    record = make_override(body, signer)
    judge_override(record, history, at=now)
    return record


def write(record: Record, path: Path) -> None:
    """Write the statement to ``path``; GM-C177 where that is not possible."""
    try:
        path.write_bytes(record.envelope)
    except OSError as error:
        raise GmError("GM-C177", f"{path.name}: {error.strerror}", where=str(path)) from error


def overridden(session: Session) -> Iterator[str]:
    """Say for each target which stages its newest record shows under an override; claims of their reconcilers."""
    reader = ChainReader(session.store)
    for topic, tip in sorted(session.ledger.tips().items()):
        if not topic.startswith(DEPLOYMENTS):
            continue
        newest: dict[tuple[str, str], Deployment] = {}
        for record in reader.newest(tip, links=RECENT):
            if isinstance(record.body, Deployment):
                newest.setdefault((record.body.model, record.body.stage), record.body)
        for (model, stage), body in sorted(newest.items()):
            if body.override and body.result != "failed":
                yield f"{model}#{stage} serves {body.version} at {body.target} since {body.finished}"


def _usual(session: Session) -> int:
    emergency = session.history.policy.emergency
    return min(USUAL_HOURS, emergency.ratify_within_hours) if emergency else USUAL_HOURS
