"""What a JSON report says at a JSON pointer (RFC 6901), in which ``*`` is every element. Pure; numbers stay exact."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from gitops_models.delivery.triggers.sources.base import REFUSED, UNFIT
from gitops_models.delivery.triggers.sources.fill import filled, in_pointer
from gitops_models.delivery.triggers.values import Answer, Sample, decimal_of
from gitops_models.errors import GmError
from gitops_models.registry.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

MOST_VALUES = 10_000
MOST_STEPS = 32
_MISSING = object()


def load(data: bytes) -> Any:
    """Return the JSON in ``data`` with numbers as decimals; GM-R603 for anything else."""
    try:
        return json.loads(data, parse_float=_number, parse_int=_number, parse_constant=_number)
    except (ValueError, RecursionError) as error:
        raise GmError(REFUSED, "the answer is no JSON") from error


def answer_of(value: Any, query: str | None, slots: Mapping[str, str], at: datetime | None = None) -> Answer:
    """Return what stands at ``query``; of an object with ``value`` that, with its ``samples`` and ``time``.

    ``at`` is of when the report is, where it does not say so itself. GM-R606 for a query that is no JSON pointer,
    GM-R603 for more than 10,000 values.
    """
    found = _at(value, _steps(query, slots))
    if found is _MISSING or found is None:
        return Answer()
    if isinstance(found, dict) and "value" in found:
        return _explained(found, at)
    values = found if isinstance(found, list) else [found]
    return Answer(_samples(values, at), listed=isinstance(found, list))


def _number(text: str) -> Decimal:
    found = decimal_of(text.replace("Infinity", "Inf"))
    if found is None:
        raise ValueError("a number too long")
    return found


def _explained(found: dict[str, Any], at: datetime | None) -> Answer:
    count, time = found.get("samples"), found.get("time")
    if time is not None:
        at = _time(time)
    if count is not None and not (isinstance(count, Decimal) and count.is_finite() and count >= 0):
        raise GmError(REFUSED, "`samples` is no count")
    value = found["value"]
    listed = isinstance(value, list)
    samples = () if value is None else _samples(value if listed else [value], at)
    return Answer(samples, listed=listed, count=None if count is None else int(count))


def _time(text: object) -> datetime:
    try:
        return parse_time(str(text))
    except GmError as error:
        raise GmError(REFUSED, "`time` is no UTC time") from error


def _samples(values: list[Any], at: datetime | None) -> tuple[Sample, ...]:
    if len(values) > MOST_VALUES:
        raise GmError(REFUSED, f"more than {MOST_VALUES} values")
    if any(value is None or isinstance(value, list) for value in values):
        raise GmError(REFUSED, "the report holds an empty value or a list in a list")
    return tuple(Sample(value, at) for value in values)


def _steps(query: str | None, slots: Mapping[str, str]) -> list[str]:
    if not query:
        return []
    first, *steps = filled(query, slots, in_pointer).split("/")
    if first or len(steps) > MOST_STEPS:
        raise GmError(UNFIT, "the query is a JSON pointer such as /checks/accuracy")
    return [step.replace("~1", "/").replace("~0", "~") for step in steps]


def _at(value: Any, steps: list[str]) -> Any:
    for number, step in enumerate(steps):
        if step == "*" and isinstance(value, list):
            found = [_at(one, steps[number + 1 :]) for one in value]
            return [one for one in found if one is not _MISSING]
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isascii() and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return _MISSING
    return value
