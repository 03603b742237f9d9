"""The timeline: one row per event of every step, in the order in which steps took effect. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.audit.claims import Truth, lies
from gitops_models.audit.exposure import with_deployed
from gitops_models.audit.rows import Approver, Row
from gitops_models.registry.documents import Cause, Hold, Quarantine
from gitops_models.registry.events import (
    ModelEvent,
    Restored,
    RolledBack,
    StageEvent,
    StageMove,
    Undeployed,
    VersionEvent,
)
from gitops_models.registry.techniques import TECHNIQUES
from gitops_models.verification.exposure import agreed, leads_back

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitops_models.audit.gathering import Safety, StepFacts
    from gitops_models.registry.events import Event
    from gitops_models.verification.exposure import Exposure
    from gitops_models.verification.history import History, Step

MODEL_SCOPE = "model:"


def timeline(history: History, facts: Mapping[str, StepFacts]) -> tuple[Row, ...]:
    """Rows of all steps that have events, oldest first by the step at which each took effect, never by date."""
    places = {step.oid: step.index for step in history.steps}
    moves = _moves(history)
    rows = [
        _row(step, event, facts[step.oid], effect=places.get(step.released or "", step.index), said=said)
        for step in history.steps
        if step.oid in facts
        for said in [step_lies(history, step, facts[step.oid], moves)]
        for event in step.events
    ]
    return with_deployed(sorted(rows, key=lambda row: (row.effect, row.index)))


def step_lies(
    history: History, step: Step, facts: StepFacts, moves: Mapping[tuple[str, str], tuple[tuple[str, str], ...]]
) -> tuple[str, ...]:
    """Return what the commits of a step claim that is not so."""
    truth = _truth(history, step, facts, moves)
    return tuple(dict.fromkeys(lie for claimed in facts.claims.values() for lie in lies(claimed, truth)))


def approvers_of(step: Step) -> tuple[Approver, ...]:
    """Return the persons whose agreement to the step's change counted; it speaks for the change as a whole."""
    quorums = step.verdict.quorums if step.verdict else ()
    counted = (Approver(one.person, one.role, one.how) for quorum in quorums for one in quorum.counted)
    return tuple(dict.fromkeys(counted))


def _row(step: Step, event: Event, facts: StepFacts, *, effect: int, said: tuple[str, ...]) -> Row:
    document = next((facts.documents[path] for path in event.paths if path in facts.documents), None)
    model = _model(event)
    return Row(
        index=step.index,
        effect=effect,
        step=step.oid,
        status=step.status,
        event=event.name,
        time=step.at,
        model=model,
        version=_version(event),
        stage=event.stage if isinstance(event, StageEvent) else None,
        from_version=event.from_version if isinstance(event, StageMove | Undeployed) else None,
        to_version=event.to_version if isinstance(event, StageMove) else None,
        actor=step.actor.id if step.actor else None,
        proposers=step.proposers,
        approvers=approvers_of(step),
        reason=document.reason if document else step.reason,
        risk=facts.risk.get(model or ""),
        change_id=step.change_id,
        cause=_first(facts, document, "cause"),
        technique=_first(facts, document, "technique"),
        incident=_first(facts, document, "incident"),
        codes=step.verdict.codes if step.verdict and step.status in {"denied", "pending"} else (),
        lies=said,
        released=step.released,
        impact=facts.impact.get(event.paths[0], ()) if event.paths else (),
        mode=_mode(event, facts),
        waived=_waived(step, event),
        exposure=_exposure(step, event, facts),
    )


def _exposure(step: Step, event: Event, facts: StepFacts) -> Exposure | None:
    """The clock of a way back, as far as the step tells it."""
    if not isinstance(event, StageEvent) or not leads_back(event, step, event.model, event.stage):
        return None
    return agreed(step, event.model, event.stage, facts.documents.values())


