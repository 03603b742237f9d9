"""How old things are at the time of a judgement: by acceptances, which others can check, never by what is claimed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.policy.approvals import CLOCK_TOLERANCE
from gitops_models.policy.lkg import last_live_at
from gitops_models.registry.times import moved, parse_time

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from gitops_models.policy.context import Context, Move
    from gitops_models.registry.documents import Evidence


def accepted_at(context: Context, entry: Evidence) -> datetime | None:
    """Return when evidence was accepted: the judgement's own time for what the change brings.

    Before the pin there are no acceptances, and the time that the evidence names stands for it. Evidence that stands
    twice counts from its last acceptance.
    """
    known, paths = context.facts.state.evidence, _paths(context, entry)
    if any(context.before.entry(path) is None for path in paths):
        return context.facts.at
    times = [known[path].at if path in known else None for path in paths]
    return max(time or parse_time(entry.created) for time in times)


def age_of(context: Context, taken: datetime | None) -> timedelta | None:
    """Return how old something is at the judgement, None where nobody knows.

    What claims to be from the future, further than clocks differ, has no age: it would never grow old.
    """
    at = context.facts.at
    return at - taken if at is not None and taken is not None and taken <= moved(at, CLOCK_TOLERANCE) else None


def accepted_after(context: Context, entry: Evidence, order: int) -> bool:
    """Whether evidence was accepted after that many accepted steps; what the change brings comes after all of them."""
    known, paths = context.facts.state.evidence, _paths(context, entry)
    return any(context.before.entry(path) is None or (path in known and known[path].order > order) for path in paths)


def _paths(context: Context, entry: Evidence) -> list[str]:
    """Return where the change leaves this very evidence; the same words may stand in several files."""
    layout, names = context.after.layout, context.after.evidence_names(entry.model, entry.version)
    paths = (layout.evidence_path(entry.model, entry.version, name) for name in names)
    return [path for path in paths if context.after.document(path) == entry]


def last_live(context: Context, move: Move, version: str) -> datetime:
    """Return until when ``version``, which lies below the top of the moved stack, was live (``last_live_at``)."""
    return last_live_at(context.facts.state, context.after, move.event.model, move.stack, version)
