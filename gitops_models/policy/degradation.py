"""What the policy declares for a stage in which nothing good is left: refuse, stop serving, or serve something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gitops_models.policy.document import slots
from gitops_models.policy.lkg import unfit
from gitops_models.policy.selection import spoilt
from gitops_models.registry.events import HoldPlaced, RolledBack, Undeployed
from gitops_models.registry.names import parse_reference

if TYPE_CHECKING:
    from gitops_models.policy.context import Context, Move
    from gitops_models.policy.document import Policy
    from gitops_models.registry.documents import Hold, Model
    from gitops_models.registry.events import Event
    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.registry.state import AcceptedState

REFUSE = "refuse"
FALLBACK = "fallback:"


def fallback_of(policy: Policy) -> tuple[str, str] | None:
    """Return model and version that the policy lets a stage fall back to, None where it names none."""
    declared = policy.rollback.degrade
    if not declared.startswith(FALLBACK):
        return None
    named = parse_reference(declared.removeprefix(FALLBACK))
    return named.model, str(named.version)


def unusable(
    snapshot: Snapshot, state: AcceptedState, document: Model | None, stage: str, fallback: tuple[str, str]
) -> str | None:
    """Say why a version may not stand in for the model of ``document`` in ``stage``, None when it may.

    It was approved: it is or was live in its own stage of that name. And it fits the consumers of whom it stands in
    for.
    """
    model, version = fallback
    if not snapshot.has_version(model, version):
        return "it is not registered"
    if version not in state.ever_staged.get((model, stage), ()):
        return f"it never was live in {stage}"
    return unfit(snapshot, model, version, document, suspect=state.suspect)


def is_declared(context: Context, event: Undeployed) -> bool:
    """Whether a removal is the degradation that the policy declares, and so has the authority of a rollback.

    Nothing good was left below what was live, and the same change holds the stage, with the fallback where the policy
    names one.
    """
    if context.policy.rollback.degrade == REFUSE:
        return False
    move: Move = next(move for move in context.moves if move.event is event)
    if not move.stack.live or good_left(context, move) is not None:
        return False
    hold = placed(context, event.model, event.stage)
    return hold is not None and (hold.fallback is not None) == (fallback_of(context.policy) is not None)


def good_left(context: Context, move: Move) -> str | None:
    """Return the version that could be restored instead, by what was accepted before the change.

    Versions that the change shows to be made from the poisoned input of what was live are none.
    """
    passed = spoilt(context, move.event.model, move.stack.live_version)
    return context.last_known_good(move.event.model, move.stack, context.before, spoilt=passed)


def placed(context: Context, model: str, stage: str) -> Hold | None:
    """Return the hold that the change places on a stage, the last where there are several."""
    found = [one for one in context.of(HoldPlaced) if (one.model, one.stage) == (model, stage)]
    return cast("Hold", context.after.document(found[-1].paths[0])) if found else None


def takes_back(context: Context, event: Event) -> bool:
    """Whether an event has the authority of a rollback.

    A rollback has; so has the declared degradation, proposed by those alone who may roll back.
    """
    if isinstance(event, RolledBack):
        return True
    if not isinstance(event, Undeployed) or not is_declared(context, event):
        return False
    people, roles = context.facts.people, rollback_roles(context, event.model)
    persons = [person for name in context.hands(event.paths[0]) if (person := people.person(name)) is not None]
    return all(any(person.holds(role, event.model) for role in roles) for person in persons)


def rollback_roles(context: Context, model: str) -> frozenset[str]:
    """Return the roles that may propose a rollback of a model."""
    authority = context.policy.risks.of(context.risk(model)).rollback
    return frozenset(authority.initiate) | {slot.role for slot in slots(authority.authorize)}
