"""Quarantine, lift and causes: what bars a version or a stage, and what frees it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.documents import Cause, Quarantine, render, validate
from gitops_models.registry.documents.lineage import WORDED_ROLES
from gitops_models.registry.documents.safety import Resolution
from gitops_models.registry.names import check_name
from gitops_models.registry.techniques import TECHNIQUES
from gitops_models.registry.times import format_time
from gitops_models.registry.trailers import GM_CAUSE, GM_EVENT, GM_INCIDENT, GM_MODEL, GM_RISK, GM_STAGE, GM_TECHNIQUE
from gitops_models.registry.values import dataclass
from gitops_models.workflows.naming import known_model, known_stage, known_version
from gitops_models.workflows.promote import lift, risk_of
from gitops_models.workflows.propose import Draft, Opened, propose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.workflows.session import Session

BARRED_ROLES = ("weights", "prompt")
"""What a quarantine bars by its bytes; of a version without weights everything that it is made of."""


def quarantine(
    session: Session,
    reference: str,
    *,
    reason: str,
    cause: str | None = None,
    incident: str | None = None,
    dry_run: bool = False,
) -> Opened:
    """Open a proposal that bars a version everywhere."""
    model, version = known_version(session, reference)
    document = quarantine_document(session, model, version, reason=reason, cause=cause, incident=incident)
    draft = Draft(
        event="quarantine",
        model=model,
        version=version,
        subject=f"quarantine({model}): {version}",
        reason=reason,
        updates=dict([document]),
        trailers=tuple(_trailers(session, "quarantine", model, cause=cause, incident=incident)),
    )
    return propose(session, draft, dry_run=dry_run)


def lift_hold(
    session: Session, model: str, stage: str | None, *, reason: str, root_cause: str | None, dry_run: bool = False
) -> Opened:
    """Open a proposal that lifts the hold of a stage; GM-C145 where there is none."""
    known_model(session, model)
    name = known_stage(session, stage)
    if session.accepted.held(model, name) is None:
        raise GmError("GM-C145", f"{model}#{name} is not held", where=f"{model}#{name}")
    draft = Draft(
        event="lift",
        model=model,
        stage=name,
        subject=f"lift({model}/{name}): promotions may go on",
        reason=reason,
        updates=dict([lift(session, model, name, reason, root_cause)]),
        trailers=(*_trailers(session, "lift", model), (GM_STAGE, name)),
    )
    return propose(session, draft, dry_run=dry_run)


@dataclass(frozen=True)
class Opening:
    """A cause to open: ``identity`` is its name, ``cause`` the kind of thing that happened."""

    model: str
    identity: str
    cause: str
    severity: str
    reason: str
    incident: str | None = None


def open_cause(session: Session, wanted: Opening, *, dry_run: bool = False) -> Opened:
    """Open a cause: the model is red until it is resolved."""
    model = known_model(session, wanted.model)
    check_name(wanted.identity, "cause id")
    fields = {
        "model": model,
        "id": wanted.identity,
        "cause": wanted.cause,
        "severity": wanted.severity,
        "opened": format_time(session.clock.now()),
        "by": _author(session),
        "reason": wanted.reason,
        "incident": wanted.incident,
    }
    document = validate(Cause, fields, model)
    draft = _cause_draft(session, model, document, f"open {wanted.identity}", wanted.reason)
    return propose(session, draft, dry_run=dry_run)


def resolve_cause(
    session: Session,
    model: str,
    identity: str,
    *,
    root_cause: str,
    link: str | None,
    reason: str,
    dry_run: bool = False,
) -> Opened:
    """Settle an open cause with its root cause; GM-C146 where there is no such cause."""
    known_model(session, model)
    if identity not in session.accepted.cause_names(model):
        known = ", ".join(session.accepted.cause_names(model)) or "none"
        raise GmError("GM-C146", f"{model} has no cause {identity}", where=model, details=(f"causes: {known}",))
    open_one = next(cause for cause in session.accepted.causes(model) if cause.id == identity)
    settled = Resolution(root_cause=root_cause, link=link, by=_author(session), at=format_time(session.clock.now()))
    document = open_one.model_copy(update={"resolution": settled})
    return propose(session, _cause_draft(session, model, document, f"resolve {identity}", reason), dry_run=dry_run)


def quarantine_document(
    session: Session,
    model: str,
    version: str,
    *,
    reason: str,
    cause: str | None,
    incident: str | None,
) -> tuple[str, bytes]:
    """Path and content of the next Quarantine of a version.

    It lists the digests of weights and prompts that no other live or stacked version shares (POLICY.md section 2).
    """
    number = max(session.accepted.quarantine_numbers(model, version), default=0) + 1
    document = validate(
        Quarantine,
        {
            "model": model,
            "version": version,
            "action": "quarantine",
            "digests": _own_digests(session, model, version),
            "reason": reason,
            "cause": cause,
            "technique": TECHNIQUES.get(cause or ""),
            "incident": incident,
            "by": _author(session),
            "created": format_time(session.clock.now()),
        },
        model,
    )
    return session.accepted.layout.quarantine_path(model, version, number), render(document)


def _own_digests(session: Session, model: str, version: str) -> list[str]:
    shared = {
        digest
        for (name, _), stack in session.history.state.stacks.items()
        for entry in stack.versions
        if (name, entry.version) != (model, version)
        for digest in session.accepted.lineage(name, entry.version).digests()
    }
    lineage = session.accepted.lineage(model, version)
    own = lineage.digests(*(BARRED_ROLES if lineage.digests("weights") else ("binary", *WORDED_ROLES)))
    return sorted(set(own) - shared)


def _cause_draft(session: Session, model: str, document: Cause, what: str, reason: str) -> Draft:
    return Draft(
        event="cause",
        model=model,
        stage=document.id,
        subject=f"cause({model}): {what}",
        reason=reason,
        updates={session.accepted.layout.cause_path(model, document.id): render(document)},
        trailers=tuple(_trailers(session, "cause", model, cause=document.cause, incident=document.incident)),
    )


def _trailers(
    session: Session, event: str, model: str, *, cause: str | None = None, incident: str | None = None
) -> Iterator[tuple[str, str]]:
    yield (GM_EVENT, event)
    yield (GM_MODEL, model)
    if cause:
        yield (GM_CAUSE, cause)
    if cause and cause in TECHNIQUES:
        yield (GM_TECHNIQUE, TECHNIQUES[cause])
    if incident:
        yield (GM_INCIDENT, incident)
    yield (GM_RISK, risk_of(session, model))


def _author(session: Session) -> str:
    return session.actor(session.signer()).id
