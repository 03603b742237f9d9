"""Which of what a reconcile found people have to be told: alarms, each with a key that names the condition. Pure.

The key holds what distinguishes one condition from another and nothing that changes from poll to poll, so that a
condition that lasts is told once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gitops_models.delivery.checks.base import INVALID
from gitops_models.delivery.notify.notices import Notice, Severity
from gitops_models.delivery.overrides import SUFFIX
from gitops_models.delivery.values import DriftKind
from gitops_models.delivery.waysback import was_rolled_back
from gitops_models.errors import Exit
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from gitops_models.delivery.notify.notices import NoticeKind
    from gitops_models.delivery.results import Report, Result
    from gitops_models.errors import GmError
    from gitops_models.verification.history import History
    from gitops_models.verification.ratification import Ratification

REPOSITORY = "repository"
PROPOSALS = "proposals"
RATIFICATIONS = "ratifications"
ROLLBACKS = "refs/heads/gm/rollback/*"
MOST_PROPOSALS = 100
PATIENCE = timedelta(minutes=5)  # how long something may be away before it is told
STALLED = timedelta(minutes=30)  # how long a rollback may wait for its approvals before it is told
_NOW = timedelta(0)
_SWITCH_FAILED = frozenset({"GM-R303", "GM-R311", "GM-R314"})  # the bytes are right, they are just not served
# Another line, another repository, an older policy, a checkpoint or a second source that speaks against the line.
_REWRITTEN = frozenset({"GM-T501", "GM-T600", "GM-T602", "GM-T610", "GM-T615", "GM-R440"})
_MISSING = frozenset({DriftKind.MISSING_LINK, DriftKind.MISSING_FILE, DriftKind.EMPTY_ENGINE})


@dataclass(frozen=True)
class Alarm:
    """A condition to tell of once it has lasted for ``after``; ``area`` is the repository or the target it is at."""

    area: str
    key: str
    notice: Notice
    after: timedelta = _NOW


def alarms_of(report: Report, history: History, targets: Collection[str]) -> tuple[Alarm, ...]:
    """Return the alarms of one run over ``targets``, each condition once."""
    found = [
        *(_problem(place, error, targets, report.commit) for place, error in report.problems),
        *_refused(history),
        *(alarm for result in report.results for alarm in _of_result(result, report.commit, history)),
    ]
    return tuple({(alarm.area, alarm.key): alarm for alarm in found}.values())


def areas_of(report: Report, targets: Collection[str]) -> frozenset[str]:
    """Return the areas that the run saw whole: what it did not find there is over."""
    broken = {place for place, _ in report.problems}
    return frozenset({REPOSITORY, *targets} - (broken - {REPOSITORY}))


def stalled_alarms(refs: Iterable[str]) -> tuple[Alarm, ...]:
    """Return the alarms of open rollback proposals, given by their branches (``ROLLBACKS``)."""
    return tuple(_stalled(ref) for ref in sorted(refs)[:MOST_PROPOSALS])


def _stalled(ref: str) -> Alarm:
    branch = ref.removeprefix("refs/heads/")
    _, _, model, version, stage, identity, *_ = [*branch.split("/"), "", "", "", "", "", ""]
    reason = "the proposal is open and nobody has landed or closed it"
    notice = Notice(
        "rollback-stalled",
        model=model or None,
        version=version or None,
        stage=stage or None,
        reason=reason,
        details={"proposal": identity, "branch": branch},
    )
    return Alarm(PROPOSALS, branch, notice, STALLED)


def overdue_alarms(found: Iterable[Ratification]) -> tuple[Alarm, ...]:
    """Return the alarms of emergencies that nobody agreed to in time."""
    return tuple(_overdue(one) for one in found if one.state == "overdue")


def _overdue(one: Ratification) -> Alarm:
    notice = Notice(
        "ratification-overdue",
        model=one.model,
        stage=", ".join(one.stages) or None,
        incident=one.incident,
        actor=", ".join(one.declared_by) or None,
        commit=one.step,
        reason=f"due at {format_time(one.due)}" if one.due else None,
        details={"change": one.change_id, "missing": ", ".join(one.quorum.missing)},
    )
    return Alarm(RATIFICATIONS, one.change_id, notice)


def repository_alarm(error: GmError) -> Alarm:
    """Return the alarm of a repository that could not be read."""
    return _problem(REPOSITORY, error, (), None)


def _problem(place: str, error: GmError, targets: Collection[str], commit: str | None) -> Alarm:
    kind = "override-refused" if place.endswith(SUFFIX) else _kind(error)
    target = place if place in targets else None
    details = {} if target or place == REPOSITORY else {"place": place}
    notice = Notice(kind, reason=error.message, code=error.code, commit=commit, target=target, details=details)
    return Alarm(target or REPOSITORY, f"{place} {error.code} {error.where or ''}", notice, _after(error))


def _refused(history: History) -> Iterator[Alarm]:
    """Steps on the protected branch that are denied: somebody went past the door, or there is none."""
    for scope, why in history.state.blocked.items():
        pending = history.pending.get(scope)
        if pending is not None and pending.step.status == "pending":
            continue
        model = scope.removeprefix("model:") if scope.startswith("model:") else None
        codes = ", ".join(why.codes)
        notice = Notice("step-refused", model=model, commit=why.step, code=next(iter(why.codes), None), reason=codes)
        yield Alarm(REPOSITORY, f"refused {scope} {why.step}", notice)


def _of_result(result: Result, commit: str | None, history: History) -> Iterator[Alarm]:
    at = result.at
    if result.override:
        notice = _notice("override-started", result, commit, reason=result.hold)
        yield Alarm(result.target, f"{at} override {result.override}", notice)
    if result.drift:
        notice = _notice(
            "integrity-failure",
            result,
            commit,
            reason="; ".join(map(str, result.drift)),
            severity=Severity.WARNING if {one.kind for one in result.drift} <= _MISSING else None,
        )
        yield Alarm(result.target, f"{at} {' '.join(sorted(map(str, result.drift)))}", notice)
    if result.error is not None:
        error = result.error
        # A way back that does not pass what is checked of it has failed; it is not rolled back itself.
        failed = error.code == INVALID and (bool(result.override) or was_rolled_back(history, at))
        kind = "rollback-failed" if failed else _kind(error)
        notice = _notice(kind, result, commit, reason=error.message, code=error.code)
        yield Alarm(result.target, f"{at} {result.desired} {error.code}", notice, _after(error))


def _notice(
    kind: NoticeKind,
    result: Result,
    commit: str | None,
    *,
    reason: str | None,
    code: str | None = None,
    severity: Severity | None = None,
) -> Notice:
    return Notice(
        kind,
        model=result.at.model,
        stage=result.at.stage,
        version=result.desired,
        replaces=result.live if result.live != result.desired else None,
        target=result.target,
        reason=reason,
        code=code,
        commit=commit,
        severity=severity,
        details={"live": result.live or "-", "digest": result.digest or "-", "state": result.state.value},
    )


def _kind(error: GmError) -> NoticeKind:
    if error.code in _REWRITTEN:
        return "history-rewritten"
    integrity = error.exit_status is Exit.INTEGRITY and error.code not in _SWITCH_FAILED
    return "integrity-failure" if integrity else "deployment-failed"


def _after(error: GmError) -> timedelta:
    return PATIENCE if error.exit_status in (Exit.EXTERNAL, Exit.CONFLICT) else _NOW
