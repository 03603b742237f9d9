"""The values that pass between sources, reduction and decision. All frozen, numbers as decimals, all without I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_LONGEST = 100
_MOST_DIGITS = 20
Value = Decimal | bool | str | Mapping[str, object]
_NUMBER = re.compile(
    r"[+-]?(?:(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?|Inf|inf|NaN|nan)"
)


@dataclass(frozen=True)
class Sample:
    """One value that a source reported, and of when it is where the source says so."""

    value: Value
    at: datetime | None = None


@dataclass(frozen=True)
class Answer:
    """What a source said. ``listed``: it reported a list, be it empty, which is something else than nothing.

    ``count`` is on how many samples the value stands where the source says so.
    """

    samples: tuple[Sample, ...] = ()
    error: str | None = None
    listed: bool = False
    count: int | None = None


class Kind(StrEnum):
    """What a signal is. Only ``VALUE`` can be healthy."""

    VALUE = "value"
    EMPTY = "empty"
    NAN = "nan"
    FEW = "few"
    STALE = "stale"
    ERROR = "error"


@dataclass(frozen=True)
class Signal:
    """One reduced reading. ``baseline`` is what it is compared with, ``why`` says what is missing or wrong."""

    kind: Kind
    value: Decimal | bool | str | None = None
    baseline: Decimal | None = None
    why: str = ""


def decimal_of(text: str) -> Decimal | None:
    """Return the number that ``text`` writes, exactly; None for anything else. ``NaN`` and ``+Inf`` are numbers."""
    return Decimal(text) if len(text) <= _LONGEST and _NUMBER.fullmatch(text) else None


def shown(value: Value | None) -> str:
    """Return a value as messages write it."""
    if isinstance(value, Decimal):
        plain = value.is_finite() and abs(value.adjusted()) < _MOST_DIGITS
        return format(value.normalize(), "f") if plain else str(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
