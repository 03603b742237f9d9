"""What is kept of an accepted state, part by part: plain values for JSON, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_models.registry.chronicle import Happening
from gitops_models.registry.grow import GrowingMap
from gitops_models.registry.stack import LiveStack, StackEntry
from gitops_models.registry.state import Recorded, Registration, Touch
from gitops_models.registry.times import format_time, parse_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

__all__ = ["PARTS", "Part", "text_of", "time_of"]


@dataclass(frozen=True)
class Part:
    """A mapping of ``AcceptedState``: its name there, the letter of its lines, and how values are written and read."""

    name: str
    kind: str
    plain: Callable[[Any], Any]
    value: Callable[[Any], Any]


def text_of(at: datetime | None) -> str | None:
    """Return a time as text."""
    return format_time(at) if at else None


def time_of(text: str | None) -> datetime | None:
    """Return the time that ``text_of`` gave."""
    return parse_time(text) if text else None


def _plain_stack(stack: LiveStack) -> list[Any]:
    entries = [[one.version, one.lineage_sha256, one.step, text_of(one.at)] for one in stack.versions]
    return [entries, stack.live]


def _stack(kept: list[Any]) -> LiveStack:
    entries, live = kept
    found = (StackEntry(version, lineage, step, time_of(at)) for version, lineage, step, at in entries)
    return LiveStack(tuple(found), live=live)


def _plain_registration(one: Registration) -> list[Any]:
    return [one.step, sorted(one.persons), text_of(one.at)]


def _registration(kept: list[Any]) -> Registration:
    step, persons, at = kept
    return Registration(step, frozenset(persons), time_of(at))


def _plain_recorded(one: Recorded) -> list[Any]:
    return [one.order, text_of(one.at)]


def _recorded(kept: list[Any]) -> Recorded:
    order, at = kept
    return Recorded(order, time_of(at))


def _plain_told(told: Iterable[Happening]) -> list[Any]:
    return [
        [one.kind, one.step, text_of(one.at), one.subject, one.change_id, sorted(one.persons), one.order, one.holds]
        for one in told
    ]


def _told(kept: list[Any]) -> tuple[Happening, ...]:
    return tuple(
        Happening(kind, step, time_of(at), subject, change_id, frozenset(persons), order, tuple(holds))
        for kind, step, at, subject, change_id, persons, order, holds in kept
    )


def _versions(kept: list[str]) -> Mapping[str, None]:
    return GrowingMap(dict.fromkeys(kept))


def _same(kept: Any) -> Any:
    return kept


PARTS = (
    Part("stacks", "s", _plain_stack, _stack),
    Part("touched", "t", list, lambda kept: Touch(*kept)),
    Part("registered", "r", _plain_registration, _registration),
    Part("weights", "w", _same, _same),
    Part("ever_staged", "g", sorted, _versions),
    Part("evidence", "e", _plain_recorded, _recorded),
    Part("chronicle", "c", _plain_told, _told),
)
