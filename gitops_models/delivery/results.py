"""What a reconcile came to, per target, model and stage: state, conditions, drift. Values and their derivation."""

from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Any

from gitops_models.delivery.checks.base import INVALID, UNDECIDED, CheckResult
from gitops_models.delivery.conditions import conditions_of
from gitops_models.delivery.engines import AWAY, REFUSALS
from gitops_models.delivery.plan import drift
from gitops_models.delivery.recorder import Delivered
from gitops_models.delivery.states import Condition, Done, State, Sync
from gitops_models.delivery.values import Desired, Drift, ModelStage, Observation, Standing, entry_digest
from gitops_models.errors import Exit, GmError
from gitops_models.registry.values import dataclass

__all__ = ["Condition", "Done", "Report", "Result", "State", "Sync", "doubted", "examine", "live_version"]

_NAMED = {
    **dict.fromkeys(("GM-R303", *REFUSALS, *AWAY), State.SWITCH_FAILED),
    INVALID: State.VALIDATION_FAILED,
    UNDECIDED: State.VERIFYING,
}
_ON_THE_WAY = frozenset({Exit.EXTERNAL, Exit.NOT_FOUND, Exit.AUTHENTICATION})
_AS_ASKED = frozenset({State.SUSPENDED, State.QUARANTINED})


@dataclass(frozen=True)
class Result:
    """One model and stage at one target. ``live`` is ``None`` where nothing is served or nobody knows its name.

    ``checks`` are those of this run, ``proposal`` the change that is to lead away from what did not pass them.
    """

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
    proposal: str | None = None

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
            "proposal": self.proposal,
            "checks": [check.to_json() for check in self.checks],
            "conditions": [vars(condition) for condition in self.conditions],
            "error": None if self.error is None else {"code": self.error.code, "message": self.error.message},
        }


@dataclass(frozen=True)
class Report:
    """One run over all targets. ``problems`` name a target, or ``repository``, that was out of reach.

    ``again`` is how soon something can be tried again, ``seconds`` how long the run took. Where nothing changed
    ``results`` is the very tuple of the run before.
    """

    commit: str | None
    at: datetime
    results: tuple[Result, ...] = ()
    problems: tuple[tuple[str, GmError], ...] = ()
    records: Delivered = field(default_factory=Delivered)
    notes: tuple[str, ...] = ()
    again: timedelta | None = None
    seconds: float = 0.0

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
    def exit_status(self) -> Exit:
        """What ``--once`` ends with: the first error's status, 8 where something else is served than should be."""
        error = self.first_error
        if error is not None:
            return error.exit_status
        settled = all(result.sync is Sync.SYNCED or result.state in _AS_ASKED for result in self.results)
        return Exit.OK if settled else Exit.DRIFT

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
    checks: tuple[CheckResult, ...] = (),
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
        conditions=conditions_of(desired, sync, problem, left, checks),
        error=problem,
        override=desired.deployment.override if desired.deployment else None,
        checks=checks,
    )


def doubted(results: tuple[Result, ...], problem: GmError | None) -> tuple[Result, ...]:
    """Return ``results`` as they are where the newest history could not be believed: not merely not be reached."""
    if problem is None or problem.exit_status in _ON_THE_WAY:
        return results
    words = Condition("SourceVerified", status=False, reason=problem.code, message=problem.message)
    return tuple(replace(one, conditions=_with(one.conditions, words)) for one in results)


def _with(conditions: tuple[Condition, ...], other: Condition) -> tuple[Condition, ...]:
    return tuple(replace(other, commit=one.commit) if one.type == other.type else one for one in conditions)


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
    return _served(desired, sync)


def _failed(error: GmError) -> State:
    on_the_way = State.FETCHING if error.exit_status in _ON_THE_WAY else State.VERIFY_FAILED
    return _NAMED.get(error.code, on_the_way)


def _served(desired: Desired, sync: Sync) -> State:
    """What drifted and is not healed yet serves, but not what it should."""
    if sync is Sync.DRIFTED:
        return State.DEGRADED
    if desired.deployment is None or sync is Sync.BEHIND:
        return State.IDLE
    served = State.HELD if desired.hold is not None else State.LIVE
    return served if desired.deployment.origin is None else State.DEGRADED
