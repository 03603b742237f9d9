"""What a monitor's run came to: one row a trigger and place. Values and their plain form."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from gitops_models.delivery.triggers.acting import Acted
from gitops_models.delivery.triggers.decide import Standing
from gitops_models.errors import Exit
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from gitops_models.delivery.triggers.decide import Decision
    from gitops_models.delivery.values import ModelStage
    from gitops_models.errors import GmError
    from gitops_models.registry.documents.triggers import Trigger


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
    def alerts(self) -> tuple[Row, ...]:
        """Return the triggers that people have to know of."""
        return tuple(row for row in self.rows if row.decision.alert)

    @property
    def errors(self) -> tuple[GmError, ...]:
        """Return what could not be done, then what could not be read."""
        acted = (error for row in self.rows for error in row.acted.problems)
        return (*acted, *(error for _, error in self.problems))

    @property
    def exit_status(self) -> int:
        """Return the status to end with: that of the first error, else 8 where a version is left or should be."""
        if self.errors:
            return int(self.errors[0].exit_status)
        bad = {Standing.FIRED, Standing.IN_PROGRESS, Standing.BLOCKED}
        return int(Exit.DRIFT) if any(row.decision.standing in bad for row in self.rows) else 0

    def to_json(self) -> dict[str, Any]:
        """Return the plain value that ``--json`` prints."""
        return {
            "time": format_time(self.at),
            "commit": self.commit,
            "triggers": [row.to_json() for row in self.rows],
            "notes": list(self.notes),
        }
