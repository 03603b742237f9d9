"""Reading history: the log, the state at any point, and why one step is what it is.

These need every step since the pin: call ``replay_all`` first on a session that took over a verified prefix.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from gitops_models.audit.asof import at_commit, at_time, last_accepted
from gitops_models.audit.explaining import explain
from gitops_models.audit.exposure import places_of
from gitops_models.audit.gathering import gather
from gitops_models.audit.replaying import replay
from gitops_models.audit.selection import select
from gitops_models.audit.timeline import timeline
from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.store.repository import Store
from gitops_models.trust.ledgerrefs import DEPLOYMENTS
from gitops_models.trust.memory import load_memory, memory_path
from gitops_models.verification.cache import cache_path, renew_prefix, with_kept_steps
from gitops_models.verification.checkpoints import judge_checkpoints
from gitops_models.workflows.emergency_ratify import emergencies
from gitops_models.workflows.naming import known_model
from gitops_models.workflows.session import open_session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gitops_models.audit.explaining import Explanation
    from gitops_models.audit.rows import Row
    from gitops_models.audit.selection import Wanted
    from gitops_models.registry.documents import Hold
    from gitops_models.trust.memory import Pin
    from gitops_models.verification.history import History, Step
    from gitops_models.workflows.session import Session

_TIME_LIKE = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
_DAY = 10
UNKNOWN_REVISION = frozenset({"GM-S011", "GM-S012", "GM-S014"})


@dataclass(frozen=True)
class LiveThen:
    """What was accepted as live in one stage, and the step that made it so last (its acceptance in ``since``)."""

    model: str
    stage: str
    version: str | None
    lineage_sha256: str | None
    step: str | None
    since: datetime | None


@dataclass(frozen=True)
class StateThen:
    """The accepted state at a point of the line.

    ``step`` is the last step that counts there (the pin when nothing was accepted yet), ``time`` its acceptance.
    """

    asked: str
    step: str
    time: datetime | None
    live: tuple[LiveThen, ...]
    holds: tuple[Hold, ...]
    quarantined: tuple[tuple[str, str], ...]
    blocked: tuple[str, ...]


def log(session: Session, wanted: Wanted) -> tuple[Row, ...]:
    """Return the rows of the timeline that fit, newest first; GM-C140 for a model that never was."""
    history = session.history
    rows = _with_ratifications(session, timeline(history, gather(session.store, history)))
    if wanted.model and all(row.model != wanted.model for row in rows):
        known_model(session, wanted.model)
    return _with_places(session, select(rows, wanted))


def _with_places(session: Session, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The rows with what reconcilers tell of each way back; their records are read where one is shown."""
    if all(row.exposure is None for row in rows):
        return rows
    targets = (topic.removeprefix(DEPLOYMENTS) for topic in session.ledger.tips() if topic.startswith(DEPLOYMENTS))
    records = {target: session.ledger.recent_deployments(target) for target in targets}
    return tuple(replace(row, places=places_of(row, records)) if row.exposure else row for row in rows)


