"""Emergency rollbacks: what makes one, what it goes ahead without, and whom it asks all the same (POLICY.md section 3).

An emergency is a hold that says so, in one change with the rollback of its stage. It skips what its hold and the policy
both name; the checks of bytes, signature and quarantine are other rules, which know no emergency.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast

from gitops_models.policy.document import slots
from gitops_models.policy.matching import Slot
from gitops_models.policy.risk import HIGHEST
from gitops_models.registry.events import HoldPlaced, Promoted, Quarantined
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from gitops_models.policy.context import Context, Move
    from gitops_models.policy.document import Policy
    from gitops_models.registry.documents import Hold, Quarantine, Risk
    from gitops_models.registry.events import Event
    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.registry.state import AcceptedState

SECOND = "second person"


@dataclass(frozen=True)
class Emergency:
    """The hold at ``path`` that declares it, and the move of its stage (None where the change has none)."""

    path: str
    hold: Hold
    move: Move | None


@dataclass(frozen=True)
class Further:
    """Whose agreement an emergency needs all the same, why, and whether its proposer may fill a slot."""

    slots: tuple[Slot, ...]
    basis: str
    proposer_counts: bool


def found_in(context: Context) -> Iterator[Emergency]:
    """Yield every emergency that a change declares, in the order of its events."""
    moves = {
        (move.event.model, move.event.stage): move for move in context.moves if not isinstance(move.event, Promoted)
    }
    for event in context.of(HoldPlaced):
        hold = cast("Hold", context.after.document(event.paths[0]))
        if hold.emergency is not None:
            yield Emergency(event.paths[0], hold, moves.get((event.model, event.stage)))


def is_urgent(context: Context, event: Event) -> bool:
    """Whether ``event`` is the move of an emergency."""
    return any(one.move is not None and one.move.event is event for one in context.emergencies)


def goes_ahead(context: Context, event: Event) -> bool:
    """Whether an event of an emergency waits for nobody's approval, by its hold and by the policy.

    That are the move and the quarantine of the version that it takes out of service, for bytes of that version
    that no other version of its model has.
    """
    policy = context.policy.emergency
    if policy is None or "approval" not in policy.skips:
        return False
    return any(_covers(context, one, event) for one in context.emergencies)


def _covers(context: Context, one: Emergency, event: Event) -> bool:
    if one.move is None or one.hold.emergency is None or "approval" not in one.hold.emergency.skipped:
        return False
    bad = (one.move.event.model, one.move.event.from_version)
    if isinstance(event, Quarantined) and (event.model, event.version) == bad:
        record = cast("Quarantine", context.after.document(event.paths[0]))
        return set(record.digests) <= _its_alone(context, event.model, event.version)
    return one.move.event is event


def further(context: Context, model: str) -> Further | None:
    """Whose agreement an emergency of ``model`` needs although it skips approval; None when it needs nobody's.

    At critical risk one person of those who authorize rollbacks, and beyond the policy's rate a second person.
    """
    risk: Risk = context.risk(model)
    needed, why = [], []
    authorizing = [slot.role for slot in slots(context.policy.risks.of(risk).rollback.authorize)]
    if risk == HIGHEST and authorizing:
        needed.append(Slot.any_of(authorizing))
        why.append(f"risk is {risk}")
    if (rate := beyond(context.policy, context.facts.state, model, context.facts.at)) is not None:
        needed.append(Slot(SECOND, 1, tuple(sorted(context.policy.safety_roles))))
        why.append(rate)
    critical = risk == HIGHEST and bool(authorizing)
    return Further(tuple(needed), " and ".join(why), proposer_counts=critical) if needed else None


def beyond(policy: Policy, state: AcceptedState, model: str, at: datetime | None) -> str | None:
    """Say that a further emergency of the model at ``at`` goes beyond the rate; None while it does not.

    Several stages in one step are one emergency. What is dated later than ``at`` counts too, so that nobody makes room
    by an earlier date; without a time all count. So does each whose hold still stands, whatever its date: times are
    claims of who accepts, and a hold is lifted by all whom the risk asks for.
    """
    limit = policy.emergency.at_most if policy.emergency else None
    if limit is None:
        return None
    known = state.happened(model, "emergency")
    since = at - timedelta(hours=limit.per_hours) if at is not None else None
    recent = {one.step for one in known if since is None or one.at is None or one.at > since}
    if len(recent) >= limit.count:
        return f"one person declares at most {limit.count} within {limit.per_hours} h"
    if len(recent.union(_standing(policy, state, model))) >= limit.count:
        return f"one person declares at most {limit.count} while their holds stand"
    return None


def _standing(policy: Policy, state: AcceptedState, model: str) -> Iterator[str]:
    """What tells each emergency whose hold stands: its step, and for what the pin held, the time on its hold."""
    steps = {(one.subject, number): one.step for one in state.happened(model, "emergency") for number in one.holds}
    for stage in policy.stages:
        for number, hold in emergency_holds(state.snapshot, model, stage):
            yield steps.get((stage, number), hold.created)


def emergency_holds(accepted: Snapshot, model: str, stage: str) -> tuple[tuple[int, Hold], ...]:
    """The holds of emergencies in a stage that no lift followed, with their numbers, oldest first."""
    holds = tuple(zip(accepted.hold_numbers(model, stage), accepted.holds(model, stage), strict=True))
    lifted = max((number for number, hold in holds if hold.action == "lift"), default=0)
    return tuple((number, hold) for number, hold in holds if number > lifted and hold.emergency is not None)


def barred_bytes(context: Context, model: str, version: str) -> frozenset[str]:
    """Return the digests that the quarantine of a bad version names: its weights.

    Bytes that another model has in service stay out of it. A version without weights is barred by its name alone: what
    it is made of may be that of others.
    """
    state = context.facts.state
    return frozenset(
        digest
        for digest in context.before.lineage(model, version).digests("weights")
        if not any(_serves(state, other, digest) for other in context.before.models() if other != model)
    )


def _its_alone(context: Context, model: str, version: str) -> frozenset[str]:
    """Return what a quarantine bars without barring anything else to go back to: weights, unshared bytes."""
    before = context.before
    stacks = (stack for (name, _), stack in context.facts.state.stacks.items() if name == model)
    served = {entry.version for stack in stacks for entry in stack.versions} - {version}
    shared = {digest for other in served for digest in _bytes(before, model, other)}
    return frozenset(_bytes(before, model, version)) - shared | barred_bytes(context, model, version)


def _bytes(snapshot: Snapshot, model: str, version: str) -> tuple[str, ...]:
    return snapshot.lineage(model, version).digests() if snapshot.has_version(model, version) else ()


def _serves(state: AcceptedState, model: str, digest: str) -> bool:
    owner = state.weights.get((model, digest))
    stacks = (stack for (name, _), stack in state.stacks.items() if name == model)
    return owner is not None and any(entry.version == owner for stack in stacks for entry in stack.versions)
