"""What is done about a signal. Pure: state, signal, surroundings and time in; decision with its reason out.

A version is left only on a value that fails, for as long as the trigger says, while nothing else is going on. No data
and errors are states of their own and never healthy. What stands in the way of acting is told instead of ignored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from gitops_models.delivery.triggers.values import Kind, shown
from gitops_models.registry.documents.triggers import seconds_of

if TYPE_CHECKING:
    from datetime import datetime

    from gitops_models.delivery.triggers.values import Signal
    from gitops_models.registry.documents.triggers import Trigger


_FEW = 3  # looks that may be missed in between


class Standing(StrEnum):
    """How a trigger stands after a look."""

    OK = "ok"
    PENDING = "pending"  # it fails, not yet for long enough
    NO_DATA = "no-data"
    ERROR = "error"
    UNSETTLED = "unsettled"  # something is in progress: what is served is not what was accepted
    GRACE = "grace"
    COOLDOWN = "cooldown"
    IN_PROGRESS = "in-progress"  # a rollback of this very version is open
    BLOCKED = "blocked"  # it fails, and automation must not act: people are told
    FIRED = "fired"


class Act(StrEnum):
    """What firing does. A restore is proposed too."""

    RESTORE = "restore"
    PROPOSE = "propose"


@dataclass(frozen=True)
class State:
    """What is remembered of one trigger at one place. ``digest`` is the served version that it is about.

    ``failing`` and ``silent`` say since when it fails or says nothing, ``errors`` how many came in a row, ``fired``
    when it acted last: that outlives the version. ``seen`` is when it was last seen to fail, while it does.
    """

    digest: str | None = None
    failing: datetime | None = None
    silent: datetime | None = None
    errors: int = 0
    fired: datetime | None = None
    seen: datetime | None = None


@dataclass(frozen=True)
class Around:
    """What else is so. ``unsettled``, ``rolled_back`` and ``stopped`` say why, None where it is not so.

    ``digest`` and ``version`` are served since ``since``; ``open`` is the rollback of this digest that is open,
    ``good`` the version that a rollback would lead to, ``restores`` whether the risk lets automation restore.
    ``rolled_back``: what is served is what a rollback led to. ``stopped``: automation has acted often enough.
    """

    digest: str
    version: str
    since: datetime
    good: str | None = None
    restores: bool = False
    unsettled: str | None = None
    open: str | None = None
    rolled_back: str | None = None
    stopped: str | None = None


@dataclass(frozen=True)
class Decision:
    """How the trigger stands, why, and what is to be done; ``alert``: people have to know."""

    standing: Standing
    reason: str
    state: State
    act: Act | None = None
    alert: bool = False


@dataclass(frozen=True)
class _Look:
    """What the signal alone comes to: failing, fine, or neither."""

    fails: bool | None
    why: str


def decide(trigger: Trigger, state: State, signal: Signal, around: Around, now: datetime) -> Decision:
    """Return what ``signal`` comes to for the version that is served."""
    known = _known(state, around, now)
    if around.unsettled is not None:
        return Decision(Standing.UNSETTLED, around.unsettled, State(around.digest, fired=known.fired))
    if signal.kind is Kind.ERROR:
        return _on_error(trigger, known, signal, around, now)
    seen = replace(known, errors=0)
    if signal.kind is not Kind.VALUE:
        return _on_no_data(trigger, seen, signal, around, now)
    look = compare(trigger, signal)
    return _on_value(trigger, replace(seen, silent=None), look, around, now)


def compare(trigger: Trigger, signal: Signal) -> _Look:
    """Hold a value against the condition. A drop of exactly what is allowed does not fail."""
    if trigger.baseline is not None:
        return _distance(trigger, signal)
    value, fail = signal.value, trigger.fail
    what = shown(value)
    if fail is None or fail.equals is not None:
        fails = fail is not None and _equals(value, fail.equals)
        return _Look(fails, f"it is {what}")
    low, limit = fail.below is not None, _decimal(fail.below if fail.below is not None else fail.above)
    fails = isinstance(value, Decimal) and (value < limit if low else value > limit)
    return _Look(fails, f"{what} is {'' if fails else 'not '}{'below' if low else 'above'} {shown(limit)}")


def _distance(trigger: Trigger, signal: Signal) -> _Look:
    assert trigger.baseline is not None  # noqa: S101 - for the type checker: who calls has looked
    drop = trigger.baseline.max_drop
    limit = _decimal(drop if drop is not None else trigger.baseline.max_rise)
    value, base = signal.value, signal.baseline
    if not isinstance(value, Decimal) or base is None:
        return _Look(None, "there is nothing to compare")
    away = base - value if drop is not None else value - base
    way = "below" if drop is not None else "above"
    return _Look(
        away > limit,
        f"{shown(value)} is {shown(away)} {way} {shown(base)}, {'more' if away > limit else 'not more'} than "
        f"{shown(limit)}",
    )


def _decimal(number: float | None) -> Decimal:
    return Decimal(str(number))


def _equals(value: object, wanted: object) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return value == (_decimal(wanted) if isinstance(wanted, float) else wanted)


def _known(state: State, around: Around, now: datetime) -> State:
    """Return what still counts: of another version nothing but when it acted, and nothing from the future."""
    kept = state if state.digest == around.digest else State(around.digest, fired=state.fired)
    return replace(
        kept,
        failing=_past(kept.failing, now),
        silent=_past(kept.silent, now),
        fired=_past(kept.fired, now),
        seen=_past(kept.seen, now),
    )


def _past(time: datetime | None, now: datetime) -> datetime | None:
    return None if time is None else min(time, now)


def _on_error(trigger: Trigger, known: State, signal: Signal, around: Around, now: datetime) -> Decision:
    seen = replace(known, errors=known.errors + 1)
    if seen.errors <= trigger.on_error.tolerate:
        return Decision(Standing.ERROR, f"{signal.why} ({seen.errors} in a row)", seen)
    then = trigger.on_error.then
    if then == "fail":
        return _on_value(trigger, seen, _Look(fails=True, why=signal.why), around, now)
    if then == "ok":
        return Decision(Standing.ERROR, signal.why, _calm(seen))
    return Decision(Standing.ERROR, f"{signal.why} ({seen.errors} in a row)", seen, alert=True)


def _on_no_data(trigger: Trigger, known: State, signal: Signal, around: Around, now: datetime) -> Decision:
    seen = replace(known, silent=known.silent or now)
    if trigger.on_no_data == "fail":
        return _on_value(trigger, seen, _Look(fails=True, why=signal.why), around, now)
    if trigger.on_no_data == "ok":
        return Decision(Standing.NO_DATA, signal.why, _calm(seen))
    lasting = now - (seen.silent or now)
    alert = lasting > timedelta(seconds=seconds_of(trigger.lasting)) and not _in_grace(trigger, around, now)
    return Decision(Standing.NO_DATA, signal.why, seen, alert=alert)


def _on_value(trigger: Trigger, known: State, look: _Look, around: Around, now: datetime) -> Decision:
    if not look.fails:
        return Decision(Standing.OK, look.why, _calm(known))
    if _in_grace(trigger, around, now):
        return Decision(Standing.GRACE, f"{look.why}; deployed less than {trigger.grace} ago", _calm(known))
    begun = now if known.failing is None or _unwatched(trigger, known, now) else known.failing
    seen = replace(known, failing=begun, seen=now)
    if now - (seen.failing or now) < timedelta(seconds=seconds_of(trigger.lasting)):
        return Decision(Standing.PENDING, f"{look.why}; not yet for {trigger.lasting}", seen)
    return _acting(trigger, seen, look, around, now)


def _acting(trigger: Trigger, seen: State, look: _Look, around: Around, now: datetime) -> Decision:
    """It would fire: act, or say what stands in the way."""
    if around.open is not None:
        return Decision(Standing.IN_PROGRESS, f"{look.why}; {around.open} is open", seen)
    if around.rolled_back is not None:
        return Decision(Standing.BLOCKED, f"{look.why}; {around.rolled_back}", seen, alert=True)
    if seen.fired is not None and now - seen.fired < timedelta(seconds=seconds_of(trigger.cooldown)):
        return Decision(Standing.COOLDOWN, f"{look.why}; it acted less than {trigger.cooldown} ago", seen)
    if around.good is None:
        return Decision(Standing.BLOCKED, f"{look.why}; no earlier good version is left", seen, alert=True)
    if around.stopped is not None:
        return Decision(Standing.BLOCKED, f"{look.why}; {around.stopped}", seen, alert=True)
    act = Act.RESTORE if around.restores else Act.PROPOSE
    return Decision(Standing.FIRED, look.why, replace(seen, fired=now), act=act, alert=True)


def _in_grace(trigger: Trigger, around: Around, now: datetime) -> bool:
    grace = timedelta(seconds=seconds_of(trigger.grace))
    return now - min(around.since, now) < grace


def _calm(known: State) -> State:
    return replace(known, failing=None, seen=None)


def _unwatched(trigger: Trigger, known: State, now: datetime) -> bool:
    """Whether nobody can say that it failed all the time: a value speaks for ``max_age``, looks are never exact."""
    last = known.seen or known.failing or now
    return now - last > timedelta(seconds=max(seconds_of(trigger.max_age), _FEW * seconds_of(trigger.interval)))
