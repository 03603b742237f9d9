"""The records that go with a rollback: its hold, the cause that it opens, quarantines of what is barred."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.registry.documents import Cause, Hold, render, validate
from gitops_models.registry.names import is_name
from gitops_models.registry.times import format_time
from gitops_models.workflows.barring import quarantine_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitops_models.policy.selection import Descent
    from gitops_models.workflows.recover import Rollback
    from gitops_models.workflows.session import Session

DATA_CAUSE = "poisoning"
COMMIT_CAUSE = "integrity"


def cause_of(wanted: Rollback) -> str | None:
    """The kind of cause: the one that was given, else what a poisoned input is; None where nobody said."""
    if wanted.cause is not None or (wanted.before_data is None and wanted.before_commit is None):
        return wanted.cause
    return DATA_CAUSE if wanted.before_data is not None else COMMIT_CAUSE


def hold(
    session: Session, model: str, stage: str, wanted: Rollback, fallback: tuple[str, str] | None = None
) -> tuple[str, bytes]:
    """Path and content of the next Hold of the stage; ``fallback`` is the version that is served while it stands."""
    number = max(session.accepted.hold_numbers(model, stage), default=0) + 1
    fields = {
        "model": model,
        "stage": stage,
        "action": "hold",
        "reason": wanted.reason,
        "cause": cause_of(wanted),
        "incident": wanted.incident,
        "fallback": _pinned(session, *fallback) if fallback else None,
        "degraded": wanted.degraded,
        "detected": format_time(wanted.detected) if wanted.detected else None,
        "by": session.actor(session.signer()).id,
        "created": format_time(session.clock.now()),
    }
    return session.accepted.layout.hold_path(model, stage, number), render(validate(Hold, fields, f"{model}#{stage}"))


def _pinned(session: Session, model: str, version: str) -> dict[str, str | None]:
    return {
        "model": model,
        "version": version,
        "lineage_sha256": session.accepted.lineage_sha256(model, version),
    }


def opened_cause(
    session: Session, model: str, wanted: Rollback, descent: Descent | None, spoilt: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    """Path and content of the Cause that the rollback opens, none where one of its kind is open or none is wanted.

    A poisoned input is always written down, with the versions that are passed over for it: the judge looks there.
    """
    kind = cause_of(wanted)
    if kind is None or (descent is None and (not wanted.open_cause or _is_open(session, model, kind, wanted.incident))):
        return
    identity = _free(session, model, kind, wanted.incident)
    poisoned = None
    if descent is not None:
        poisoned = {"data": descent.poisoned.data, "commit": descent.poisoned.commit, "versions": list(spoilt)}
    fields = {
        "model": model,
        "id": identity,
        "cause": kind,
        "severity": wanted.severity,
        "opened": format_time(session.clock.now()),
        "by": session.actor(session.signer()).id,
        "reason": wanted.reason,
        "incident": wanted.incident,
        "poisoned": poisoned,
    }
    yield session.accepted.layout.cause_path(model, identity), render(validate(Cause, fields, model))


def _is_open(session: Session, model: str, kind: str, incident: str | None) -> bool:
    return any(
        one.resolution is None and one.cause == kind and incident in {None, one.incident}
        for one in session.accepted.causes(model)
    )


def _free(session: Session, model: str, kind: str, incident: str | None) -> str:
    """A name for the cause that none has yet: the incident's where it can be one."""
    taken = set(session.accepted.cause_names(model))
    begun = (incident or "").lower()
    stem = begun if is_name(begun) and len(begun) < 60 else kind  # noqa: PLR2004 - room for a number
    if stem != kind and stem not in taken:
        return stem
    return next(name for number in range(1, len(taken) + 2) if (name := f"{stem}-{number}") not in taken)


def quarantines(session: Session, model: str, versions: Iterable[str], wanted: Rollback) -> dict[str, bytes]:
    """Paths and contents of the next Quarantine of each version."""
    return dict(
        quarantine_document(
            session, model, version, reason=wanted.reason, cause=cause_of(wanted), incident=wanted.incident
        )
        for version in versions
    )
