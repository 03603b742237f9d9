"""What an emergency does, before anything is done: where stages go, what is captured, the records that go with it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.forge.base import ABSENT
from gitops_models.policy.degradation import REFUSE, fallback_of
from gitops_models.registry.documents import Cause, Hold, render, validate
from gitops_models.registry.names import is_name
from gitops_models.registry.techniques import TECHNIQUES
from gitops_models.registry.times import format_time
from gitops_models.registry.trailers import (
    GM_CAUSE,
    GM_EVENT,
    GM_FROM,
    GM_INCIDENT,
    GM_MODEL,
    GM_RISK,
    GM_STAGE,
    GM_TECHNIQUE,
    GM_TO,
)
from gitops_models.registry.values import dataclass
from gitops_models.workflows.barring import quarantine_document
from gitops_models.workflows.emergency_capture import Captured, capture
from gitops_models.workflows.naming import known_model, known_stage, live_state
from gitops_models.workflows.promote import risk_of
from gitops_models.workflows.propose import Draft
from gitops_models.workflows.recover_target import Way, nothing_good, restored, way

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from gitops_models.registry.snapshot import Entry
    from gitops_models.registry.stack import StackEntry
    from gitops_models.workflows.session import Session

KEPT = ("bytes", "signature", "quarantine")
USUAL_CAUSE = "incident"
LONGEST_NAME = 60  # leaves room for a number
LONGEST_TEXT = 4096


@dataclass(frozen=True)
class Emergency:
    """What a person declares: the model, why, the incident, and when it was seen where that was before now."""

    model: str
    reason: str
    incident: str
    stage: str | None = None
    cause: str | None = None
    detected: datetime | None = None

    @property
    def kind(self) -> str:
        """The kind of cause."""
        return self.cause or USUAL_CAUSE


@dataclass(frozen=True)
class Move:
    """One stage that serves the bad version, and what it goes back to (None: nothing good is left there)."""

    stage: str
    target: StackEntry | None
    way: Way


@dataclass(frozen=True)
class Plan:
    """Everything that one emergency changes. ``moves`` begin with the stage that was named."""

    model: str
    bad: str
    moves: tuple[Move, ...]
    skipped: tuple[str, ...]
    captured: Captured
    draft: Draft

    @property
    def stage(self) -> str:
        """The stage that was named."""
        return self.moves[0].stage

    @property
    def version(self) -> str | None:
        """The version that this stage goes back to."""
        target = self.moves[0].target
        return target.version if target else None


def plan(session: Session, wanted: Emergency) -> Plan:
    """Say what the emergency changes.

    Raises GM-C140 to C143 for what is not there, GM-P510 where no good version is left and the policy does not say
    what takes its place, GM-P512 where the bytes of the last known good version are absent.
    """
    model = known_model(session, wanted.model)
    stage = known_stage(session, wanted.stage)
    bad = live_state(session, model, stage).version
    moves = (_move(session, model, stage), *_others(session, model, stage, bad))
    if moves[0].target is None and session.history.policy.rollback.degrade == REFUSE:
        raise nothing_good(model, stage, moves[0].way)
    emergency = session.history.policy.emergency
    skipped = tuple(emergency.skips) if emergency else ()
    captured = capture(session, model, bad, tuple(move.stage for move in moves))
    draft = _draft(session, wanted, moves, skipped, captured)
    return Plan(model, bad, moves, skipped, captured, draft)


def _move(session: Session, model: str, stage: str) -> Move:
    found = way(session, model, session.history.state.stack(model, stage))
    return Move(stage, found.target, found)


def _others(session: Session, model: str, stage: str, bad: str) -> Iterator[Move]:
    """Other stages that serve the version: it is quarantined, so it is served nowhere."""
    for name in session.accepted.stages(model):
        state = session.accepted.stage_state(model, name)
        if name != stage and state is not None and state.version == bad:
            yield _move(session, model, name)


def _draft(
    session: Session, wanted: Emergency, moves: tuple[Move, ...], skipped: tuple[str, ...], captured: Captured
) -> Draft:
    model, first = wanted.model, moves[0]
    updates: dict[str, bytes | Entry | None] = {
        session.accepted.layout.stage_path(model, move.stage): restored(session, model, move.stage, move.target)
        for move in moves
    }
    updates |= dict(_hold(session, wanted, move, skipped) for move in moves)
    updates |= [
        _cause(session, wanted, captured),
        quarantine_document(
            session, model, captured.version, reason=wanted.reason, cause=wanted.kind, incident=wanted.incident
        ),
    ]
    to = first.target.version if first.target else "nothing"
    return Draft(
        event="rollback",
        model=model,
        version=first.target.version if first.target else ABSENT,
        stage=first.stage,
        subject=f"revert({model}/{first.stage}): emergency {wanted.incident}, {captured.version} to {to}",
        body="\n".join([f"Skipped: {', '.join(skipped) or 'nothing'}. Kept: {', '.join(KEPT)}.", *captured.lines()]),
        reason=wanted.reason,
        updates=updates,
        trailers=tuple(_trailers(session, wanted, moves, captured)),
    )


def _trailers(
    session: Session, wanted: Emergency, moves: tuple[Move, ...], captured: Captured
) -> Iterator[tuple[str, str]]:
    target = moves[0].target
    yield (GM_EVENT, "rollback")
    yield (GM_MODEL, wanted.model)
    yield from ((GM_STAGE, move.stage) for move in moves)
    yield (GM_FROM, f"{captured.version}@sha256:{captured.lineage_sha256}")
    if target is not None:
        yield (GM_TO, f"{target.version}@sha256:{target.lineage_sha256}")
    yield (GM_CAUSE, wanted.kind)
    if wanted.kind in TECHNIQUES:
        yield (GM_TECHNIQUE, TECHNIQUES[wanted.kind])
    yield (GM_INCIDENT, wanted.incident)
    yield (GM_RISK, risk_of(session, wanted.model))


def _hold(session: Session, wanted: Emergency, move: Move, skipped: tuple[str, ...]) -> tuple[str, bytes]:
    stage, fallback = move.stage, fallback_of(session.history.policy) if move.target is None else None
    number = max(session.accepted.hold_numbers(wanted.model, stage), default=0) + 1
    fields = {
        "model": wanted.model,
        "stage": stage,
        "action": "hold",
        "reason": wanted.reason,
        "cause": wanted.kind,
        "incident": wanted.incident,
        "fallback": _pinned(session, *fallback) if fallback else None,
        "emergency": {"skipped": list(skipped), "kept": list(KEPT)},
        "detected": format_time(wanted.detected) if wanted.detected else None,
        "by": _author(session),
        "created": format_time(session.clock.now()),
    }
    document = validate(Hold, fields, f"{wanted.model}#{stage}")
    return session.accepted.layout.hold_path(wanted.model, stage, number), render(document)


def _pinned(session: Session, model: str, version: str) -> dict[str, str | None]:
    return {"model": model, "version": version, "lineage_sha256": session.accepted.lineage_sha256(model, version)}


def _cause(session: Session, wanted: Emergency, captured: Captured) -> tuple[str, bytes]:
    """A cause that holds what was captured: the model is red until it is resolved."""
    identity = _free(session, wanted)
    fields = {
        "model": wanted.model,
        "id": identity,
        "cause": wanted.kind,
        "severity": "critical",
        "opened": format_time(session.clock.now()),
        "by": _author(session),
        "reason": "; ".join([wanted.reason, *map(str.strip, captured.lines())])[:LONGEST_TEXT],
        "incident": wanted.incident,
    }
    document = validate(Cause, fields, wanted.model)
    return session.accepted.layout.cause_path(wanted.model, identity), render(document)


def _free(session: Session, wanted: Emergency) -> str:
    """A name for the cause that none has yet: the incident's, where it can be one."""
    taken = set(session.accepted.cause_names(wanted.model))
    begun = wanted.incident.lower()
    stem = begun if is_name(begun) and len(begun) < LONGEST_NAME else wanted.kind
    if stem not in taken:
        return stem
    return next(name for number in range(2, len(taken) + 3) if (name := f"{stem}-{number}") not in taken)


def _author(session: Session) -> str:
    return session.actor(session.signer()).id


def declared(session: Session, wanted: Emergency) -> Hold | None:
    """The hold with which this very incident was declared there already, where it still stands."""
    with suppress(GmError):
        held = session.accepted.held(wanted.model, known_stage(session, wanted.stage))
        if held is not None and held.emergency is not None and held.incident == wanted.incident:
            return held
    return None
