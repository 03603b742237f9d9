"""What stands on the page of ``gm status --html``: the standing, with holds, causes, last known good and proposals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models._version import __version__
from gitops_models.audit.statuspage import Cell, StatusPage, Table
from gitops_models.delivery import durable
from gitops_models.errors import GmError
from gitops_models.policy.lkg import good_below
from gitops_models.registry.times import format_time
from gitops_models.workflows.promote import risk_of
from gitops_models.workflows.queue import waiting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from gitops_models.registry.documents import Cause
    from gitops_models.workflows.session import Session
    from gitops_models.workflows.standing import Row, Standing

NOBODY = "-"


def status_page(session: Session, found: Standing, model: str | None = None) -> StatusPage:
    """Return the page of what ``standing`` found, of one model when named."""
    models = [name for name in session.accepted.models() if model in {None, name}]
    return StatusPage(
        repository=session.history.repository.id,
        commit=found.tip,
        at=format_time(session.clock.now()),
        facts=tuple(_facts(session, found)),
        attention=tuple(_attention(found)),
        tables=(
            _stages(session, found),
            _holds(session, models),
            _causes(session, models),
            _emergencies(found),
            _proposals(session, model),
            _quarantined(session, models),
            _waivers(found),
            _reviews(found),
        ),
    )


def write_page(path: Path, text: str) -> None:
    """Write the page so that a reader finds the old one or the new one, whole; GM-C177 where it cannot be written."""
    try:
        durable.write_file(path.absolute(), text.encode())
    except OSError as error:
        raise GmError("GM-C177", f"the page cannot be written: {error.strerror}", where=str(path)) from error


def _facts(session: Session, found: Standing) -> Iterator[tuple[str, str]]:
    yield "Branch", session.line
    yield "Trust", f"pinned at {session.history.pin}" if found.pinned else "no pin: verdicts are advisory"
    if session.offline:
        yield "Seen", f"offline: {session.offline}"
    yield "Policy", f"version {session.history.policy.version}"
    yield "Made by", f"gitops-models {__version__}"


def _attention(found: Standing) -> Iterator[str]:
    if not found.pinned:
        yield "No pin: nobody has said which history to trust."
    if found.stale:
        yield f"Stale: {found.stale.what}"
    for scope, codes in found.blocked.items():
        yield f"Blocked: {scope.removeprefix('model:')} ({', '.join(codes)}) stays at its last accepted state."
    for row in found.rows:
        if row.quarantined:
            yield f"{row.model} in {row.stage}: the desired version {row.desired} is quarantined."
        yield from (f"Drift: {result.at} {one}" for result in row.results for one in result.drift)
    yield from (f"Override: {one}" for one in found.overrides)
    for place, error in found.report.problems if found.report else ():
        yield f"Cannot look at {place}: {error.message}"
    for one in found.overdue:
        yield f"Overdue: the emergency {one.change_id[:8]} of {one.model} is not ratified."
    yield from (f"Due: {item.what}" for item in found.reviews if item.why == "overdue")


def _stages(session: Session, found: Standing) -> Table:
    columns = ("Model", "Stage", "Risk", "Desired", "Since", "Last known good", "Served here", "State")
    rows = tuple(_stage(session, row) for row in found.rows)
    return Table("Stages", columns, rows, "Nothing is live anywhere.")


def _stage(session: Session, row: Row) -> tuple[Cell | str, ...]:
    known = session.history.state
    stack = known.stack(row.model, row.stage)
    good = next(good_below(session.accepted, row.model, stack, suspect=known.suspect), None)
    live = ", ".join(sorted({result.live or "nothing" for result in row.results}))
    return (
        row.model,
        row.stage,
        risk_of(session, row.model),
        row.desired or NOBODY,
        _time(stack.top.at if stack.top and stack.live else None),
        f"{good.version}, live since {_time(good.at)}" if good else Cell("none", bad=row.desired is not None),
        live or "not deployed from here",
        _state(row),
    )


def _state(row: Row) -> Cell:
    words = [
        *(["quarantined"] if row.quarantined else []),
        *(["held"] if row.hold else []),
        *sorted({result.state.value for result in row.results}),
        *(["drifted"] if row.drifted else []),
    ]
    return Cell(", ".join(words) or "accepted", bad=row.drifted or row.quarantined)


def _holds(session: Session, models: list[str]) -> Table:
    known = session.accepted
    held = [hold for model in models for stage in session.history.policy.stages if (hold := known.held(model, stage))]
    rows = tuple(
        (one.model, one.stage, one.reason, one.cause or NOBODY, one.incident or NOBODY, one.by, one.created)
        for one in held
    )
    columns = ("Model", "Stage", "Reason", "Cause", "Incident", "By", "Since")
    return Table("Holds", columns, rows, "No stage is held.")


def _causes(session: Session, models: list[str]) -> Table:
    rows = tuple(
        _cause(cause) for model in models for cause in session.accepted.causes(model) if cause.resolution is None
    )
    columns = ("Model", "Cause", "Kind", "Severity", "Reason", "Incident", "By", "Opened")
    return Table("Open causes", columns, rows, "No cause is open.")


def _cause(cause: Cause) -> tuple[Cell | str, ...]:
    severity = Cell(cause.severity, bad=cause.severity in {"high", "critical"})
    incident = cause.incident or NOBODY
    return (cause.model, cause.id, cause.cause, severity, cause.reason, incident, cause.by, cause.opened)


def _emergencies(found: Standing) -> Table:
    rows = tuple(
        (
            one.model,
            ", ".join(one.stages),
            one.incident or NOBODY,
            _time(one.at),
            _time(one.due),
            ", ".join(one.quorum.missing) or NOBODY,
            Cell(one.state, bad=one.state == "overdue"),
        )
        for one in found.emergencies
        if one.state in {"open", "overdue"}
    )
    columns = ("Model", "Stages", "Incident", "Declared", "Ratify until", "Missing", "State")
    return Table("Emergencies to ratify", columns, rows, "No emergency waits for others to agree.")


def _proposals(session: Session, model: str | None) -> Table:
    rows = tuple(
        (
            one.proposal.id,
            one.proposal.title,
            one.state,
            ", ".join(one.proposers) or one.proposal.author,
            ", ".join(one.missing) or NOBODY,
            ", ".join(one.unblock) or NOBODY,
        )
        for one in waiting(session)
        if model in {None, one.proposal.model}
    )
    columns = ("Proposal", "Change", "State", "By", "Missing", "Who can help")
    return Table("Open proposals", columns, rows, "No proposal is open.")


def _quarantined(session: Session, models: list[str]) -> Table:
    known = session.accepted
    found = [known.quarantines(model, version)[-1] for model in models for version in known.quarantined_versions(model)]
    rows = tuple((one.model, one.version, one.reason, one.incident or NOBODY, one.by, one.created) for one in found)
    columns = ("Model", "Version", "Reason", "Incident", "By", "Since")
    return Table("Quarantined versions", columns, rows, "No version is quarantined.")


def _waivers(found: Standing) -> Table:
    rows = tuple(
        (
            one.id,
            one.code,
            ", ".join(one.models),
            one.version or NOBODY,
            one.stage or NOBODY,
            one.reason,
            one.by,
            one.expires,
        )
        for one in found.waivers
    )
    columns = ("Waiver", "Rule", "Models", "Version", "Stage", "Reason", "By", "Until")
    return Table("Waivers in force", columns, rows, "No rule is waived.")


def _reviews(found: Standing) -> Table:
    rows = tuple((item.why, item.what, _time(item.since)) for item in found.reviews)
    return Table("To review in the policy", ("Why", "What", "Since"), rows, "Nothing calls for a review.")


def _time(at: datetime | None) -> str:
    return format_time(at) if at else NOBODY
