"""The exposure clock: since when a bad version was live, when that was seen, how long each step of the way back took.

Pure. What was agreed comes from the fold: times of a hold and of decisions are what their signers say, the time of a
merge is that of its acceptance. What was served comes from deployment records, which are claims of their reconcilers.
"""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.documents import Cause, Hold
from gitops_models.registry.events import CauseOpened, HoldPlaced, RolledBack, Undeployed
from gitops_models.registry.times import format_time, parse_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime, timedelta

    from gitops_models.registry.documents import Document
    from gitops_models.registry.events import Event
    from gitops_models.verification.history import History, Step


@dataclass(frozen=True)
class Exposure:
    """The times of one way back; None where one is not known.

    ``deployed`` is when the bad version was made live, ``authorized`` when the last approval that counted was given,
    ``merged`` when the step was accepted, ``validated`` when what is served instead had passed its checks. What
    automation restores is served before anybody was asked.
    """

    deployed: datetime | None = None
    detected: datetime | None = None
    initiated: datetime | None = None
    authorized: datetime | None = None
    merged: datetime | None = None
    restored: datetime | None = None
    validated: datetime | None = None

    @property
    def known(self) -> tuple[tuple[str, datetime], ...]:
        """The times that are known, by name, the earliest first."""
        times = ((field.name, getattr(self, field.name)) for field in fields(self))
        return tuple(sorted(((name, at) for name, at in times if at is not None), key=lambda one: one[1]))

    @property
    def laps(self) -> tuple[tuple[str, timedelta], ...]:
        """How long after the one before each known time is."""
        known = self.known
        return tuple((name, at - before) for (_, before), (name, at) in pairwise(known))

    @property
    def exposed(self) -> timedelta | None:
        """How long the bad version was served; None while it is, or where nobody knows."""
        return _between(self.deployed, self.restored)

    @property
    def reaction(self) -> timedelta | None:
        """How long it took from seeing the fault to checked service of the good version."""
        return _between(self.detected or self.initiated, self.validated or self.restored)

    def over(self, earlier: Exposure) -> Exposure:
        """Return these times, those of ``earlier`` where one is missing."""
        return replace(earlier, **dict(self.known))


def agreed(step: Step, model: str, stage: str, documents: Iterable[Document]) -> Exposure:
    """Return what the step itself tells of its way back at one stage; ``documents`` are those that it brings.

    Where nobody had to agree beside the proposer, the proposal was authorized when it was made.
    """
    found = [one for one in documents if isinstance(one, Hold | Cause) and one.model == model]
    held = next((one for one in found if isinstance(one, Hold) and (one.stage, one.action) == (stage, "hold")), None)
    initiated = parse_time(held.created) if held else None
    seen = [one.opened for one in found if isinstance(one, Cause)]
    first = (held.detected if held else None) or min(seen, default=None, key=parse_time)
    return Exposure(
        detected=parse_time(first) if first else None,
        initiated=initiated,
        authorized=max(_decided(step), default=initiated),
        merged=step.at,
    )


def way_back(history: History, model: str, stage: str) -> Exposure | None:
    """Return the clock of the way back that is in force at a stage; None where its last move was none.

    A stage that was emptied without a hold was given up, not led back. A document that cannot be read tells nothing.
    """
    touch = history.state.touched.get(history.layout.stage_path(model, stage))
    step = next((one for one in reversed(history.steps) if touch and one.oid == touch.step), None)
    if step is None or not any(leads_back(event, step, model, stage) for event in step.events):
        return None
    return agreed(step, model, stage, _brought(history, step))


def leads_back(event: Event, step: Step, model: str, stage: str) -> bool:
    """Whether an event of a step takes the version of a stage out of service because it is bad."""
    if not isinstance(event, RolledBack | Undeployed) or (event.model, event.stage) != (model, stage):
        return False
    held = (one for one in step.events if isinstance(one, HoldPlaced) and (one.model, one.stage) == (model, stage))
    return isinstance(event, RolledBack) or any(held)


def _brought(history: History, step: Step) -> Iterator[Document]:
    snapshot = history.state.snapshot
    for event in step.events:
        if isinstance(event, HoldPlaced | CauseOpened):
            for path in event.paths:
                try:
                    yield snapshot.document(path)
                except GmError:
                    continue


def _decided(step: Step) -> Iterator[datetime]:
    quorums = step.verdict.quorums if step.verdict else ()
    return (counted.at for quorum in quorums for counted in quorum.counted if counted.at is not None)


def _between(begin: datetime | None, end: datetime | None) -> timedelta | None:
    return end - begin if begin and end else None


def exposure_lines(exposure: Exposure) -> Iterator[str]:
    """Each known time with what has passed since the one before, for people."""
    laps = dict(exposure.laps)
    for name, at in exposure.known:
        yield f"{name} {format_time(at)}" + (f" ({lasted(laps[name])} later)" if name in laps else "")


def lasted(time: timedelta) -> str:
    """``3 days 4 h``, ``5 h 10 min``, ``2 min 5 s``, ``0.8 s``; what is negative, by clocks that differ, is ``0 s``."""
    seconds = max(time.total_seconds(), 0.0)
    days, rest = divmod(int(seconds), 86400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    if days:
        return f"{days} day{'s' if days > 1 else ''} {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest % 60} s" if minutes else f"{seconds:.2g} s" if seconds < 1 else f"{rest} s"
