"""Which rows somebody asked for. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.audit.claims import WORDS
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from gitops_models.audit.rows import Row


@dataclass(frozen=True)
class Wanted:
    """A filter; None asks for everything. ``since`` and ``until`` (inclusive) are acceptance times.

    ``event`` is an event's name or the word of its trailer (``promotion``). Without ``everything`` only rows of
    accepted steps come.
    """

    model: str | None = None
    stage: str | None = None
    event: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = None
    everything: bool = False


def select(rows: Iterable[Row], wanted: Wanted) -> tuple[Row, ...]:
    """Return the rows that fit, newest first, at most ``limit``.

    A row without an acceptance of its own stands, for ``since`` and ``until``, at the last acceptance before it.
    """
    found: list[Row] = []
    now: datetime | None = None
    for row in rows:
        now = row.time or now
        if _fits(row, wanted) and _within(now, wanted):
            found.append(row)
    return tuple(found[::-1][: wanted.limit])


def _fits(row: Row, wanted: Wanted) -> bool:
    if row.status != "accepted" and not wanted.everything:
        return False
    if wanted.model not in {None, row.model} or wanted.stage not in {None, row.stage}:
        return False
    return wanted.event is None or row.event in WORDS.get(wanted.event, frozenset({wanted.event}))


def _within(at: datetime | None, wanted: Wanted) -> bool:
    if wanted.since and (at is None or at < wanted.since):
        return False
    return not (wanted.until and at is not None and at > wanted.until)