def _with_ratifications(session: Session, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    agreed = {one.step: one.by for one in emergencies(session) if one.state == "ratified"}
    return tuple(
        replace(row, ratified=agreed[row.step]) if row.mode == "emergency" and row.step in agreed else row
        for row in rows
    )


def state_then(session: Session, text: str) -> StateThen:
    """Return what was accepted at a commit of the line or at a time.

    Raises GM-C151 for a commit off the line, GM-C154 for text that is neither.
    """
    history = _history_at(session, text)
    accepted, state = history.state.snapshot, history.state
    reached = last_accepted(history)
    stages = history.policy.stages
    order = {stage: position for position, stage in enumerate(stages)}
    keys = sorted(state.stacks, key=lambda key: (key[0], order.get(key[1], len(order)), key[1]))
    held = [accepted.held(model, stage) for model in accepted.models() for stage in stages]
    return StateThen(
        asked=text,
        step=reached.oid if reached else history.pin,
        time=state.at,
        live=tuple(live_in(history, *key) for key in keys),
        holds=tuple(hold for hold in held if hold),
        quarantined=tuple(
            (model, version) for model in accepted.models() for version in accepted.quarantined_versions(model)
        ),
        blocked=tuple(sorted(history.blocked)),
    )


def epochs(session: Session) -> tuple[Pin, ...]:
    """Every pin that this clone had, oldest first: each later one began an epoch, and is shown for ever."""
    memory = load_memory(memory_path(session.store.common_dir))
    return (*memory.epochs, memory.pin) if memory else ()


def explain_step(session: Session, text: str) -> Explanation:
    """Explain one step of the line; GM-C151 for what is none."""
    known = judge_checkpoints(session.store, session.history, session.ledger.checkpoints())
    step = resolve_step(session, text)
    return explain(session.store, session.ledger, session.history, step, known, now=session.clock.now())


def resolve_step(session: Session, text: str) -> str:
    """Return the commit that ``text`` names; GM-C154 when it names none."""
    try:
        return session.store.resolve(text)
    except GmError as error:
        if error.code not in UNKNOWN_REVISION:
            raise
        raise GmError("GM-C154", f"there is no commit {text}", where=text) from error


def parse_moment(text: str, *, end_of_day: bool = False) -> datetime:
    """Return the time that ISO 8601 text means; UTC where no zone is given; GM-C154 for anything else.

    A date alone is its first moment, or its last one with ``end_of_day``.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise GmError("GM-C154", f"{text} is not a time", where=text) from error
    if len(text) == _DAY and end_of_day:
        found = datetime.combine(found.date(), time.max)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _history_at(session: Session, text: str) -> History:
    store, history, ledger = session.store, session.history, session.ledger
    if _TIME_LIKE.fullmatch(text):
        return at_time(store, history, ledger, parse_moment(text))
    return at_commit(store, history, ledger, resolve_step(session, text), now=session.clock.now())


def live_in(history: History, model: str, stage: str) -> LiveThen:
    """Return what is live in a stage that was ever used (``KeyError`` otherwise), and since which step."""
    stack = history.state.stacks[model, stage]
    top = stack.top if stack.live else None
    # A rollback pops to an older entry: what counts is the last step that wrote the stage state.
    touch = history.state.touched.get(history.layout.stage_path(model, stage))
    step = touch.step if touch else history.pin
    return LiveThen(
        model=model,
        stage=stage,
        version=top.version if top else None,
        lineage_sha256=top.lineage_sha256 if top else None,
        step=step,
        since=accepted_at(history, step),
    )


def accepted_at(history: History, oid: str | None) -> datetime | None:
    """Return when a step was accepted; None for the pin and for what is no step."""
    step: Step | None = next((step for step in history.steps if step.oid == oid), None)
    return step.at if step else None


def open_pinned_at(path: Path, pin: str, progress: Callable[[int, int], None] | None = None) -> Session:
    """Open a session that begins at ``pin`` instead of the clone's own pin; GM-C154 when it is no commit."""
    try:
        start = Store.discover(path).resolve(pin)
    except GmError as error:
        if error.code not in UNKNOWN_REVISION:
            raise
        raise GmError("GM-C154", f"there is no commit {pin}", where=pin) from error
    return open_session(path, pin=start, progress=progress)


def replay_all(session: Session, progress: Callable[[int, int], None] | None = None, *, after: int = 0) -> None:
    """Make the session's history hold every step since the pin, or every one after the first ``after``.

    What this clone verified before is taken over, bound to the pin and to the ids of the line.
    """
    known, store = session.history, session.store
    if known.skipped <= after:
        return
    cache = cache_path(store.common_dir)
    kept = with_kept_steps(cache, store, known, after=after)
    if kept is None:
        now, undecided = session.clock.now(), session.undecided
        kept = replay(
            store, session.ledger, pin=known.pin, tip=known.tip, now=now, undecided=undecided, progress=progress
        )
        renew_prefix(cache, kept)
    session.history = kept
