"""What people are told of triggers: one alarm a condition. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.delivery.alarms import Alarm
from gitops_models.delivery.notify.notices import Notice, Severity
from gitops_models.delivery.triggers.decide import Standing

if TYPE_CHECKING:
    from gitops_models.delivery.notify.notices import NoticeKind
    from gitops_models.delivery.triggers.reports import MonitorReport, Row

AREA = "triggers"
_KINDS: dict[Standing, NoticeKind] = {Standing.FIRED: "trigger-fired", Standing.BLOCKED: "trigger-blocked"}
_SEVERITIES = {
    "low": Severity.INFO,
    "medium": Severity.WARNING,
    "high": Severity.CRITICAL,
    "critical": Severity.CRITICAL,
}


def alarms_of(report: MonitorReport) -> tuple[Alarm, ...]:
    """Return the alarms of a run: triggers that fired, that may not act, that say nothing, and what did not work."""
    return (
        *(_alarm(row) for row in report.rows if row.decision.alert),
        *(_failed(row, number) for row in report.rows for number in range(len(row.acted.problems))),
        *(
            Alarm(AREA, f"{name} {error.code}", Notice("trigger-silent", reason=error.message, code=error.code))
            for name, error in report.problems
        ),
    )


def _alarm(row: Row) -> Alarm:
    kind = _KINDS.get(row.decision.standing, "trigger-silent")
    severity = None if kind == "trigger-silent" else _SEVERITIES[row.trigger.severity]
    act, proposal = row.decision.act, row.acted.proposal
    details = {"trigger": row.trigger.name, "standing": row.decision.standing.value}
    if act is not None:
        details["act"] = act.value
    if proposal is not None:
        details["proposal"] = proposal
    notice = Notice(
        kind,
        model=row.at.model,
        stage=row.at.stage,
        version=row.version,
        cause=row.trigger.cause,
        reason=row.decision.reason,
        severity=severity,
        details=details,
    )
    return Alarm(AREA, f"{row.key} {row.version} {row.decision.standing}", notice)


def _failed(row: Row, number: int) -> Alarm:
    error = row.acted.problems[number]
    notice = Notice(
        "rollback-failed",
        model=row.at.model,
        stage=row.at.stage,
        replaces=row.version,
        cause=row.trigger.cause,
        reason=error.message,
        code=error.code,
        details={"trigger": row.trigger.name},
    )
    return Alarm(AREA, f"{row.key} {row.version} {error.code}", notice)
