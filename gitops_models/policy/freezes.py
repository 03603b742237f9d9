"""Change freezes on the calendar: whether a moment lies in one, and when it is over. All in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from gitops_models.registry.times import parse_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitops_models.policy.demands import Freeze
    from gitops_models.registry.documents import Risk

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOOKED_AHEAD = 400
"""Days in which an end is looked for; whoever freezes for longer is told that there is none in sight."""


def holding(freezes: Iterable[Freeze], risk: Risk, at: datetime) -> tuple[Freeze, ...]:
    """Return the freezes that bind ``risk`` and in which ``at`` (aware) lies."""
    moment = at.astimezone(UTC).replace(tzinfo=None)
    return tuple(one for one in freezes if (not one.risks or risk in one.risks) and _holds(one, moment))


def end_of(freezes: Iterable[Freeze], risk: Risk, at: datetime) -> datetime | None:
    """Return the first moment after ``at`` in which none of ``freezes`` binds ``risk``; None if that is far away.

    Freezes that follow each other without a gap count as one.
    """
    binding = [one for one in freezes if not one.risks or risk in one.risks]
    moment = at.astimezone(UTC).replace(tzinfo=None)
    for turn in _turns(binding, moment):
        if not any(_holds(one, turn) for one in binding):
            return turn.replace(tzinfo=UTC)
    return None


def _turns(freezes: Iterable[Freeze], after: datetime) -> Iterator[datetime]:
    """Yield the moments after ``after`` at which a freeze may begin or end, in order."""
    named = (text for one in freezes for text in (one.start, one.end) if text is not None)
    clock = sorted({time(), *(time.fromisoformat(text) for text in named)})
    today = after.toordinal()
    for day in range(today, min(today + LOOKED_AHEAD, date.max.toordinal()) + 1):
        for turn in (datetime.combine(date.fromordinal(day), at) for at in clock):
            if turn > after:
                yield turn


def _holds(freeze: Freeze, moment: datetime) -> bool:
    """Whether all that the freeze names fits. Hours past midnight belong to the day on which they began."""
    day = moment.toordinal()
    if freeze.start is not None and freeze.end is not None:
        start, end = time.fromisoformat(freeze.start), time.fromisoformat(freeze.end)
        if start < end and not start <= moment.time() < end:
            return False
        if start >= end and moment.time() < start:
            if moment.time() >= end:
                return False
            day -= 1
    in_days = not freeze.days or DAYS[(day - 1) % 7] in freeze.days
    after_first = freeze.first is None or parse_date(freeze.first).toordinal() <= day
    return in_days and after_first and (freeze.last is None or day <= parse_date(freeze.last).toordinal())
