"""Getting back to a good version: rollback with hold, cause and quarantine as one commit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.degradation import REFUSE, fallback_of, unusable
from gitops_models.policy.lkg import good_below
from gitops_models.registry.values import dataclass
from gitops_models.verification.exposure import Exposure
from gitops_models.workflows.naming import known_model, known_stage, live_state
from gitops_models.workflows.propose import Opened, propose
from gitops_models.workflows.recover_loss import loss, radius
from gitops_models.workflows.recover_records import hold, opened_cause, quarantines
from gitops_models.workflows.recover_siblings import siblings
from gitops_models.workflows.recover_target import Way, descent, nothing_good, restored, target, way
from gitops_models.workflows.recover_words import draft

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime

    from gitops_models.audit.comparing import Comparison
    from gitops_models.policy.selection import Descent
    from gitops_models.registry.documents import Risk
    from gitops_models.registry.snapshot import Entry
    from gitops_models.registry.stack import StackEntry
    from gitops_models.workflows.propose import Draft
    from gitops_models.workflows.recover_loss import Radius
    from gitops_models.workflows.recover_siblings import Sibling
    from gitops_models.workflows.session import Session

__all__ = ["Plan", "Rollback", "degraded", "hold", "plan", "rollback"]
Updates = dict[str, "bytes | Entry | None"]


@dataclass(frozen=True)
class Rollback:
    """What to roll back and why. Without ``to``, ``before_data`` and ``before_commit`` to the last known good version.

    ``before_data`` and ``before_commit`` name an input that went bad: what descends from it is passed over.
    ``open_cause``: whether a cause that is given is opened too, where none of its kind is open. ``degraded`` says what
    does not work meanwhile, where the version lacks what a consumer needs. ``detected`` is when the fault was first
    seen, where that was before now, ``severity`` that of the cause that is opened.
    """

    model: str
    reason: str
    stage: str | None = None
    to: str | None = None
    cause: str | None = None
    incident: str | None = None
    hold: bool = True
    quarantine: bool = False
    before_data: str | None = None
    before_commit: str | None = None
    quarantine_siblings: bool = False
    open_cause: bool = True
    degraded: str | None = None
    detected: datetime | None = None
    severity: Risk = "high"


@dataclass(frozen=True)
class Plan:
    """A rollback before it is proposed: the way it takes, what that costs, whom it concerns.

    ``bad`` is the version that is left, ``spoilt`` the versions of the stage that descend from the poisoned input,
    ``instead`` what is served where nothing good is left (None: nothing), ``others`` the stages that leave a barred
    version with it, ``exposure`` the clock so far.
    """

    model: str
    stage: str
    bad: StackEntry
    way: Way
    loss: Comparison | None
    radius: Radius
    siblings: tuple[Sibling, ...] = ()
    spoilt: tuple[str, ...] = ()
    instead: str | None = None
    others: tuple[str, ...] = ()
    exposure: Exposure | None = None
    draft: Draft | None = None


def rollback(
    session: Session,
    wanted: Rollback,
    *,
    dry_run: bool = False,
    no_push: bool = False,
    before: Callable[[Opened], None] | None = None,
) -> Opened:
    """Open one commit that restores an earlier stage state byte for byte, with its hold, cause and quarantine.

    ``before`` as in ``propose``. Raises what ``plan`` does.
    """
    return open_plan(session, plan(session, wanted), dry_run=dry_run, no_push=no_push, before=before)


def open_plan(
    session: Session,
    planned: Plan,
    *,
    dry_run: bool = False,
    no_push: bool = False,
    before: Callable[[Opened], None] | None = None,
) -> Opened:
    """Propose what was planned."""
    if planned.draft is None:
        raise ValueError("the plan has no draft")
    return propose(session, planned.draft, dry_run=dry_run, no_push=no_push, before=before)


def plan(session: Session, wanted: Rollback) -> Plan:
    """Choose the version and gather what goes with it; writes nothing.

    Raises GM-P510 where nothing good is left and the policy refuses to degrade, GM-P511 and GM-P512 as ``target``,
    GM-C247 to GM-C250 for an input that nothing was made from, GM-C14n for what is not there.
    """
    model = known_model(session, wanted.model)
    stage = known_stage(session, wanted.stage)
    live_state(session, model, stage)
    stack = session.history.state.stacks[model, stage]
    poison = _poison(session, model, wanted)
    if poison is not None and poison.why(model, stack.versions[-1].version) is None:
        live = stack.versions[-1].version
        raise GmError("GM-C249", f"{model}@{live}, which is live, does not descend from it", where=f"{model}#{stage}")
    found = way(session, model, stack, poison)
    if wanted.to is not None:
        found = Way(target(session, model, stage, stack, wanted.to))
    planned = Plan(
        model,
        stage,
        stack.versions[-1],
        found,
        loss(session, model, stack.versions[-1].version, found.target.version if found.target else None),
        radius(session, model, stage, stack.versions[-1]),
        siblings(session, model, poison, stack.versions[-1].version) if poison else (),
        _spoilt(model, found, stack.versions[-1], poison),
        exposure=Exposure(stack.versions[-1].at, wanted.detected, session.clock.now()),
    )
    return _drafted(session, wanted, planned, poison)


def _poison(session: Session, model: str, wanted: Rollback) -> Descent | None:
    ways = [one for one in (wanted.to, wanted.before_data, wanted.before_commit) if one is not None]
    if len(ways) > 1:
        raise GmError("GM-C250", "a version is chosen in one way: --to, --before-data or --before-commit")
    return descent(session, model, data=wanted.before_data, commit=wanted.before_commit)


def _spoilt(model: str, found: Way, bad: StackEntry, poison: Descent | None) -> tuple[str, ...]:
    """The versions above the target that descend from the input, the live one first."""
    passed = (bad.version, *(one.version for one in found.skipped))
    return tuple(one for one in passed if poison is not None and poison.why(model, one) is not None)


def _drafted(session: Session, wanted: Rollback, planned: Plan, poison: Descent | None) -> Plan:
    model, stage, good = planned.model, planned.stage, planned.way.target
    layout = session.accepted.layout
    barred = _barred(wanted, planned)
    updates: Updates = {}
    if good is not None:
        updates[layout.stage_path(model, stage)] = restored(session, model, stage, good)
        updates |= dict([hold(session, model, stage, wanted)]) if wanted.hold else {}
    else:
        planned = replace(planned, instead=_instead(session))
        updates |= degraded(session, model, stage, wanted, planned.way)
    others = dict(_leaving(session, planned, barred, poison))
    for name, entry in others.items():
        updates |= (
            {layout.stage_path(model, name): restored(session, model, name, entry)}
            if entry or session.history.policy.rollback.degrade == REFUSE
            else degraded(session, model, name, wanted, planned.way)
        )
        if entry and wanted.hold and session.history.policy.rollback.hold:
            updates |= dict([hold(session, model, name, wanted)])
    updates |= quarantines(session, model, barred, wanted)
    updates |= dict(opened_cause(session, model, wanted, poison, planned.spoilt))
    planned = replace(planned, others=tuple(others))
    return replace(planned, draft=draft(session, wanted, planned, updates))


def _barred(wanted: Rollback, planned: Plan) -> tuple[str, ...]:
    """The versions that are quarantined with the rollback: the one that is left, and its siblings if asked."""
    if not (wanted.quarantine or wanted.quarantine_siblings):
        return ()
    own = [one.version for one in planned.siblings if one.model == planned.model]
    return (planned.bad.version, *(own if wanted.quarantine_siblings else ()))


def _leaving(
    session: Session, planned: Plan, barred: Collection[str], poison: Descent | None
) -> Iterator[tuple[str, StackEntry | None]]:
    """Other stages that serve a version that is barred, with their own last good one: a quarantine empties all of them.

    None where nothing good lies below: the stage is undeployed.
    """
    model, known = planned.model, session.history.state
    for name in session.accepted.stages(model):
        state = session.accepted.stage_state(model, name)
        if name != planned.stage and state is not None and state.version in barred:
            good = good_below(session.accepted, model, known.stack(model, name), suspect=known.suspect, spoilt=barred)
            yield name, next((one for one in good if not (poison and poison.why(model, one.version))), None)


def degraded(session: Session, model: str, stage: str, wanted: Rollback, found: Way) -> Updates:
    """What the policy declares for a stage in which nothing good is left; GM-P510 where it declares nothing usable."""
    policy, accepted = session.history.policy, session.accepted
    if policy.rollback.degrade == REFUSE:
        raise nothing_good(model, stage, found)
    fallback = fallback_of(policy)
    if fallback is not None:
        why = unusable(accepted, session.history.state, accepted.model(model), stage, fallback)
        if why is not None:
            error = nothing_good(model, stage, found)
            named = f"the declared fallback {fallback[0]}@{fallback[1]}: {why}"
            raise GmError(error.code, error.message, where=error.where, details=(*error.details, named))
    path, data = hold(session, model, stage, wanted, fallback)
    return {accepted.layout.stage_path(model, stage): None, path: data}


def _instead(session: Session) -> str | None:
    fallback = fallback_of(session.history.policy)
    return f"{fallback[0]}@{fallback[1]}" if fallback else None
