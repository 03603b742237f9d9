"""Getting back to a good version: rollback with hold and quarantine as one commit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.lkg import good_below
from gitops_models.registry.documents import Hold, render, validate
from gitops_models.registry.times import format_time
from gitops_models.registry.trailers import (
    GM_CAUSE,
    GM_EVENT,
    GM_FROM,
    GM_IMPACT,
    GM_INCIDENT,
    GM_MODEL,
    GM_RISK,
    GM_STAGE,
    GM_TECHNIQUE,
    GM_TO,
    REVERTS,
)
from gitops_models.store.snapshots import snapshot
from gitops_models.workflows.barring import TECHNIQUES, quarantine_document
from gitops_models.workflows.naming import known_model, known_stage, live_state
from gitops_models.workflows.promote import risk_of
from gitops_models.workflows.propose import Draft, Opened, propose
from gitops_models.workflows.remotes import has_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gitops_models.registry.snapshot import Entry
    from gitops_models.registry.stack import LiveStack, StackEntry
    from gitops_models.workflows.session import Session


@dataclass(frozen=True)
class Rollback:
    """What to roll back and why. ``to`` is None for the last known good version."""

    model: str
    reason: str
    stage: str | None = None
    to: str | None = None
    cause: str | None = None
    incident: str | None = None
    hold: bool = True
    quarantine: bool = False


def rollback(
    session: Session,
    wanted: Rollback,
    *,
    dry_run: bool = False,
    no_push: bool = False,
    before: Callable[[Opened], None] | None = None,
) -> Opened:
    """Open one commit that restores an earlier stage state byte for byte, with its hold and, if asked, quarantine.

    ``before`` as in ``propose``.
    """
    model = known_model(session, wanted.model)
    stage = known_stage(session, wanted.stage)
    state = live_state(session, model, stage)
    stack = session.history.state.stacks[model, stage]
    target = _target(session, model, stage, stack, wanted.to)
    others = tuple(_also_live(session, model, stage, state.version)) if wanted.quarantine else ()
    updates: dict[str, bytes | Entry | None] = {
        session.accepted.layout.stage_path(model, name): _restored(session, model, name, entry)
        for name, entry in ((stage, target), *others)
    }
    if wanted.hold:
        updates |= [hold(session, model, stage, wanted)]
    if wanted.quarantine:
        updates |= [
            quarantine_document(
                session,
                model,
                state.version,
                reason=wanted.reason,
                cause=wanted.cause,
                incident=wanted.incident,
            )
        ]
    draft = _draft(session, wanted, model=model, stage=stage, bad=stack.versions[-1], target=target, updates=updates)
    draft = replace(draft, trailers=(*draft.trailers, *((GM_STAGE, name) for name, _ in others)))
    return propose(session, draft, dry_run=dry_run, no_push=no_push, before=before)


def _also_live(session: Session, model: str, stage: str, version: str) -> Iterator[tuple[str, StackEntry | None]]:
    """Other stages that serve the version: a quarantine takes it out of all of them, to their own last good one.

    None where nothing good lies below: the stage is undeployed.
    """
    for name in session.accepted.stages(model):
        state = session.accepted.stage_state(model, name)
        if name != stage and state is not None and state.version == version:
            known = session.history.state
            good = good_below(session.accepted, model, known.stack(model, name), suspect=known.suspect)
            yield name, next(good, None)


def hold(session: Session, model: str, stage: str, wanted: Rollback) -> tuple[str, bytes]:
    """Path and content of the next Hold of the stage."""
    number = max(session.accepted.hold_numbers(model, stage), default=0) + 1
    document = validate(
        Hold,
        {
            "model": model,
            "stage": stage,
            "action": "hold",
            "reason": wanted.reason,
            "cause": wanted.cause,
            "incident": wanted.incident,
            "by": session.actor(session.signer()).id,
            "created": format_time(session.clock.now()),
        },
        f"{model}#{stage}",
    )
    return session.accepted.layout.hold_path(model, stage, number), render(document)


def _target(session: Session, model: str, stage: str, stack: LiveStack, to: str | None) -> StackEntry:
    """The entry to return to; GM-P510 when nothing below is good, GM-P511 when ``to`` never was live below the top."""
    if to is not None:
        below = [entry for entry in stack.versions[:-1] if entry.version == to]
        if not below:
            live = ", ".join(entry.version for entry in stack.versions[:-1]) or "none"
            raise GmError(
                "GM-P511",
                f"{model}@{to} was not live in {stage} before {stack.versions[-1].version}",
                where=session.accepted.layout.stage_path(model, stage),
                details=(f"earlier live versions: {live}",),
            )
        return below[-1]
    present = has_bytes(session)
    for entry in good_below(session.accepted, model, stack, suspect=session.history.state.suspect):
        if present is not None and not _has_all(session, model, entry.version):
            raise GmError(
                "GM-P512",
                f"the bytes of {model}@{entry.version}, the last known good version, are not in the artifact remote",
                where=f"{model}@{entry.version}",
            )
        return entry
    raise GmError("GM-P510", f"there is no earlier good version of {model} in {stage}", where=f"{model}#{stage}")


def _has_all(session: Session, model: str, version: str) -> bool:
    present = has_bytes(session)
    artifacts = session.accepted.lineage(model, version).artifacts
    return present is None or all(present(entry.md5 or "", entry.size) for entry in artifacts)


def _restored(session: Session, model: str, stage: str, target: StackEntry | None) -> Entry | None:
    """The stage state's blob as it was at the step that made ``target`` live; None undeploys."""
    if target is None:
        return None
    path = session.accepted.layout.stage_path(model, stage)
    step = target.step or session.history.pin
    entry = snapshot(session.store, step, session.history.layout).entry(path)
    if entry is None:
        raise GmError("GM-P511", f"step {step[:12]} has no {path}", where=path)
    return entry


