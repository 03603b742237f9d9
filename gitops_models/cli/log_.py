"""gm log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gitops_models.cli.clocks import exposure_body, exposure_row_lines
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step, say, table
from gitops_models.cli.replaying import open_replayed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_models.audit.rows import Row

COLUMNS = ("TIME", "STEP", "EVENT", "MODEL", "WHAT", "BY", "APPROVED BY", "REASON")
CSV_COLUMNS = (
    "time",
    "step",
    "status",
    "event",
    "model",
    "version",
    "stage",
    "from",
    "to",
    "actor",
    "proposers",
    "approvers",
    "reason",
    "risk",
    "changeId",
    "cause",
    "technique",
    "incident",
    "codes",
    "lies",
    "impact",
    "mode",
    "ratified",
)
SHOWN_REASON = 60


def command(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[MODEL]")] = None,
    *,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="Only this model.")] = None,
    stage: Annotated[str | None, typer.Option(help="Only this stage.")] = None,
    event: Annotated[str | None, typer.Option(help="Only this event: promoted, rolled-back, ...")] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Accepted at or after this ISO time.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Accepted at or before this ISO time.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="At most N rows.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Denied, pending and restored steps too.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma separated values.")] = False,
) -> None:
    """The deployment history from accepted steps, newest first."""
    from gitops_models.audit.selection import Wanted
    from gitops_models.cli.epochs import epoch_bodies, epoch_lines
    from gitops_models.workflows.inspect import epochs, log, parse_moment

    options = of(context)
    wanted = Wanted(
        model=model or name,
        stage=stage,
        event=event,
        since=parse_moment(since) if since else None,
        until=parse_moment(until, end_of_day=True) if until else None,
        limit=limit,
        everything=everything,
    )
    session = open_replayed(options)
    rows = log(session, wanted)
    bodies = [row_body(row) for row in rows]
    if as_csv and not options.json:
        _print_csv(bodies)
        return
    pins = epochs(session)
    body = {
        "pin": session.history.pin,
        "tip": session.history.tip,
        "epochs": epoch_bodies(pins),
        "rows": bodies,
    }
    emit(options, "Log", body, (*_lines(rows, everything=everything), *epoch_lines(pins)))
    if not rows:
        say(options, "no accepted step fits; see also --all")
    next_step(options, "gm verify")


def row_body(row: Row) -> dict[str, Any]:
    """One row for ``--json``."""
    return {
        "time": clock(row.time),
        "step": row.step,
        "status": row.status,
        "event": row.event,
        "model": row.model,
        "version": row.version,
        "stage": row.stage,
        "from": row.from_version,
        "to": row.to_version,
        "actor": row.actor,
        "proposers": list(row.proposers),
        "approvers": [{"person": one.person, "role": one.role, "how": one.how} for one in row.approvers],
        "reason": row.reason,
        "risk": row.risk,
        "changeId": row.change_id,
        "cause": row.cause,
        "technique": row.technique,
        "incident": row.incident,
        "codes": list(row.codes),
        "lies": list(row.lies),
        "released": row.released,
        "impact": list(row.impact),
        "waived": list(row.waived),
        "mode": row.mode,
        "ratified": list(row.ratified),
        "exposure": exposure_body(row),
    }


def clock(at: Any) -> str | None:
    """A time as documents write it."""
    from gitops_models.registry.times import format_time

    return format_time(at) if at else None


def what(row: Row) -> str:
    """What happened, in few words: ``production: 1.0.0 -> 1.1.0``."""
    if row.to_version or row.from_version:
        return f"{row.stage}: {row.from_version or 'nothing'} -> {row.to_version or 'nothing'}"
    return row.stage or row.version or "-"


def _lines(rows: Sequence[Row], *, everything: bool) -> Iterator[str]:
    if not rows:
        return
    cells = [(*_cells(row), *((_status(row),) if everything else ())) for row in rows]
    header, *body = table(cells, (*COLUMNS, *(("STATUS",) if everything else ())))
    yield header
    shown: set[str] = set()
    for row, line in zip(rows, body, strict=True):
        yield line
        if row.step not in shown:
            yield from (f"    claims {lie}" for lie in row.lies)
            yield from _waived(rows, row.step)
            yield from _urgency(rows, row.step)
        yield from exposure_row_lines(row)
        shown.add(row.step)


def _waived(rows: Sequence[Row], step: str) -> Iterator[str]:
    told = dict.fromkeys(one for row in rows if row.step == step for one in row.waived)
    yield from (f"    waived: {one}" for one in told)


def _urgency(rows: Sequence[Row], step: str) -> Iterator[str]:
    for row in [row for row in rows if row.step == step and row.mode == "emergency"][:1]:
        agreed = ", ".join(row.ratified)
        yield f"    emergency, ratified by {agreed}" if agreed else "    emergency, not ratified"


def _cells(row: Row) -> tuple[str, ...]:
    approved = ", ".join(dict.fromkeys(f"{one.person} ({_manner(one.how)})" for one in row.approvers))
    reason = row.reason or "-"
    return (
        clock(row.time) or "-",
        row.step[:12],
        row.event,
        row.model or "-",
        what(row),
        row.actor or ", ".join(row.proposers) or "-",
        approved or "-",
        reason if len(reason) <= SHOWN_REASON else f"{reason[: SHOWN_REASON - 1]}…",
    )


def _manner(how: str) -> str:
    from gitops_models.audit.rows import MANNERS

    return MANNERS[how]


def _status(row: Row) -> str:
    return " ".join((row.status, *row.codes))


def _print_csv(bodies: Sequence[dict[str, Any]]) -> None:
    from gitops_models.audit.csvs import render_csv

    rows = [[_flat(body[column]) for column in CSV_COLUMNS] for body in bodies]
    typer.echo(render_csv(CSV_COLUMNS, rows), nl=False)


def _flat(value: Any) -> str | None:
    if isinstance(value, list):
        return "; ".join(_flat(item) or "" for item in value)
    if isinstance(value, dict):
        return f"{value['person']} ({value['role']}, {_manner(value['how'])})"
    return None if value is None else str(value)
