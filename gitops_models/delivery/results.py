"""What a reconcile came to, per target, model and stage: state, conditions, drift. Values and their derivation."""

from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gitops_models.delivery.checks.base import INVALID, CheckResult
from gitops_models.delivery.plan import drift
from gitops_models.delivery.recorder import Delivered
from gitops_models.delivery.values import Desired, Drift, ModelStage, Observation, Standing, entry_digest
from gitops_models.errors import Exit, GmError
from gitops_models.registry.values import dataclass


class State(StrEnum):
    """Where a model and stage stands at a target (DELIVERY.md section 1)."""

    IDLE = "Idle"
    FETCHING = "Fetching"
    VERIFYING = "Verifying"
    STAGING = "Staging"
    SWITCHING = "Switching"
    VALIDATING = "Validating"
    LIVE = "Live"
    AWAITING_RECEIPT = "AwaitingReceipt"
    VERIFY_FAILED = "VerifyFailed"
    SWITCH_FAILED = "SwitchFailed"
    VALIDATION_FAILED = "ValidationFailed"
    RESTORING = "Restoring"
    HELD = "Held"
    QUARANTINED = "Quarantined"
    SUSPENDED = "Suspended"
    DEGRADED = "Degraded"


class Sync(StrEnum):
    """How what is served relates to what is desired."""

    SYNCED = "synced"
    BEHIND = "behind"
    DRIFTED = "drifted"


class Done(StrEnum):
    """What the reconcile did."""

    NOTHING = "already there"
    SWITCHED = "switched"
    HEALED = "healed"
    RETIRED = "retired"
    FAILED = "failed"


@dataclass(frozen=True)
class Condition:
    """One aspect that holds or does not, with one word why and one sentence for people."""

    type: str
    status: bool
    reason: str
    message: str = ""


