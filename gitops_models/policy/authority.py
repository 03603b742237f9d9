"""Who may propose an event, and whose agreement it needs (POLICY.md section 1, "Who may do what")."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from gitops_models.policy.degradation import is_declared, rollback_roles, takes_back
from gitops_models.policy.document import slots
from gitops_models.policy.emergency import further, goes_ahead, is_urgent
from gitops_models.policy.matching import Slot
from gitops_models.policy.retention import deleters
from gitops_models.policy.risk import SENSITIVE, effective_risk, rank
from gitops_models.policy.selection import spoilt
from gitops_models.policy.training import asked_of_approvers
from gitops_models.policy.wording import phrase
from gitops_models.registry.events import (
    BytesDeleted,
    CauseOpened,
    CauseResolved,
    EvidenceAdded,
    HoldLifted,
    HoldPlaced,
    ModelAdded,
    ModelChanged,
    ModelEvent,
    OtherGoverned,
    PeopleChanged,
    PolicyChanged,
    Promoted,
    Quarantined,
    QuarantineReleased,
    Restored,
    Resumed,
    Retired,
    RolledBack,
    Suspended,
    TargetsChanged,
    TriggersChanged,
    Undeployed,
    VersionRegistered,
    WaiverAdded,
)
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gitops_models.policy.context import Context, Move
    from gitops_models.policy.document import EvidenceMode, RiskRule
    from gitops_models.registry.documents import Evidence, Risk
    from gitops_models.registry.events import Event

REGISTERING = (ModelAdded, ModelChanged, TriggersChanged, VersionRegistered, EvidenceAdded)
PROMOTING = (Promoted, HoldLifted, QuarantineReleased, Resumed, Undeployed, Retired)
SAFETY = (HoldPlaced, CauseOpened, CauseResolved, Quarantined, Suspended)
GOVERNANCE = (PolicyChanged, PeopleChanged, TargetsChanged, WaiverAdded, OtherGoverned)


@dataclass(frozen=True)
class Proposers:
    """Who may propose: persons with one of ``roles`` (None: any person), workloads that may do the event."""

    roles: frozenset[str] | None
    workloads: bool = True


@dataclass(frozen=True)
class Demand:
    """Whose agreement one event needs. ``model`` scopes role grants; None asks for roles that hold everywhere.

    ``excluded`` persons are too close to count (registering persons); proposers are excluded beside them, unless
    ``proposer_counts`` (one of them fills a slot of a rollback) or ``self_approval`` (the policy lists the risk).
    ``touch``: only what a touched hardware key signed counts. ``trained``: where the policy asks for training, only
    persons count whose training is valid.
    """

    what: str
    basis: str
    where: str | None
    slots: tuple[Slot, ...]
    evidence: EvidenceMode
    model: str | None = None
    excluded: frozenset[str] = frozenset()
    proposer_counts: bool = False
    self_approval: bool = False
    touch: bool = False
    trained: bool = True


def proposers(context: Context, event: Event) -> Proposers | None:
    """Return who may propose ``event``; None when this policy lets nobody do it."""
    policy = context.policy
    if is_urgent(context, event):
        return Proposers(None, workloads=False)  # which role it takes is a rule of emergencies
    if isinstance(event, RolledBack):
        return Proposers(rollback_roles(context, event.model))
    if isinstance(event, Undeployed) and is_declared(context, event):
        return Proposers(rollback_roles(context, event.model) | frozenset(policy.promotion.may))
    if isinstance(event, EvidenceAdded) and _revokes(context, event):
        return Proposers(frozenset(policy.registration.may) | policy.safety_roles)
    table = (
        (REGISTERING, Proposers(frozenset(policy.registration.may))),
        (PROMOTING, Proposers(frozenset(policy.promotion.may))),
        (SAFETY, Proposers(policy.safety_roles)),
        (BytesDeleted, Proposers(frozenset(slot.role for slot in deleters(policy)), workloads=False)),
        ((*GOVERNANCE, Restored), Proposers(None, workloads=False)),
    )
    return next((who for kinds, who in table if isinstance(event, kinds)), None)


def _revokes(context: Context, event: EvidenceAdded) -> bool:
    path = context.after.layout.evidence_path(event.model, event.version, event.evidence)
    return path in event.paths and cast("Evidence", context.after.document(path)).result == "revoked"


def demand(context: Context, event: Event) -> Demand | None:
    """Whose agreement ``event`` needs; None when proposing is enough."""
    wanted = _demand(context, event)
    return replace(wanted, trained=asked_of_approvers(context, event)) if wanted is not None else None


def _demand(context: Context, event: Event) -> Demand | None:
    if isinstance(event, GOVERNANCE):
        return _governance(context, event)
    if goes_ahead(context, event):
        return _emergency(context, event)
    if isinstance(event, RolledBack | Undeployed) and takes_back(context, event):
        return _rollback(context, event)
    quorum = _quorum(context, event)
    if not quorum or not isinstance(event, ModelEvent):
        return None
    risk = context.risk(event.model)
    return Demand(
        what=phrase(event),
        basis=f"risk is {risk}",
        where=event.paths[0],
        slots=quorum,
        evidence=context.policy.risks.of(risk).evidence,
        model=event.model,
        excluded=_registrars(context, event),
        self_approval=risk in context.policy.approvals.self_approval,
        touch=context.policy.risks.of(risk).touch,
    )


def _quorum(context: Context, event: Event) -> tuple[Slot, ...]:
    policy = context.policy
    if isinstance(event, VersionRegistered | BytesDeleted):
        return deleters(policy) if isinstance(event, BytesDeleted) else slots(policy.registration.approve)
    if isinstance(event, Promoted):
        return _promotion(context, event)
    if isinstance(event, ModelAdded | ModelChanged):
        return _model_change(context, event)
    if isinstance(event, Quarantined) and not _leaves_without_good(context, event):
        return ()
    if isinstance(event, ModelEvent) and isinstance(event, (*PROMOTING, TriggersChanged, Quarantined)):
        return slots(policy.risks.of(context.risk(event.model)).approve)
    return ()


def _promotion(context: Context, event: Promoted) -> tuple[Slot, ...]:
    rule = context.policy.stage_rules.get(event.stage)
    if rule is not None and rule.approve is not None:
        return slots(rule.approve)
    return slots(context.policy.risks.of(context.risk(event.model)).approve)


def _model_change(context: Context, event: ModelAdded | ModelChanged) -> tuple[Slot, ...]:
    """Return the risk's quorum; a new model and a lower risk need the further quorum ``new_model`` too."""
    quorum = slots(context.policy.risks.of(context.risk(event.model)).approve)
    if isinstance(event, ModelChanged) and not _lowers(context, event.model):
        return quorum
    present = {slot.role for slot in quorum}
    return quorum + tuple(slot for slot in slots(context.policy.registration.new_model) if slot.role not in present)


