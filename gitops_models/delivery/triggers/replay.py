"""What past signals would have done: the same reduction and decision, over a recording instead of the sources. Pure.

A recording is JSON, one object a line, oldest first: ``time`` and ``trigger``, then ``value`` (as a source reports it)
or ``error``; beside these ``at`` (of when the value is), ``samples``, ``baseline``, ``version``, ``model``, ``stage``.
"""

from __future__ import annotations

from dataclasses import field, replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from gitops_models.delivery.triggers.decide import Around, Decision, State, decide
from gitops_models.delivery.triggers.reduce import signal_of
from gitops_models.delivery.triggers.settings import Rate
from gitops_models.delivery.triggers.sources.reports import answer_of, load
from gitops_models.delivery.triggers.values import Answer
from gitops_models.errors import GmError
from gitops_models.registry.canonical import sha256_hex
from gitops_models.registry.text import visible
from gitops_models.registry.times import parse_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from gitops_models.registry.documents.triggers import Trigger

INVALID = "GM-R630"
LONGEST = 1 << 20
USUAL_RATE = Rate()
_FIELDS = frozenset({"time", "trigger", "value", "error", "at", "samples", "baseline", "version", "model", "stage"})


@dataclass(frozen=True)
class Recorded:
    """One line: which trigger said what, when, of which version; ``baseline`` where it was recorded too."""

    time: datetime
    trigger: str
    answer: Answer
    baseline: Answer | Decimal | None = None
    version: str = "recorded"
    model: str | None = None
    stage: str | None = None


@dataclass(frozen=True)
class Replayed:
    """What one line would have come to."""

    line: Recorded
    trigger: Trigger
    decision: Decision


@dataclass
class _Course:
    """What a replay remembers: states, since when each version is served, what is open, when automation acted."""

    states: dict[tuple[str, str | None], State] = field(default_factory=dict)
    since: dict[tuple[str | None, str], datetime] = field(default_factory=dict)
    open: dict[tuple[str | None, str], str] = field(default_factory=dict)
    acts: dict[str | None, list[datetime]] = field(default_factory=dict)


def read_recording(lines: Iterable[bytes]) -> Iterator[Recorded]:
    """Yield the recording line by line; GM-R630 with its number for a line that is none, or goes back in time."""
    before: datetime | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = _recorded(line)
        except (GmError, TypeError, ValueError, KeyError, AttributeError) as error:
            why = error.message if isinstance(error, GmError) else visible(str(error))
            raise GmError(INVALID, f"line {number}: {why}") from error
        if before is not None and found.time < before:
            raise GmError(INVALID, f"line {number}: it is older than the line before it")
        before = found.time
        yield found


def replay(
    triggers: Mapping[str, Trigger], lines: Iterable[Recorded], *, restores: bool, rate: Rate = USUAL_RATE
) -> Iterator[Replayed]:
    """Yield what each line would have come to; GM-R630 for a trigger that is not there.

    A rollback that would have been opened stays open until another version is recorded at that stage.
    """
    course = _Course()
    for line in lines:
        trigger = triggers.get(line.trigger)
        if trigger is None:
            raise GmError(INVALID, f"there is no trigger {visible(line.trigger)}")
        yield Replayed(line, trigger, _decided(trigger, line, course, restores=restores, rate=rate))


def _decided(trigger: Trigger, line: Recorded, course: _Course, *, restores: bool, rate: Rate) -> Decision:
    key, at, now = (line.trigger, line.stage), (line.stage, line.version), line.time
    acts = course.acts.setdefault(line.stage, [])
    recent = sum(now - one < timedelta(hours=rate.per_hours) for one in acts)
    there = Around(
        sha256_hex(line.version.encode()),
        line.version,
        course.since.setdefault(at, now),
        good="the one before it",
        restores=restores,
        open=course.open.get(at),
        stopped=f"automation acted {recent} times in {rate.per_hours} h" if recent >= rate.count else None,
    )
    signal = signal_of(trigger, line.answer, now, _baseline(trigger, line))
    made = decide(trigger, course.states.get(key, State()), signal, there, now)
    course.states[key] = made.state
    if made.act is not None:
        acts.append(now)
        course.open[at] = f"the rollback of {line.trigger}"
    return made


def _baseline(trigger: Trigger, line: Recorded) -> Answer | Decimal | None:
    of = trigger.baseline.of if trigger.baseline else None
    return Decimal(str(of)) if isinstance(of, float) else line.baseline


def _recorded(line: bytes) -> Recorded:
    if len(line) > LONGEST:
        raise ValueError("it is too long")
    said = load(line)
    if not isinstance(said, dict) or (strange := sorted(set(said) - _FIELDS)):
        raise ValueError(f"`{strange[0]}` means nothing here" if isinstance(said, dict) else "it is no object")
    texts = {name: said[name] for name in ("version", "model", "stage") if said.get(name) is not None}
    if not all(isinstance(text, str) for text in (said["time"], said["trigger"], *texts.values())):
        raise ValueError("time, trigger, version, model and stage are texts")
    time = parse_time(said["time"])
    return Recorded(time, said["trigger"], _answer(said, time), _told(said, time), **texts)


def _answer(said: dict[str, Any], time: datetime) -> Answer:
    if said.get("error") is not None:
        return Answer(error=visible(str(said["error"])))
    at = parse_time(said["at"]) if "at" in said else time
    found = answer_of(said.get("value"), None, {}, at)
    count = said.get("samples")
    return found if count is None else replace(found, count=int(count))


def _told(said: dict[str, Any], time: datetime) -> Answer | None:
    return answer_of(said["baseline"], None, {}, time) if "baseline" in said else None
