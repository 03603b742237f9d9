"""What a monitor's run came to: one row a trigger and place. Values and their plain form."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from gitops_models.delivery.triggers.acting import Acted
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from gitops_models.delivery.triggers.decide import Decision
    from gitops_models.delivery.values import ModelStage
    from gitops_models.errors import GmError
    from gitops_models.registry.documents import Trigger


@dataclass(frozen=True)
class Row:
    """One trigger at one place: the version it is about, how it stands, and what was done when it was looked at."""

    key: str
    at: ModelStage
    trigger: Trigger
    version: str | None
    decision: Decision
    acted: Acted = field(default_factory=Acted)

    @property
    def interval(self) -> str:
        """How often it is looked at."""
        return self.trigger.interval

    def to_json(self) -> dict[str, Any]:
        """Return the plain value that ``--json`` prints."""
        act = self.decision.act
        return {
            "model": self.at.model,
            "stage": self.at.stage,
            "trigger": self.trigger.name,
            "severity": self.trigger.severity,
            "version": self.version,
            "standing": self.decision.standing.value,
            "reason": self.decision.reason,
            "act": act.value if act else None,
            "alert": self.decision.alert,
            "proposal": self.acted.proposal,
            "problems": [{"code": error.code, "message": error.message} for error in self.acted.problems],
        }


@dataclass(frozen=True)
class MonitorReport:
    """How every trigger stands. ``problems`` name what could not be read or settled."""

    at: datetime
    commit: str
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[tuple[str, GmError], ...] = ()

    @property
    def first_error(self) -> GmError | None:
        """Return the error to end with: what could not be done, else what could not be read."""
        acted = [error for row in self.rows for error in row.acted.problems]
        return next(iter([*acted, *(error for _, error in self.problems)]), None)

    def to_json(self) -> dict[str, Any]:
        """Return the plain value that ``--json`` prints."""
        return {
            "time": format_time(self.at),
            "commit": self.commit,
            "triggers": [row.to_json() for row in self.rows],
            "notes": list(self.notes),
        }