@dataclass(frozen=True)
class Result:
    """One model and stage at one target. ``live`` is ``None`` where nothing is served or nobody knows its name."""

    target: str
    at: ModelStage
    state: State
    sync: Sync
    desired: str | None
    live: str | None
    digest: str | None
    done: Done = Done.NOTHING
    drift: tuple[Drift, ...] = ()
    hold: str | None = None
    conditions: tuple[Condition, ...] = ()
    error: GmError | None = None
    override: str | None = None
    checks: tuple[CheckResult, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether what should be served is served, or nothing can be done about it here."""
        return self.error is None and self.sync is Sync.SYNCED

    def to_json(self) -> dict[str, Any]:
        """Return the plain value that ``--json`` prints."""
        return {
            "target": self.target,
            "model": self.at.model,
            "stage": self.at.stage,
            "state": self.state.value,
            "sync": self.sync.value,
            "desired": self.desired,
            "live": self.live,
            "digest": self.digest,
            "done": self.done.value,
            "drift": [{"kind": found.kind.value, "path": found.path} for found in self.drift],
            "hold": self.hold,
            "override": self.override,
            "checks": [check.to_json() for check in self.checks],
            "conditions": [vars(condition) for condition in self.conditions],
            "error": None if self.error is None else {"code": self.error.code, "message": self.error.message},
        }


@dataclass(frozen=True)
class Report:
    """One run over all targets. ``problems`` name a target, or ``repository``, that was out of reach."""

    commit: str | None
    at: datetime
    results: tuple[Result, ...] = ()
    problems: tuple[tuple[str, GmError], ...] = ()
    records: Delivered = field(default_factory=Delivered)
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every model and stage of every target is as it should be."""
        return not self.problems and all(result.ok for result in self.results)

    @property
    def first_error(self) -> GmError | None:
        """Return the error to end with: a target's, else the first of a model's."""
        errors = [error for _, error in self.problems]
        errors += [result.error for result in self.results if result.error is not None]
        return errors[0] if errors else None

    @property
    def retryable(self) -> bool:
        """Whether every failure is of a kind that may pass by itself."""
        errors = [error for _, error in self.problems]
        errors += [result.error for result in self.results if result.error is not None]
        return bool(errors) and all(error.exit_status in (Exit.EXTERNAL, Exit.CONFLICT) for error in errors)


def examine(
    target: str,
    desired: Desired,
    seen: Observation,
    *,
    done: Done = Done.NOTHING,
    healed: tuple[Drift, ...] = (),
    error: GmError | None = None,
) -> Result:
    """Say how ``seen`` stands against ``desired``; ``healed`` is the drift that was there before this run."""
    left = drift(desired, seen)
    sync = _sync(desired, seen, left)
    problem = error or desired.problem
    return Result(
        target=target,
        at=desired.at,
        state=_state(desired, sync, problem),
        sync=sync,
        desired=desired.deployment.label if desired.deployment else None,
        live=live_version(desired, seen),
        digest=seen.digest,
        done=done,
        drift=healed or left,
        hold=desired.hold,
        conditions=_conditions(desired, sync, problem, left),
        error=problem,
        override=desired.deployment.override if desired.deployment else None,
    )


def live_version(desired: Desired, seen: Observation) -> str | None:
    """Return the name of what is served; a note counts only where the hashed bytes are those it names."""
    if desired.deployment and seen.serves(desired.deployment.digest):
        return desired.deployment.label
    if seen.noted and seen.serves(seen.noted.digest) and seen.noted.digest == entry_digest(seen.link):
        return seen.noted.version
    return None


def _sync(desired: Desired, seen: Observation, left: tuple[Drift, ...]) -> Sync:
    wanted = desired.deployment
    if desired.standing is Standing.UNKNOWN:
        return Sync.BEHIND
    if left:
        return Sync.DRIFTED
    if wanted is None:
        return Sync.SYNCED if seen.empty else Sync.BEHIND
    return Sync.SYNCED if seen.serves(wanted.digest) else Sync.BEHIND


def _state(desired: Desired, sync: Sync, error: GmError | None) -> State:
    if desired.problem is not None:
        return State.VERIFY_FAILED
    standing = {Standing.SUSPENDED: State.SUSPENDED, Standing.QUARANTINED: State.QUARANTINED}.get(desired.standing)
    if standing is not None:
        return standing
    if error is not None and (error.code == INVALID or sync is not Sync.SYNCED):
        return _failed(error)
    if desired.waiting is not None:
        return State.AWAITING_RECEIPT if desired.waiting.pending else State.VERIFY_FAILED
    if desired.deployment is None or sync is not Sync.SYNCED:
        return State.IDLE
    served = State.HELD if desired.hold is not None else State.LIVE
    return served if desired.deployment.origin is None else State.DEGRADED


def _failed(error: GmError) -> State:
    named = {"GM-R303": State.SWITCH_FAILED, INVALID: State.VALIDATION_FAILED}.get(error.code)
    if named is not None:
        return named
    return State.FETCHING if error.exit_status is Exit.EXTERNAL else State.VERIFY_FAILED


def _conditions(desired: Desired, sync: Sync, error: GmError | None, left: tuple[Drift, ...]) -> tuple[Condition, ...]:
    waiting, synced = desired.waiting, sync is Sync.SYNCED
    followed = Condition("PolicySatisfied", status=True, reason="Accepted")
    if waiting is not None:
        reason = "AwaitingReceipt" if waiting.pending else "Denied"
        followed = Condition("PolicySatisfied", status=False, reason=reason, message=waiting.reason)
    stalled = error is not None and error.exit_status is not Exit.EXTERNAL
    code, message = (error.code, error.message) if error else (sync.value, "")
    return (
        followed,
        Condition("Applied", status=synced, reason=code, message=message),
        Condition("DriftFree", status=not left, reason=sync.value, message="; ".join(map(str, left))),
        Condition("Ready", status=synced and error is None, reason=desired.standing.value),
        Condition("Stalled", status=stalled, reason=code, message=message if stalled else ""),
        *_degraded(desired),
    )


def _degraded(desired: Desired) -> tuple[Condition, ...]:
    wanted = desired.deployment
    if wanted is None or wanted.origin is None:
        return ()
    return (Condition("Degraded", status=True, reason="Fallback", message=f"{wanted.label} stands in"),)
