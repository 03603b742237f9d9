"""What a monitor remembers between two looks: one file, and losing it loses only time."""

from __future__ import annotations

import json
from dataclasses import field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from gitops_models.delivery import durable
from gitops_models.delivery.triggers.decide import State
from gitops_models.errors import GmError
from gitops_models.registry.times import format_time, parse_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime
    from pathlib import Path

MOST_BYTES = 32 << 20
MOST_ACTS = 100
_TIMES = ("failing", "silent", "fired", "seen")


@dataclass(frozen=True)
class Memory:
    """States by place and trigger, since when each place serves which digest, and when automation acted there."""

    states: Mapping[str, State] = field(default_factory=dict)
    since: Mapping[str, tuple[str, datetime]] = field(default_factory=dict)
    acts: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)

    def serving(self, place: str, digest: str, now: datetime) -> Memory:
        """Take note of what a place serves; the time is that of the first look, and never in the future."""
        known = self.since.get(place)
        began = min(known[1], now) if known is not None and known[0] == digest else now
        return Memory(self.states, {**self.since, place: (digest, began)}, self.acts)

    def looked(self, key: str, state: State) -> Memory:
        """Take note of how a trigger stands."""
        return Memory({**self.states, key: state}, self.since, self.acts)

    def acted(self, place: str, now: datetime) -> Memory:
        """Take note that automation acted at a place."""
        acts = (*self.acts.get(place, ()), now)[-MOST_ACTS:]
        return Memory(self.states, self.since, {**self.acts, place: acts})

    def unacted(self, place: str) -> Memory:
        """Take back the last act at a place: it came to nothing."""
        return Memory(self.states, self.since, {**self.acts, place: self.acts.get(place, ())[:-1]})

    def acts_within(self, place: str, hours: int, now: datetime) -> int:
        """Count how often automation acted at a place within the hours before ``now``; what is ahead counts too."""
        return sum(now - at < timedelta(hours=hours) for at in self.acts.get(place, ()))

    def only(self, keys: Collection[str], places: Collection[str]) -> Memory:
        """Forget triggers and places that are gone; when automation acted is never forgotten."""
        return Memory(
            {key: state for key, state in self.states.items() if key in keys},
            {place: since for place, since in self.since.items() if place in places},
            self.acts,
        )


def load_memory(path: Path) -> Memory:
    """Return what is remembered; nothing where the file is missing or makes no sense."""
    try:
        with path.open("rb") as file:
            value = json.loads(file.read(MOST_BYTES))
        return Memory(
            {key: _state(row) for key, row in value["states"].items()},
            {place: (str(digest), parse_time(at)) for place, (digest, at) in value["since"].items()},
            {place: tuple(parse_time(at) for at in times) for place, times in value["acts"].items()},
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, GmError):
        return Memory()


def save_memory(path: Path, memory: Memory) -> None:
    """Keep it, flushed to disk. Raises GM-R302."""
    value = {
        "states": {key: _row(state) for key, state in memory.states.items()},
        "since": {place: [digest, format_time(at)] for place, (digest, at) in memory.since.items()},
        "acts": {place: [format_time(at) for at in times] for place, times in memory.acts.items()},
    }
    try:
        durable.make_directory(path.parent)
        durable.write_file(path, json.dumps(value).encode(), mode=0o600)
    except OSError as error:
        raise GmError("GM-R302", f"the monitor's memory cannot be kept: {error.strerror}", where=str(path)) from error


def _row(state: State) -> dict[str, Any]:
    times = {name: format_time(at) for name in _TIMES if (at := getattr(state, name)) is not None}
    return {"digest": state.digest, "errors": state.errors, **times}


def _state(row: Any) -> State:
    times = {name: parse_time(row[name]) for name in _TIMES if name in row}
    return State(row["digest"], errors=int(row["errors"]), **times)
