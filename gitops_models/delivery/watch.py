"""Tells each condition once: what was told is remembered in the state directory until the condition is over."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from gitops_models.delivery import durable
from gitops_models.delivery.alarms import REPOSITORY, alarms_of, areas_of, repository_alarm
from gitops_models.errors import GmError
from gitops_models.errors.unforeseen import unforeseen
from gitops_models.registry.times import format_time, parse_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from gitops_models.delivery.alarms import Alarm
    from gitops_models.delivery.notify.post import Post
    from gitops_models.delivery.results import Report
    from gitops_models.verification.history import History

MOST_AT_ONCE = 20  # notices of one run; the others follow with the next ones
MOST_REMEMBERED = 2000
MOST_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Seen:
    """A condition that lasts: where, since when, by which id it is told, and whether it was."""

    area: str
    since: str
    id: str
    told: bool = False


@dataclass(frozen=True)
class Lookout:
    """Something beside a run's report to look at, at most once in ``every``: the alarms of one area."""

    area: str
    every: timedelta
    look: Callable[[History], Collection[Alarm]]


class Watch:
    """Compares the alarms of each run with those of the run before. Nothing in it stops a reconcile."""

    def __init__(self, post: Post, path: Path, lookouts: Sequence[Lookout] = ()) -> None:
        self._post = post
        self._path = path
        self._lookouts = lookouts
        self._looked: dict[str, datetime] = {}

    def saw(self, report: Report, history: History, targets: Collection[str]) -> None:
        """Tell what is new in ``report``, which is of a run over ``targets``."""
        self._post.repository = history.repository.id
        self._tell(lambda: self._found(report, history, targets))

    def _found(
        self, report: Report, history: History, targets: Collection[str]
    ) -> tuple[Collection[Alarm], Collection[str]]:
        """Gather alarms and the areas that were seen whole; what a lookout cannot see is told of the repository."""
        alarms, areas = [*alarms_of(report, history, targets)], {*areas_of(report, targets)}
        now = self._post.clock()
        for lookout in self._lookouts:
            before = self._looked.get(lookout.area)
            if before is not None and now - before < lookout.every:
                continue
            with suppress(GmError):
                alarms += lookout.look(history)
                areas.add(lookout.area)
                self._looked[lookout.area] = now
        return alarms, areas

    def tell(self, repository: str, alarms: Collection[Alarm], areas: Collection[str]) -> None:
        """Tell what is new among ``alarms``, which are all that there are in ``areas``."""
        self._post.repository = repository
        self._tell(lambda: (alarms, areas))

    def failed(self, error: GmError) -> None:
        """Tell that no history could be had at all."""
        self._tell(lambda: ((repository_alarm(error),), frozenset({REPOSITORY})))

    def drain(self) -> Sequence[GmError]:
        """Return what telling came to since this was asked last."""
        found, self._post.warnings = self._post.warnings, []
        return found

    def _tell(self, found: Callable[[], tuple[Collection[Alarm], Collection[str]]]) -> None:
        try:
            self._tell_new(*found())
        except Exception as error:  # noqa: BLE001 - an alarm must never stop what it is about
            self._post.warnings.append(unforeseen(error))

    def _tell_new(self, alarms: Collection[Alarm], areas: Collection[str]) -> None:
        now = self._post.clock()
        before = self._load()
        known = {name: seen for name, seen in before.items() if seen.area not in areas}
        named = {_name(alarm): alarm for alarm in alarms}
        known |= {name: before.get(name) or _first_seen(name, alarm, format_time(now)) for name, alarm in named.items()}
        due = [
            name
            for name, alarm in named.items()
            if not known[name].told and now - parse_time(known[name].since) >= alarm.after
        ]
        self._save(before, known)  # before it is told: a run that is killed tells it again under the same id
        if not due:
            self._post.flush()
        for name in due[:MOST_AT_ONCE]:
            self._post.notify(replace(named[name].notice, id=known[name].id))
        told = {name: replace(known[name], told=True) for name in due[:MOST_AT_ONCE]}
        self._save(known, known | told)

    def _load(self) -> dict[str, Seen]:
        """Return what is remembered; nothing where the file makes no sense: then it is told again."""
        try:
            with self._path.open("rb") as file:
                rows = json.loads(file.read(MOST_BYTES))
            found = {name: Seen(**row) for name, row in rows.items()}
            for seen in found.values():
                parse_time(seen.since)
        except (OSError, ValueError, TypeError, AttributeError, RecursionError, GmError):
            return {}
        return found

    def _save(self, before: Mapping[str, Seen], now: Mapping[str, Seen]) -> None:
        if before == now:
            return
        newest = sorted(now, key=lambda name: now[name].since, reverse=True)[:MOST_REMEMBERED]
        durable.write_file(self._path, json.dumps({name: asdict(now[name]) for name in newest}).encode(), mode=0o600)


def _name(alarm: Alarm) -> str:
    return hashlib.sha256(f"{alarm.area}\n{alarm.key}".encode()).hexdigest()[:32]


def _first_seen(name: str, alarm: Alarm, at: str) -> Seen:
    return Seen(alarm.area, at, hashlib.sha256(f"{name}\n{at}".encode()).hexdigest()[:32])
