"""What else is so where a trigger is looked at: from the accepted state and what was observed. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.delivery.plan import drift
from gitops_models.delivery.triggers.decide import Around
from gitops_models.delivery.values import Standing
from gitops_models.delivery.waysback import is_way_back, restores_itself
from gitops_models.errors import GmError
from gitops_models.policy.lkg import good_below
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gitops_models.delivery.triggers.memory import Memory
    from gitops_models.delivery.triggers.settings import Rate
    from gitops_models.delivery.values import Deployment, Desired, ModelStage, Observation
    from gitops_models.registry.stack import StackEntry
    from gitops_models.verification.history import History

_UNSETTLED = {
    Standing.UNDEPLOY: "nothing is to be served",
    Standing.SUSPENDED: "it is suspended",
    Standing.QUARANTINED: "the version is quarantined",
    Standing.UNKNOWN: "its documents cannot be read",
}


@dataclass(frozen=True)
class Glance:
    """One target's share of a place: what is wanted there, and what was seen or why nothing was."""

    target: str
    desired: Desired
    seen: Observation | GmError


def last_known_good(history: History, at: ModelStage) -> StackEntry | None:
    """Return the version that a rollback would lead to; None where there is none or it cannot be told."""
    state = history.state
    try:
        return next(good_below(state.snapshot, at.model, state.stack(at.model, at.stage), suspect=state.suspect), None)
    except GmError:
        return None


def before(history: History, wanted: Deployment) -> StackEntry | None:
    """Return the good version before the one that is served: what a baseline of the previous version is asked of.

    Where a restoration serves the last known good already, it is the one before that.
    """
    state = history.state
    try:
        stack = state.stack(wanted.model, wanted.stage)
        good = list(good_below(state.snapshot, wanted.model, stack, suspect=state.suspect))
    except GmError:
        return None
    versions = [entry.version for entry in good]
    skip = versions.index(wanted.version) + 1 if wanted.override and wanted.version in versions else 0
    return next(iter(good[skip:]), None)


def served(glances: Sequence[Glance]) -> Deployment | None:
    """Return what the place is to serve now; None where that is nothing."""
    return next((one.desired.deployment for one in glances if one.desired.deployment is not None), None)


def unsettled(glances: Sequence[Glance]) -> str | None:
    """Say what is in progress: only what was accepted and is served everywhere is judged by signals.

    Bytes that were damaged since do not count here: that is what an integrity trigger is for.
    """
    for one in glances:
        if one.desired.standing is not Standing.SERVE or one.desired.deployment is None:
            return _UNSETTLED.get(one.desired.standing, "nothing is to be served")
        if one.desired.waiting is not None:
            return f"step {one.desired.waiting.step[:12]} is not accepted yet"
        if isinstance(one.seen, GmError):
            return f"{one.target} cannot be looked at: {one.seen.message}"
        if one.seen.noted is None or one.seen.noted.digest != one.desired.deployment.digest:
            return f"{one.desired.deployment.label} is not served by {one.target} yet"
    return None


def damage(glances: Sequence[Glance]) -> tuple[str, ...]:
    """Return how what is served differs from what was deployed, at each target."""
    return tuple(
        f"{one.target}: {found}"
        for one in glances
        if not isinstance(one.seen, GmError)
        for found in drift(one.desired, one.seen)
    )


def around(
    history: History, glances: Sequence[Glance], wanted: Deployment, memory: Memory, rate: Rate, now: datetime
) -> Around:
    """Return the surroundings of a place that serves ``wanted``."""
    place = str(wanted.at)
    good = last_known_good(history, wanted.at)
    acts = memory.acts_within(place, rate.per_hours, now)
    _, since = memory.since.get(place, ("", now))
    return Around(
        wanted.digest,
        wanted.version,
        since,
        good=good.version if good else None,
        restores=restores_itself(history, wanted.at),
        unsettled=unsettled(glances),
        rolled_back=_back(history, glances, wanted),
        stopped=f"automation acted {acts} times in {rate.per_hours} h" if acts >= rate.count else None,
    )


def _back(history: History, glances: Sequence[Glance], wanted: Deployment) -> str | None:
    if wanted.override is not None:
        hold = next((one.desired.hold for one in glances if one.desired.hold), None)
        return f"it stands in already: {hold or 'an override'}"
    if wanted.origin is not None:
        return f"{wanted.label} stands in already"
    return "a rollback led to it" if is_way_back(history, wanted) else None
