"""What is told: the kinds of notice, and their form as CloudEvents 1.0. Pure.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
"""

from __future__ import annotations

import json
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from gitops_models.registry.text import visible
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

TYPE_PREFIX = "gitops-models.v1."
LONGEST_TEXT = 2000
MOST_DETAILS = 32

NoticeKind = Literal[
    "rollback-initiated",
    "rollback-completed",
    "rollback-failed",
    "rollback-stalled",
    "emergency-initiated",
    "emergency-completed",
    "emergency-failed",
    "ratification-overdue",
    "override-started",
    "override-refused",
    "step-refused",
    "integrity-failure",
    "history-rewritten",
    "deployment-failed",
    "trigger-fired",
    "trigger-blocked",
    "trigger-silent",
]


class Severity(StrEnum):
    """How bad it is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Route(StrEnum):
    """Whom it concerns."""

    OPS = "ops"
    SECURITY = "security"


@dataclass(frozen=True)
class Usual:
    """How bad a kind of notice is and whom it concerns, and what it says in one line."""

    severity: Severity
    routes: frozenset[Route]
    title: str


_OPS = frozenset({Route.OPS})
_BOTH = frozenset({Route.OPS, Route.SECURITY})
KINDS: Mapping[NoticeKind, Usual] = {
    "rollback-initiated": Usual(Severity.WARNING, _OPS, "a rollback begins"),
    "rollback-completed": Usual(Severity.INFO, _OPS, "a rollback is done"),
    "rollback-failed": Usual(Severity.CRITICAL, _OPS, "a rollback failed"),
    "rollback-stalled": Usual(Severity.CRITICAL, _OPS, "a rollback waits"),
    "emergency-initiated": Usual(Severity.CRITICAL, _BOTH, "an emergency rollback begins"),
    "emergency-completed": Usual(Severity.WARNING, _BOTH, "an emergency rollback is done"),
    "emergency-failed": Usual(Severity.CRITICAL, _BOTH, "an emergency rollback failed"),
    "ratification-overdue": Usual(Severity.CRITICAL, _BOTH, "an emergency rollback was not ratified in time"),
    "override-started": Usual(Severity.CRITICAL, _BOTH, "an override is served instead of what Git says"),
    "override-refused": Usual(Severity.WARNING, _BOTH, "an override is refused"),
    "step-refused": Usual(Severity.CRITICAL, _BOTH, "a step on the protected branch is refused"),
    "integrity-failure": Usual(Severity.CRITICAL, _BOTH, "bytes, signatures or records are not what they should be"),
    "history-rewritten": Usual(Severity.CRITICAL, _BOTH, "the history is not the one that was accepted"),
    "deployment-failed": Usual(Severity.CRITICAL, _OPS, "a deployment failed"),
    "trigger-fired": Usual(Severity.CRITICAL, _OPS, "a trigger fired"),
    "trigger-blocked": Usual(Severity.CRITICAL, _OPS, "a trigger fails, and automation must not act"),
    "trigger-silent": Usual(Severity.WARNING, _OPS, "a trigger has no data"),
}


_TEXTS = (
    "model", "stage", "version", "replaces", "target", "incident", "cause", "reason", "actor", "commit", "code"
)  # fmt: skip


@dataclass(frozen=True)
class Notice:
    """Something that people are to know. ``version`` is the one that is or shall be live, ``replaces`` the one before.

    ``severity`` and ``routes`` are those of the kind where none are given. ``id`` is what a receiver knows the notice
    by; who may have to tell the same thing twice gives the same one. ``details`` are further texts by name.
    """

    kind: NoticeKind
    model: str | None = None
    stage: str | None = None
    version: str | None = None
    replaces: str | None = None
    target: str | None = None
    incident: str | None = None
    cause: str | None = None
    reason: str | None = None
    actor: str | None = None
    commit: str | None = None
    code: str | None = None
    severity: Severity | None = None
    routes: frozenset[Route] = frozenset()
    details: Mapping[str, str] = field(default_factory=dict)
    id: str | None = None

    @property
    def usual(self) -> Usual:
        """Severity, routes and title, as given or as usual for the kind."""
        known = KINDS[self.kind]
        return Usual(self.severity or known.severity, self.routes or known.routes, known.title)

    @property
    def subject(self) -> str | None:
        """What it is about: ``fraud#production``, ``fraud`` or nothing."""
        if self.model is None:
            return None
        return f"{self.model}#{self.stage}" if self.stage else self.model


def cloud_event(notice: Notice, *, identity: str, repository: str, at: datetime) -> dict[str, Any]:
    """Return the notice as a CloudEvents object of repository id ``repository``; texts from elsewhere are escaped."""
    usual = notice.usual
    told = {name: _shown(value) for name in _TEXTS if (value := getattr(notice, name)) is not None}
    details = {_shown(name): _shown(text) for name, text in list(notice.details.items())[:MOST_DETAILS]}
    event = {
        "specversion": "1.0",
        "id": identity,
        "source": f"/gitops-models/{quote(repository, safe='')}",
        "type": TYPE_PREFIX + notice.kind,
        "time": format_time(at),
        "datacontenttype": "application/json",
        "data": {
            "event": notice.kind,
            "summary": summary(notice),
            "severity": usual.severity.value,
            "routes": sorted(route.value for route in usual.routes),
            **told,
            **({"details": details} if details else {}),
        },
    }
    return event | ({"subject": _shown(notice.subject)} if notice.subject else {})


def render(event: Mapping[str, Any]) -> bytes:
    """Return the bytes that are sent: JSON in ASCII, so that no receiver can be fooled by what it shows."""
    return json.dumps(event, ensure_ascii=True, separators=(",", ":")).encode()


def summary(notice: Notice) -> str:
    """Return one line for a pager."""
    versions = " -> ".join(version for version in (notice.replaces, notice.version) if version)
    about = " ".join(part for part in (notice.subject, versions and f"({versions})") if part)
    text = f"{notice.usual.title}: {about}" if about else notice.usual.title
    return _shown(f"{text}: {notice.reason}" if notice.reason else text)


def _shown(text: str) -> str:
    escaped = visible(text[:LONGEST_TEXT])
    return escaped if len(escaped) <= LONGEST_TEXT else escaped[: LONGEST_TEXT - 1] + "…"
