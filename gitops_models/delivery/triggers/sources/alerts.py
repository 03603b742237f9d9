"""alertmanager: the alerts that were posted here, kept until they are resolved.

An alert that nobody ever sent is no data: nothing tells it from an Alertmanager that is away. Where a heartbeat is
named (an alert that always fires), its coming makes silence mean false. What was heard is as old as the last time that
it was heard: an Alertmanager repeats what still fires.
https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import asdict
from datetime import MINYEAR, UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from gitops_models.delivery import durable
from gitops_models.delivery.triggers.sources.base import REFUSED, UNFIT, needed
from gitops_models.delivery.triggers.sources.fill import filled, in_string
from gitops_models.delivery.triggers.values import Answer, Sample
from gitops_models.errors import GmError
from gitops_models.registry.times import format_time, parse_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitops_models.delivery.triggers.settings import AlertmanagerSource
    from gitops_models.delivery.triggers.sources.base import Subject

MOST_ALERTS = 1000
MOST_LABELS = 64
MOST_BYTES = 8 << 20
LONGEST = 1024
BEATS = timedelta(minutes=10)  # how long a heartbeat speaks for the time after it
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"\s*(?:,|$)')
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True)
class Alert:
    """One alert as it was heard last. Times as documents write them; ``ends`` where it says until when it fires."""

    labels: Mapping[str, str]
    firing: bool
    heard: str
    ends: str | None = None

    def fires(self, now: datetime) -> bool:
        """Whether it fires by its last word."""
        return self.firing and (self.ends is None or now < parse_time(self.ends))

    @property
    def at(self) -> datetime:
        """Of when its last word is: when it was heard, or when it ended after that by itself."""
        heard = parse_time(self.heard)
        return max(heard, parse_time(self.ends)) if self.firing and self.ends is not None else heard


class Alerts:
    """What was heard, kept in one file: who restarts must not forget what fires."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._known = self._load()

    def hear(self, body: bytes, now: datetime) -> int:
        """Take in what an Alertmanager posted; returns how many alerts. GM-R603 for anything else."""
        found = _alerts(body, format_time(now.astimezone(UTC).replace(microsecond=0)))
        with self._lock:
            self._known |= {json.dumps(sorted(alert.labels.items())): alert for alert in found}
            newest = sorted(self._known, key=lambda key: (self._known[key].firing, self._known[key].heard))
            self._known = {key: self._known[key] for key in newest[-MOST_ALERTS:]}
            self._save()
        return len(found)

    def fitting(self, labels: Mapping[str, str]) -> tuple[Alert, ...]:
        """Return the alerts that have these labels."""
        with self._lock:
            known = tuple(self._known.values())
        return tuple(one for one in known if labels.items() <= one.labels.items())

    def _save(self) -> None:
        rows = [asdict(alert) for alert in self._known.values()]
        with suppress(OSError):  # a full disk must not stop what was heard
            durable.write_file(self._path, json.dumps(rows).encode(), mode=0o600)

    def _load(self) -> dict[str, Alert]:
        """Return what was heard before; nothing where the file makes no sense: it comes again."""
        try:
            with self._path.open("rb") as file:
                found = [Alert(**row) for row in json.loads(file.read(MOST_BYTES))]
            for alert in found:
                parse_time(alert.heard)
                parse_time(alert.ends or alert.heard)
            return {json.dumps(sorted(alert.labels.items())): alert for alert in found}
        except (OSError, ValueError, TypeError, AttributeError, RecursionError, GmError):
            return {}


@dataclass(frozen=True)
class HeardAlerts:
    """Whether an alert with some labels fires."""

    place: AlertmanagerSource
    alerts: Alerts

    def read(self, query: str | None, subject: Subject) -> Answer:
        """Say true where a fitting alert fires, false where all were resolved or the heartbeat comes."""
        wanted = labels_of(filled(needed(query, 'label="value", …'), subject.slots, in_string))
        found, now = self.alerts.fitting(wanted), subject.now
        firing = [parse_time(alert.heard) for alert in found if alert.fires(now)]
        if firing:
            return Answer((Sample(value=True, at=max(firing)),))
        if self._hears(now):
            return Answer((Sample(value=False, at=now),))
        return Answer((Sample(value=False, at=max(alert.at for alert in found)),)) if found else Answer()

    def _hears(self, now: datetime) -> bool:
        name = self.place.heartbeat
        beats = self.alerts.fitting({"alertname": name}) if name else ()
        return any(alert.firing and now - parse_time(alert.heard) <= BEATS for alert in beats)


def labels_of(query: str) -> dict[str, str]:
    """Return the labels of ``a="b", c="d"``; GM-R606 for anything else."""
    labels: dict[str, str] = {}
    position = 0
    while position < len(query):
        match = _LABEL.match(query, position)
        if match is None or match[1] in labels:
            raise GmError(UNFIT, 'a query for alerts is label="value", with commas between')
        labels[match[1]] = _ESCAPED.sub(lambda found: {"n": "\n"}.get(found[1], found[1]), match[2])
        position = match.end()
    if not labels:
        raise GmError(UNFIT, "a query for alerts names a label")
    return labels


def _alerts(body: bytes, heard: str) -> list[Alert]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise GmError(REFUSED, "it is no JSON") from error
    rows = said.get("alerts") if isinstance(said, dict) else None
    if not isinstance(rows, list) or len(rows) > MOST_ALERTS:
        raise GmError(REFUSED, f"it has no list of at most {MOST_ALERTS} alerts")
    return [_alert(row, heard) for row in rows]


def _alert(row: Any, heard: str) -> Alert:
    labels = row.get("labels") if isinstance(row, dict) else None
    if not isinstance(labels, dict) or len(labels) > MOST_LABELS or row.get("status") not in ("firing", "resolved"):
        raise GmError(REFUSED, "an alert has no labels or no status")
    if not all(isinstance(text, str) and len(text) <= LONGEST for pair in labels.items() for text in pair):
        raise GmError(REFUSED, "a label is no text, or too long")
    return Alert(labels, row["status"] == "firing", heard, _end(row.get("endsAt")))


def _end(text: Any) -> str | None:
    """Return until when it fires; None where it does not say, which Alertmanager writes as the year 1."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        if at.year == MINYEAR:
            return None
        until = format_time(at.astimezone(UTC).replace(microsecond=0)) if at.tzinfo else text
        parse_time(until)
    except (ValueError, TypeError, OverflowError, GmError) as error:
        raise GmError(REFUSED, "`endsAt` of an alert is no time") from error
    return until