def _waived(step: Step, event: Event) -> tuple[str, ...]:
    """Say which rules waivers set aside for what the event is about, and which waivers."""
    found = step.verdict.findings if step.verdict else ()
    waived = (one for one in found if one.waiver is not None and one.where in event.paths)
    return tuple(dict.fromkeys(f"{one.code} by {one.waiver}" for one in waived))


def _mode(event: Event, facts: StepFacts) -> str | None:
    """Whether a way back was normal or an emergency, by the holds that came with it."""
    if not isinstance(event, RolledBack | Undeployed):
        return None
    holds = [document for document in facts.documents.values() if isinstance(document, Hold)]
    urgent = {(hold.model, hold.stage) for hold in holds if hold.emergency is not None}
    return "emergency" if (event.model, event.stage) in urgent else "normal"


def _model(event: Event) -> str | None:
    if isinstance(event, Restored):
        return event.scope.removeprefix(MODEL_SCOPE) if event.scope.startswith(MODEL_SCOPE) else None
    return event.model if isinstance(event, ModelEvent) else None


def _version(event: Event) -> str | None:
    if isinstance(event, StageMove):
        return event.to_version
    return event.version if isinstance(event, VersionEvent) else getattr(event, "version", None)


def _first(facts: StepFacts, document: Safety | None, field: str) -> str | None:
    """Take a field of the event's own document, else of those that the same step brings (a rollback's hold)."""
    own = [document] if document else list(facts.documents.values())
    return next((value for one in own if (value := getattr(one, field, None))), None)


def _moves(history: History) -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
    """Step and version of every accepted move by (model, stage): what a rollback may say that it reverts."""
    found: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
    for step in history.steps:
        for event in step.events:
            if isinstance(event, StageMove) and step.status == "accepted":
                key = (event.model, event.stage)
                found[key] = (*found.get(key, ()), (step.oid, event.to_version))
    return found


def _truth(
    history: History, step: Step, facts: StepFacts, moves: Mapping[tuple[str, str], tuple[tuple[str, str], ...]]
) -> Truth:
    events = step.events
    sources = [event for event in events if isinstance(event, StageMove | Undeployed)]
    documents = facts.documents.values()
    return Truth(
        events=frozenset(event.name for event in events),
        models=frozenset(model for event in events if (model := _model(event))),
        stages=frozenset(event.stage for event in events if isinstance(event, StageEvent)),
        versions_from={
            event.from_version: history.state.snapshot.lineage_sha256(event.model, event.from_version)
            for event in sources
            if event.from_version
        },
        versions_to=_versions_to(history, events),
        risks=frozenset(facts.risk.values()),
        change_id=step.change_id,
        approvers=frozenset(approver.person for approver in approvers_of(step)),
        causes=frozenset(_values(documents, "cause")),
        techniques=frozenset((*_values(documents, "technique"), *_implied(documents))),
        incidents=frozenset(_values(documents, "incident")),
        reasons=frozenset(document.reason for document in documents if isinstance(document, Hold | Quarantine)),
        revertible=frozenset(
            oid
            for event in sources
            for oid, version in moves.get((event.model, event.stage), ())
            if not isinstance(event, StageMove) or version != event.to_version
        ),
        impact=frozenset(one for concerned in facts.impact.values() for one in concerned),
    )


def _versions_to(history: History, events: Iterable[Event]) -> dict[str, str | None]:
    versions: dict[str, str | None] = {}
    for event in events:
        version = _version(event)
        if version and isinstance(event, ModelEvent):
            known = history.state.snapshot.lineage_sha256(event.model, version)
            versions[version] = event.lineage_sha256 if isinstance(event, StageMove) else known
    return versions


def _implied(documents: Iterable[Safety]) -> Iterator[str]:
    """Techniques that the causes stand for, whether a document spells them out or not."""
    return (TECHNIQUES[cause] for cause in _values(documents, "cause") if cause in TECHNIQUES)


def _values(documents: Iterable[Safety], field: str) -> Iterator[str]:
    for document in documents:
        value = getattr(document, field, None)
        if value and (field != "cause" or isinstance(document, Hold | Quarantine | Cause)):
            yield value
