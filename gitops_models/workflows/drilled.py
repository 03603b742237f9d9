"""When rollbacks were rehearsed last, by whom it counts, and where that is too long ago."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops_models.trust.records import Drill
    from gitops_models.workflows.session import Session

Place = tuple[str, str]
USUAL_DAYS = 90
"""How old the last drill may be where the policy names no number; then only what was rehearsed once counts."""
_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True)
class Drilled:
    """The last rehearsal at one model and stage: how many days ago, how long the way back took, whether it worked."""

    days: int
    seconds: float | None
    version: str | None
    worked: bool


@dataclass(frozen=True)
class DrillDoubt:
    """A stage whose way back nobody has tried for too long, or that did not work."""

    model: str
    stage: str
    why: str


def last_drills(session: Session) -> Mapping[Place, Drilled]:
    """Return the newest record of each place; only those count that a person or workload of the people file signed.

    Times are claims of the signer; a record from the future is left out, or nobody would ever be told again.
    """
    now = session.clock.now()
    found: dict[Place, Drilled] = {}
    for body in _believed(session):
        if body.made_at <= now + _TOLERANCE:
            days = max((now - body.made_at).days, 0)
            drilled = Drilled(days, body.seconds, body.to, body.result == "succeeded")
            found.setdefault((body.model, body.stage), drilled)
    return found


def drill_doubts(session: Session, drills: Mapping[Place, Drilled]) -> tuple[DrillDoubt, ...]:
    """Return where the last stage's way back was not rehearsed in time, or was and failed."""
    policy = session.history.policy
    limit = policy.rollback.drill_every_days
    places = [key for key, stack in session.history.state.stacks.items() if stack.live and stack.below_top()]
    last = [(model, stage) for model, stage in sorted(places) if stage == policy.stages[-1]]
    doubts = []
    for model, stage in last:
        why = _why(drills.get((model, stage)), limit)
        doubts += [DrillDoubt(model, stage, why)] if why else []
    return tuple(doubts)


def _why(drilled: Drilled | None, limit: int | None) -> str | None:
    if drilled is None:
        return "a rollback was never rehearsed" if limit is not None else None
    if not drilled.worked:
        return f"the rollback that was rehearsed {drilled.days} days ago failed"
    old = drilled.days >= (limit or USUAL_DAYS)
    return f"a rollback was last rehearsed {drilled.days} days ago" if old else None


def _believed(session: Session) -> Iterator[Drill]:
    from gitops_models.trust.records import Drill  # noqa: PLC0415 - loads pydantic

    for record in session.ledger.recent_drills():
        body, known = record.body, session.history.people.actor(record.fingerprint) is not None
        if known and isinstance(body, Drill) and body.repository == session.history.repository.id:
            yield body
