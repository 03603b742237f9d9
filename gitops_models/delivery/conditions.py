"""The conditions of a place: one aspect each, and since when it is so. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_models.delivery.checks.base import INVALID, REFUSED, UNDECIDED, in_words
from gitops_models.delivery.engines import REFUSALS
from gitops_models.delivery.retries import is_final
from gitops_models.delivery.states import Condition, Sync
from gitops_models.delivery.values import Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitops_models.delivery.checks.base import CheckResult
    from gitops_models.delivery.values import Desired, Drift
    from gitops_models.errors import GmError

NOT_LOOKED_AT = "NotLookedAt"
_CHECKED = {"scan": "ArtifactScanned", "interface": "InterfaceCompatible"}
_AFTER = REFUSALS | {"GM-R303", REFUSED, INVALID, UNDECIDED}  # the bytes were there when it failed
LASTING = frozenset({"ArtifactScanned", "InterfaceCompatible", "Healthy"})
"""What is looked at around a switch and holds until the next one."""


def conditions_of(
    desired: Desired,
    sync: Sync,
    error: GmError | None,
    left: Sequence[Drift],
    checks: Iterable[CheckResult] = (),
) -> tuple[Condition, ...]:
    """Say of each aspect whether it holds; ``left`` is the drift that is still there."""
    synced = sync is Sync.SYNCED
    stalled = error is not None and is_final(error)
    code, message = (error.code, error.message) if error else (sync.value, "")
    drifted = "; ".join(map(str, left))
    return (
        _source(desired),
        _policy(desired),
        _fetched(desired, error, synced=synced),
        *_looked_at(checks),
        Condition("Applied", status=synced, reason=code, message=message),
        _healthy(desired, error, checks, synced=synced),
        Condition("DriftFree", status=not left, reason=sync.value, message=drifted),
        Condition("Ready", status=synced and error is None, reason=desired.standing.value),
        Condition("Stalled", status=stalled, reason=code, message=message if stalled else ""),
        *_degraded(desired),
    )


def dated(
    found: Iterable[Condition], before: Mapping[str, Condition], *, at: str, commit: str | None, same: bool
) -> tuple[Condition, ...]:
    """Return ``found`` with the time since when each is so; ``before`` are those of the last look.

    ``same`` says that the same bytes are served as then: what nobody looked at now is as it was.
    """
    return tuple(_dated(one, before.get(one.type), at, commit, same=same) for one in found)


def _dated(one: Condition, before: Condition | None, at: str, commit: str | None, *, same: bool) -> Condition:
    if before is not None and same and one.status is None and one.type in LASTING:
        one = replace(before, commit=one.commit)
    kept = before is not None and (before.status, before.reason) == (one.status, one.reason)
    return replace(one, time=before.time if before is not None and kept else at, commit=commit)


def _source(desired: Desired) -> Condition:
    problem = desired.problem
    if problem is None:
        return Condition("SourceVerified", status=True, reason="Verified")
    return Condition("SourceVerified", status=False, reason=problem.code, message=problem.message)


def _policy(desired: Desired) -> Condition:
    waiting = desired.waiting
    if waiting is None:
        return Condition("PolicySatisfied", status=True, reason="Accepted")
    reason = "AwaitingReceipt" if waiting.pending else "Denied"
    return Condition("PolicySatisfied", status=False, reason=reason, message=waiting.reason)


def _fetched(desired: Desired, error: GmError | None, *, synced: bool) -> Condition:
    name = "ArtifactFetched"
    if desired.deployment is None or desired.standing is not Standing.SERVE:
        return Condition(name, status=None, reason=NOT_LOOKED_AT)
    if synced or error is None or error.code in _AFTER:
        there = synced or error is not None
        return Condition(name, status=there or None, reason="Fetched" if there else NOT_LOOKED_AT)
    return Condition(name, status=False, reason=error.code, message=error.message)


def _looked_at(checks: Iterable[CheckResult]) -> tuple[Condition, ...]:
    found = []
    for use, name in _CHECKED.items():
        done = [check for check in checks if check.use == use]
        bad = [check for check in done if check.passed is not True]
        reason = "Failed" if bad else "Passed"
        words = "; ".join(map(in_words, bad))
        found.append(
            Condition(name, status=not bad, reason=reason, message=words)
            if done
            else Condition(name, status=None, reason=NOT_LOOKED_AT)
        )
    return tuple(found)


def _healthy(desired: Desired, error: GmError | None, checks: Iterable[CheckResult], *, synced: bool) -> Condition:
    """What is served was validated: by the checks after the switch, else nobody looked beyond its digest."""
    if error is not None and error.code == INVALID:
        return Condition("Healthy", status=False, reason=error.code, message=error.message)
    if not synced or desired.deployment is None:
        return Condition("Healthy", status=None, reason=NOT_LOOKED_AT)
    looked = [check for check in checks if check.use not in _CHECKED]
    bad = [check for check in looked if check.passed is not True]
    if bad:
        return Condition("Healthy", status=True, reason="Tolerated", message="; ".join(map(in_words, bad)))
    return Condition("Healthy", status=True if looked else None, reason="Passed" if looked else NOT_LOOKED_AT)


def _degraded(desired: Desired) -> tuple[Condition, ...]:
    wanted = desired.deployment
    if wanted is None or wanted.origin is None:
        return ()
    return (Condition("Degraded", status=True, reason="Fallback", message=f"{wanted.label} stands in"),)