def _lowers(context: Context, model: str) -> bool:
    """Whether the effective risk sinks, be it by the word or by a use that a floor names."""
    floors = context.policy.floors
    old = effective_risk(context.before.model(model), None, floors)
    new = effective_risk(None, context.after.model(model) if context.after.has_model(model) else None, floors)
    return rank(new) < rank(old)


def _leaves_without_good(context: Context, event: Quarantined) -> bool:
    """Whether a live stage had a version to fall back to and has none once this version is quarantined."""
    return any(
        context.last_known_good(event.model, stack) is None
        and context.last_known_good(event.model, stack, context.before) is not None
        for stack in context.stacks_after(event.model)
        if stack.live
    )


def _registrars(context: Context, event: Event) -> frozenset[str]:
    if isinstance(event, Promoted):
        return context.registrars(event.model, event.to_version)
    if isinstance(event, QuarantineReleased):
        return context.registrars(event.model, event.version)
    return frozenset()


def _rollback(context: Context, event: RolledBack | Undeployed) -> Demand | None:
    risk = context.risk(event.model)
    rule = context.policy.risks.of(risk)
    quorum = slots(rule.rollback.authorize)
    passed = spoilt(context, event.model, event.from_version)
    deeper = isinstance(event, RolledBack) and is_deeper(context, event, passed)
    if rule.approve and deeper:
        quorum = (*quorum, Slot.any_of(slot.role for slot in slots(rule.approve)))
    if not rule.rollback.authorize and _by_machine(context, event) and not _restores_itself(rule, risk):
        quorum = (*quorum, Slot.any_of(rule.rollback.initiate))
    if not quorum:
        return None
    return Demand(
        what=phrase(event),
        basis=f"risk is {risk}",
        where=event.paths[0],
        slots=quorum,
        evidence=rule.evidence,
        model=event.model,
        proposer_counts=bool(rule.rollback.authorize),
        self_approval=risk in context.policy.approvals.self_approval,
        touch=rule.touch,
    )


def _emergency(context: Context, event: Event) -> Demand | None:
    needed = further(context, event.model) if isinstance(event, RolledBack | Undeployed) else None
    if needed is None or not isinstance(event, ModelEvent):
        return None
    rule = context.policy.risks.of(context.risk(event.model))
    return Demand(
        what=phrase(event),
        basis=needed.basis,
        where=event.paths[0],
        slots=needed.slots,
        evidence=rule.evidence,
        model=event.model,
        proposer_counts=needed.proposer_counts,
        touch=rule.touch,
    )


def _by_machine(context: Context, event: RolledBack | Undeployed) -> bool:
    """Whether no person signed what the stage is to hold."""
    return not any(context.facts.people.person(name) for name in context.signers(event.paths[0]))


def _restores_itself(rule: RiskRule, risk: Risk) -> bool:
    """Whether automation may land a rollback alone. From high risk on a person agrees, whatever the table says."""
    return rule.rollback.automation == "restore" and risk not in SENSITIVE


def is_deeper(context: Context, event: RolledBack, spoilt: Collection[str] = ()) -> bool:
    """Whether the rollback goes below the last known good of its stage, as that was before the change.

    Whoever rolls back does not choose how far by barring what lies between: no quarantine of the change counts. That of
    the version that is left bars it alone, which lies on top. ``spoilt`` versions are passed over.
    """
    move: Move = next(move for move in context.moves if move.event is event)
    return context.last_known_good(event.model, move.stack, context.before, spoilt=spoilt) != event.to_version


def _governance(context: Context, event: Event) -> Demand | None:
    changes = context.policy.policy_changes
    if not changes.approve:
        return None
    return Demand(
        what=phrase(event),
        basis="the policy changes",
        where=event.paths[0],
        slots=slots(changes.approve),
        evidence=changes.evidence,
    )


def joined(demands: Sequence[Demand]) -> tuple[Demand, ...]:
    """Equal demands as one whose ``what`` names every event: reviewers see one quorum instead of four."""
    groups: dict[Demand, list[Demand]] = {}
    for one in demands:
        groups.setdefault(replace(one, what="", where=None), []).append(one)
    return tuple(
        replace(first, what=" and ".join(dict.fromkeys(one.what for one in (first, *rest))))
        for first, *rest in groups.values()
    )
