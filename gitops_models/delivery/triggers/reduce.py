"""From what a source said to one signal. Pure: the time is told. Decimal, so that 0.95 - 0.90 is 0.05."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from gitops_models.delivery.triggers.values import Answer, Kind, Sample, Signal
from gitops_models.registry.documents.triggers import seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from gitops_models.registry.documents.triggers import Trigger

AHEAD = timedelta(minutes=5)  # what the clock of a source may be ahead of ours


def signal_of(trigger: Trigger, answer: Answer, now: datetime, baseline: Answer | Decimal | None = None) -> Signal:
    """Return what ``answer`` amounts to at ``now``.

    ``baseline`` is the number to compare with, or what the source said of it.
    """
    found = _reduced(trigger, answer, now)
    if trigger.baseline is None or found.kind is not Kind.VALUE:
        return found
    if isinstance(baseline, Decimal):
        return Signal(Kind.VALUE, found.value, baseline)
    below = _reduced(trigger, baseline or Answer(), now)
    if below.kind is not Kind.VALUE:
        return Signal(below.kind, found.value, why=f"baseline: {below.why}")
    if not (isinstance(below.value, Decimal) and below.value.is_finite()):
        return Signal(Kind.NAN, found.value, why="baseline: it is no finite number")
    return Signal(Kind.VALUE, found.value, below.value)


def _reduced(trigger: Trigger, answer: Answer, now: datetime) -> Signal:
    if answer.error is not None:
        return Signal(Kind.ERROR, why=answer.error)
    if (stale := _stale(trigger, answer, now)) is not None:
        return Signal(Kind.STALE, why=stale)
    where = trigger.fail.count_where if trigger.fail else None
    return _counted(answer, where, trigger) if where is not None else _valued(trigger, answer)


def _valued(trigger: Trigger, answer: Answer) -> Signal:
    samples = [sample for sample in answer.samples if not _is_nan(sample)]
    if not answer.samples:
        return Signal(Kind.EMPTY, why="the source has no value")
    if not samples:
        return Signal(Kind.NAN, why="the value is no number (NaN)")
    if (few := _few(trigger, answer.count if answer.count is not None else len(samples))) is not None:
        return few
    return _one(trigger, samples)


def _counted(answer: Answer, where: Mapping[str, object], trigger: Trigger) -> Signal:
    """Count the reported objects; an empty report is zero of them, no report is no data."""
    if not answer.samples and not answer.listed:
        return Signal(Kind.EMPTY, why="the source has no report")
    if answer.count is not None and (few := _few(trigger, answer.count)) is not None:
        return few
    objects = [sample.value for sample in answer.samples if isinstance(sample.value, Mapping)]
    if len(objects) < len(answer.samples):
        return Signal(Kind.ERROR, why="the report holds something that is no object")
    return Signal(Kind.VALUE, Decimal(sum(_fits(one, where) for one in objects)))


def _fits(one: Mapping[str, object], where: Mapping[str, object]) -> bool:
    return all(name in one and _same(one[name], wanted) for name, wanted in where.items())


def _few(trigger: Trigger, count: int) -> Signal | None:
    if count >= trigger.min_samples:
        return None
    return Signal(Kind.FEW, why=f"{count} of {trigger.min_samples} samples")


def _stale(trigger: Trigger, answer: Answer, now: datetime) -> str | None:
    newest = max((sample.at for sample in answer.samples if sample.at is not None), default=None)
    if newest is None:
        return None
    if newest - now > AHEAD:
        return "the value is from the future"
    if now - newest > timedelta(seconds=seconds_of(trigger.max_age)):
        return f"the value is older than {trigger.max_age}"
    return None


def _one(trigger: Trigger, samples: list[Sample]) -> Signal:
    if trigger.fail is not None and trigger.fail.equals is not None:
        return _equal(trigger, samples)
    numbers = [sample for sample in samples if isinstance(sample.value, Decimal)]
    if len(numbers) < len(samples):
        return Signal(Kind.ERROR, why="the value is no number")
    try:
        value = _number(trigger, numbers)
    except InvalidOperation:
        value = Decimal("NaN")
    if value.is_nan() or (trigger.baseline is not None and not value.is_finite()):
        return Signal(Kind.NAN, why="the value is no number (NaN)")
    return Signal(Kind.VALUE, value)


def _number(trigger: Trigger, samples: list[Sample]) -> Decimal:
    values = [Decimal(sample.value) for sample in samples if isinstance(sample.value, Decimal)]
    way = trigger.reduce
    if way == "any":
        way = "min" if _falls(trigger) else "max"
    if way == "last":
        return _last(samples, values)
    if way == "avg":
        return _average(values)
    return min(values) if way == "min" else max(values)


def _average(values: Iterable[Decimal]) -> Decimal:
    listed = list(values)
    return sum(listed, Decimal(0)) / len(listed)


def _last(samples: list[Sample], values: list[Decimal]) -> Decimal:
    """Return the newest value; the last one of the list where the source does not say when."""
    order = [(sample.at.timestamp() if sample.at else 0.0, index) for index, sample in enumerate(samples)]
    return values[max(order)[1]]


def _falls(trigger: Trigger) -> bool:
    """Whether it is the small values that fail."""
    if trigger.baseline is not None:
        return trigger.baseline.max_drop is not None
    return trigger.fail is not None and trigger.fail.below is not None


def _equal(trigger: Trigger, samples: list[Sample]) -> Signal:
    """Choose the value that fails among several, else the last."""
    wanted = trigger.fail.equals if trigger.fail else None
    values = [sample.value for sample in samples if isinstance(sample.value, Decimal | bool | str)]
    if len(values) < len(samples):
        return Signal(Kind.ERROR, why="the value is an object")
    return Signal(Kind.VALUE, next((value for value in values if _same(value, wanted)), values[-1]))


def _same(value: object, wanted: object) -> bool:
    """Whether a reported value is the wanted one; true is no 1."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, Decimal) and isinstance(wanted, float):
        return value == Decimal(str(wanted))
    return value == wanted


def _is_nan(sample: Sample) -> bool:
    return isinstance(sample.value, Decimal) and sample.value.is_nan()
