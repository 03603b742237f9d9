"""P5xx, rollback and safety records: where a rollback may lead, what it may touch, what a quarantine leaves live."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gitops_models.policy.degradation import is_declared
from gitops_models.policy.lkg import barred
from gitops_models.policy.rule import Problem, Rule
from gitops_models.registry.events import HoldLifted, Promoted, Quarantined, RolledBack, Undeployed
from gitops_models.registry.standins import standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context
    from gitops_models.registry.documents import Cause, Deletion, Hold, Quarantine, Status
    from gitops_models.registry.pathchange import PathChange

    Record = Hold | Quarantine | Status | Deletion | Cause

LIFT = "lift that hold in the same change: `gm lift`"
ALLOWED_BESIDE = frozenset(("stage-state", "hold", "cause", "quarantine"))


def target_is_valid(context: Context) -> Iterator[Problem]:
    """Demand that a rollback leads below the top of the live stack, to a version that is neither barred nor retired."""
    for move in context.moves:
        event = move.event
        if not isinstance(event, RolledBack):
            continue
        if (why := barred(context.after, event.model, event.to_version)) is not None:
            yield Problem(why, event.paths[0])
        if context.after.retired(event.model, event.to_version):
            yield Problem(f"{event.model}@{event.to_version} is retired", event.paths[0])
        if context.policy.stage_index(event.stage) is None:
            yield Problem(f"the policy knows no stage {event.stage}", event.paths[0])


def rollback_stands_alone(context: Context) -> Iterator[Problem]:
    """Demand that a rollback changes stages, holds, causes and quarantine of its model; everything else waits."""
    models = {event.model for event in context.of(RolledBack)}
    for change in context.change.paths:
        if change.place.model in models and change.place.kind not in ALLOWED_BESIDE:
            yield Problem("a rollback does not change this file", change.path)
    for event in context.of(Promoted):
        if event.model in models:
            yield Problem(f"a rollback and a promotion of {event.model} in one change", event.paths[0])


def stage_stays_held(context: Context) -> Iterator[Problem]:
    """Demand, where the policy says ``rollback.hold``, that a rollback or the declared degradation leaves a hold.

    One that stood before is enough; one that is lifted in the same change is none.
    """
    for move in context.moves if context.policy.rollback.hold else ():
        event = move.event
        back = isinstance(event, RolledBack) or (isinstance(event, Undeployed) and is_declared(context, event))
        if back and context.after.held(event.model, event.stage) is None:
            yield Problem(f"{event.model} is rolled back and {event.stage} is not held", event.paths[0])


def quarantined_is_not_live(context: Context) -> Iterator[Problem]:
    """Demand that the change that bars a version takes it out of every stage that serves it."""
    for event in context.of(Quarantined):
        for stage in context.after.stages(event.model):
            state = context.after.stage_state(event.model, stage)
            if state is not None and barred(context.after, event.model, state.version):
                yield Problem(f"{event.model}@{state.version} stays live in {stage}", event.paths[0])
        for other, stage, served in standing(context.after, context.policy.stages):
            if served.model == event.model and barred(context.after, served.model, served.version):
                message = f"{served.model}@{served.version} still stands in for {other} in {stage}"
                yield Problem(message, event.paths[0], hint=LIFT)


def lift_names_root_cause(context: Context) -> Iterator[Problem]:
    """Demand that a hold is lifted only with a link to what was wrong."""
    for event in context.of(HoldLifted):
        path = context.after.layout.hold_path(event.model, event.stage, event.number)
        if not cast("Hold", context.after.document(path)).root_cause:
            yield Problem("the lift names no root cause", path)


def records_name_their_signer(context: Context) -> Iterator[Problem]:
    """``by`` of a record, and of how a cause was settled, is who signed it and the only one who touched it."""
    for change in context.changed("hold", "quarantine", "status", "deletion", "cause"):
        if change.after is None:
            continue
        record = cast("Record", context.after.document(change.path))
        for what, name in _names(change, record):
            if (why := context.speaks(name, change.path)) is not None:
                yield Problem(f"{what} is {why}", change.path)


def _names(change: PathChange, record: Record) -> Iterator[tuple[str, str]]:
    """Yield the fields that name whoever speaks with this change, and the name."""
    if change.before is None:
        yield "by", record.by
    if record.kind == "Cause" and record.resolution is not None:
        yield "resolution.by", record.resolution.by


def quarantine_bars_no_less(context: Context) -> Iterator[Problem]:
    """Demand that a further quarantine of a version names all bytes that are barred with it: only a release frees."""
    for event in context.of(Quarantined):
        barred_before: set[str] = set()
        for number in context.after.quarantine_numbers(event.model, event.version):
            path = context.after.layout.quarantine_path(event.model, event.version, number)
            record = cast("Quarantine", context.after.document(path))
            freed = barred_before - set(record.digests) if record.action == "quarantine" else set()
            if number == event.number and freed:
                yield Problem(f"names fewer barred bytes than stand for {event.version}", path, tuple(sorted(freed)))
            barred_before = set() if record.action == "release" else barred_before | set(record.digests)


RULES = (
    Rule("GM-P501", target_is_valid, "A rollback restores a previously approved version that still stands."),
    Rule("GM-P502", rollback_stands_alone, "Nothing rides along with a rollback, which fewer people authorize."),
    Rule("GM-P531", stage_stays_held, "A rollback holds its stage until the root cause is known."),
    Rule("GM-P504", quarantined_is_not_live, "A barred version is served nowhere."),
    Rule("GM-P505", lift_names_root_cause, "A rollback is recovery, not remediation: the cause comes first."),
    Rule("GM-P506", records_name_their_signer, "A record speaks for the one who signs it."),
    Rule("GM-P507", quarantine_bars_no_less, "What is barred is freed by a release, which others agree to."),
)
