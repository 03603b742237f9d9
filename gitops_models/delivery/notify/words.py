"""A notice in words, for places that show text to people: made of the event, which is escaped and bounded. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitops_models.delivery.notify.notices import LONGEST_TEXT, Severity
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST_TITLE = 140  # characters: a header of Slack has 150
LONGEST_BODY = 2900  # characters: a section of Slack has 3000, and a card of Teams 28 KB in all
_SAID = frozenset({"event", "summary", "severity", "routes", "details"})


@dataclass(frozen=True)
class Words:
    """A title of one line, and what is told as ``name: value`` lines. ``short`` is ``text`` within LONGEST_BODY."""

    severity: Severity
    title: str
    text: str
    time: str

    @property
    def short(self) -> str:
        """As much of the text as a chat takes."""
        return cut(self.text, LONGEST_BODY)


def words_of(body: bytes) -> Words:
    """Return the words of an event as ``notices.render`` gives it."""
    event = json.loads(body)
    data = event["data"]
    severity = Severity(data["severity"])
    summary = data["summary"]
    lines = [cut(summary, LONGEST_TEXT), "", *_lines(event, data)]
    return Words(severity, cut(f"[{severity.value}] {summary}", LONGEST_TITLE), "\n".join(lines), event["time"])


def _lines(event: Mapping[str, str], data: Mapping[str, str | Mapping[str, str]]) -> Iterator[str]:
    for name, value in data.items():
        if name not in _SAID:
            yield f"{name}: {value}"
    details = data.get("details")
    if details is not None and not isinstance(details, str):
        for name, value in details.items():
            yield f"{name}: {value}"
    yield f"event: {data['event']}"
    yield f"repository: {event['source'].removeprefix('/gitops-models/')}"
    yield f"time: {event['time']}"
    yield f"id: {event['id']}"


def cut(text: str, most: int) -> str:
    """Return ``text``, or its beginning and an ellipsis: ``most`` characters at most."""
    return text if len(text) <= most else text[: most - 1] + "…"
