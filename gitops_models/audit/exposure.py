"""Where and how long a bad version was served, put together from accepted steps and what reconcilers recorded. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_models.registry.times import parse_time
from gitops_models.registry.values import dataclass
from gitops_models.trust.records import Deployment
from gitops_models.verification.exposure import Exposure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from gitops_models.audit.rows import Row
    from gitops_models.trust.records import Record

_NAMES = ("deployed", "detected", "initiated", "authorized", "merged", "restored", "validated")
_SERVED = frozenset({"succeeded", "removed"})


@dataclass(frozen=True)
class Place:
    """The clock of a way back at one target; what was served there is the word of its reconciler."""

    target: str
    exposure: Exposure


def with_deployed(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return ``rows``, which stand in the order in which they took effect, with when each bad version was made live."""
    live: dict[tuple[str | None, str | None, str | None], datetime | None] = {}
    found = []
    for row in rows:
        if row.exposure is not None:
            since = live.get((row.model, row.stage, row.from_version))
            row = replace(row, exposure=replace(row.exposure, deployed=since))  # noqa: PLW2901 - the same row, dated
        if row.to_version is not None and row.status == "accepted":
            live[row.model, row.stage, row.to_version] = row.time
        found.append(row)
    return tuple(found)


def places_of(row: Row, records: Mapping[str, Iterable[Record]]) -> tuple[Place, ...]:
    """Return the clock at each target whose newest ``records`` tell that it served what the row led back to.

    A target that automation had led back before has no record of the change, but one of that. Times of the accepted
    history are believed before those that a reconciler repeats.
    """
    if row.exposure is None or row.change_id is None:
        return ()
    agreed = replace(row.exposure, deployed=None)
    found = []
    for target, known in sorted(records.items()):
        bodies = [body for one in known if (body := _of(row, one.body)) is not None]
        body = next((one for one in bodies if one.change_id == row.change_id), None) or _restored(row, bodies)
        if body is not None:
            dated = agreed.over(_said(body))
            found.append(Place(target, dated.over(Exposure(deployed=row.exposure.deployed))))
    return tuple(found)


def _of(row: Row, body: object) -> Deployment | None:
    """Return ``body`` where it tells of a switch at the place of the row."""
    if not isinstance(body, Deployment) or body.result not in _SERVED:
        return None
    return body if (body.model, body.stage) == (row.model, row.stage) else None


def _restored(row: Row, bodies: Iterable[Deployment]) -> Deployment | None:
    """Return the newest of ``bodies`` that serves it beside Git, between the fault and the acceptance of the change."""
    exposure = row.exposure
    if exposure is None or exposure.merged is None:
        return None
    begun = exposure.detected or exposure.initiated or exposure.merged
    beside = (one for one in bodies if one.override and one.detected and one.version == row.to_version)
    return next((one for one in beside if begun <= parse_time(one.finished) <= exposure.merged), None)


def _said(body: Deployment) -> Exposure:
    """The times of a record; one without them tells by its end when the good version came back."""
    times = {name: getattr(body, name) for name in _NAMES}
    times["restored"] = times["restored"] or body.finished
    return Exposure(**{name: parse_time(at) for name, at in times.items() if at is not None})