def _draft(
    session: Session,
    wanted: Rollback,
    *,
    model: str,
    stage: str,
    bad: StackEntry,
    target: StackEntry,
    updates: dict[str, bytes | Entry | None],
) -> Draft:
    optional = ((GM_CAUSE, wanted.cause), (GM_TECHNIQUE, TECHNIQUES.get(wanted.cause or "")))
    return Draft(
        event="rollback",
        model=model,
        version=target.version,
        stage=stage,
        subject=f"revert({model}/{stage}): roll back {bad.version} to {target.version}",
        body=_body(session, model, bad.version, target.version),
        reason=wanted.reason,
        updates=updates,
        trailers=(
            (GM_EVENT, "rollback"),
            (GM_MODEL, model),
            (GM_STAGE, stage),
            (GM_FROM, f"{bad.version}@sha256:{bad.lineage_sha256}"),
            (GM_TO, f"{target.version}@sha256:{target.lineage_sha256}"),
            *((key, value) for key, value in optional if value),
            *(((GM_INCIDENT, wanted.incident),) if wanted.incident else ()),
            (GM_RISK, risk_of(session, model)),
            *((GM_IMPACT, impact) for impact in _impact(session, model, stage)),
            *((REVERTS, step) for step in _reverted(session, model, stage, target)),
        ),
    )


def _reverted(session: Session, model: str, stage: str, target: StackEntry) -> Sequence[str]:
    """The steps whose promotions are undone, newest first."""
    stack = session.history.state.stacks[model, stage].versions
    place = max(index for index, entry in enumerate(stack) if entry == target)
    return [entry.step for entry in reversed(stack[place + 1 :]) if entry.step]


def _impact(session: Session, model: str, stage: str) -> tuple[str, ...]:
    consumers = [consumer.name for consumer in session.accepted.model(model).consumers]
    targets = [f"target {target.id}" for target in session.accepted.targets().targets if target.stage == stage]
    return (", ".join([*consumers, *targets]),) if consumers or targets else ()


def _body(session: Session, model: str, bad: str, good: str) -> str:
    """What is lost: the recorded metrics of both versions side by side."""
    lost = {metric.name: metric.value for metric in session.accepted.lineage(model, bad).metrics}
    kept = {metric.name: metric.value for metric in session.accepted.lineage(model, good).metrics}
    lines = [f"  {name}: {lost.get(name, '-')} -> {kept.get(name, '-')}" for name in sorted(lost | kept)]
    return "\n".join([f"Recorded metrics, {bad} -> {good}:", *lines]) if lines else ""
