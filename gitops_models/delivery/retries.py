"""When a place that failed or drifted is tried again. Pure: the time is passed in.

A failure of the version itself (signature, policy, digest, scan, schema) has one attempt until an input of it changes;
one that may pass is tried again after 5 s doubling to 3 min, each place by its own count. What drifts is healed at
once, and from then on after 2, 6, 18 … 300 s, until it has been calm for a while: two programs that disagree about a
directory must not wear out a disk. Where wrong bytes are served nothing is given up for good: it goes on at the pace of
healing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gitops_models.errors import Exit, GmError
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

FIRST = timedelta(seconds=5)
LONGEST = timedelta(minutes=3)
HEALS = tuple(timedelta(seconds=seconds) for seconds in (0, 2, 6, 18, 54, 162, 300))
CALM = timedelta(minutes=10)
_DOUBLINGS = 10
# Somebody else writes into the directory, or the network lost or doubled a part of an answer: that may end.
_PASSING = frozenset({"GM-R301", "GM-R303", "GM-A312", "GM-A313"})
_FINAL = frozenset({Exit.DENIED, Exit.INTEGRITY})


@dataclass(frozen=True)
class Setback:
    """The last failure of a place: with which ``inputs``, how often in a row, and before when it is not tried again.

    ``final`` ones have no time: they wait for other inputs. ``bad`` is the digest that was tried, ``proposal`` the
    change that is to lead away from it.
    """

    inputs: str
    error: GmError
    count: int = 1
    final: bool = False
    again: datetime | None = None
    bad: str | None = None
    proposal: str | None = None


@dataclass(frozen=True)
class Healing:
    """How often in a row a place was healed, and when last."""

    count: int
    last: datetime


def is_final(error: GmError) -> bool:
    """Whether the version itself is at fault, so that another attempt with the same inputs must end the same."""
    return error.exit_status in _FINAL and error.code not in _PASSING


def after_failure(before: Setback | None, error: GmError, inputs: str, *, at: datetime, bad: str | None) -> Setback:
    """Return what is to be remembered of a failure."""
    error = _without_frames(error)
    if is_final(error):
        return Setback(inputs, error, final=True, bad=bad)
    count = before.count + 1 if before and before.inputs == inputs and not before.final else 1
    return Setback(inputs, error, count, again=at + _backoff(count), bad=bad)


def may_try(before: Setback | None, inputs: str, *, at: datetime) -> bool:
    """Whether there is an attempt now. Where the clock went back, the time that was set counts for nothing."""
    if before is None or before.inputs != inputs:
        return True
    if before.final or before.again is None:
        return False
    return not at < before.again <= at + LONGEST


def after_healing(before: Healing | None, *, at: datetime) -> Healing:
    """Count one more healing; long after the one before it is the first again."""
    return Healing(1, at) if before is None or _is_calm(before, at) else Healing(before.count + 1, at)


def may_heal(before: Healing | None, *, at: datetime) -> bool:
    """Whether what drifted is healed now."""
    return before is None or at < before.last or at >= before.last + _pause(before) or _is_calm(before, at)


def due(setback: Setback | None, healing: Healing | None, *, at: datetime) -> timedelta | None:
    """Return how long from ``at`` until the place may be tried again, ``None`` where no waiting changes anything."""
    waits = [setback.again - at] if setback and setback.again else []
    if healing and not _is_calm(healing, at):
        waits.append(healing.last + _pause(healing) - at)
    return max(waits) if waits else None


def _without_frames(error: GmError) -> GmError:
    """What is remembered for hours must not keep alive what the frames of its traceback hold."""
    return GmError(error.code, error.message, where=error.where, hint=error.hint, details=error.details)


def _pause(healing: Healing) -> timedelta:
    return HEALS[min(healing.count, len(HEALS) - 1)]


def _is_calm(healing: Healing, at: datetime) -> bool:
    return at >= healing.last + CALM


def _backoff(count: int) -> timedelta:
    doublings = min(count - 1, _DOUBLINGS)
    return min(FIRST * (1 << doublings), LONGEST)
