"""What times the door takes: its own, or for getting back to safety, that of a landing while the forge was down."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gitops_models.policy.approvals import available
from gitops_models.registry.events import CauseOpened, HoldPlaced, Quarantined, RolledBack

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gitops_models.registry.documents import People
    from gitops_models.verification.history import Step

TOLERANCE = timedelta(minutes=15)
CARRIED = timedelta(days=7)
RECOVERY = (RolledBack, HoldPlaced, Quarantined, CauseOpened)


def untimely(
    at: datetime, now: datetime, brought: Callable[[], tuple[Step, People] | None], *, signer: str | None = None
) -> str | None:
    """Why a time of acceptance is not taken at ``now``, or None.

    A step that only leads back to safety may have been accepted up to seven days ago: it went to the reconcilers in a
    bundle, and lands here as the same commit (ADR 0007). Then whoever made, agreed to or accepted it (``signer`` is the
    fingerprint of an acceptance's key) has to count at the door's clock too. A time that lies ahead is never taken, and
    ``brought``, the step and the people accepted once this push is in, is asked only where it matters.
    """
    if abs(at - now) <= TOLERANCE:
        return None
    found = brought() if timedelta() <= now - at <= CARRIED else None
    if found is None or not found[0].events or not all(isinstance(event, RECOVERY) for event in found[0].events):
        return "too far apart"
    step, people = found
    actor = people.actor(signer) if signer else None
    names = _answering(step) | ({actor.id} if actor else set())
    return next((f"{name} is {why}" for name in sorted(names) if (why := _absence(people, name, now))), None)


def _answering(step: Step) -> set[str]:
    quorums = step.verdict.quorums if step.verdict else ()
    counted = {one.person for quorum in quorums for one in quorum.counted}
    return {*step.proposers, *counted, *([step.actor.id] if step.actor else ())}


def _absence(people: People, name: str, now: datetime) -> str | None:
    person = people.person(name)
    if person is not None:
        return available(person, now)
    listed = {each.id for each in people.workloads} | {each.id for each in people.forges}
    return None if name in listed else "not in the accepted people file"
