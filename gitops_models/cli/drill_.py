"""gm drill."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gitops_models.cli.common import open_here
from gitops_models.cli.options import Options, of
from gitops_models.cli.output import emit, next_step, print_error, say, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.workflows.drill import Rehearsal


_ROUND = 100.0  # from here on hundredths say nothing


def command(
    context: typer.Context,
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]")] = None,
    *,
    stage: Annotated[str | None, typer.Option(help="Only this stage; every stage that serves otherwise.")] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A reconciler's file: its artifact remote and its checks.")
    ] = None,
    artifacts: Annotated[str | None, typer.Option(metavar="URL", help="Read the bytes from here.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Rehearse and record nothing.")] = False,
    no_push: Annotated[
        bool, typer.Option("--no-push", help="Keep the records here; the next push takes them.")
    ] = False,
) -> int:
    """Rehearse a rollback in a scratch clone and directory, and record how long it took."""
    import tempfile

    from gitops_models.workflows.drill import keep, places_to_rehearse, rehearse, stand_of

    options = of(context)
    session = open_here(options)
    stand = stand_of(session, options.repo / config if config else None, artifacts)
    found = []
    for number, at in enumerate(places_to_rehearse(session, model, stage)):
        with tempfile.TemporaryDirectory(prefix=f"gm-drill-{number}-") as folder:
            rehearsal = rehearse(session, at, stand, Path(folder))
        found.append(rehearsal)
        waiting = None if dry_run else keep(session, rehearsal, no_push=no_push)
        if waiting is not None:
            say(options, f"the record of {at} waits for the remote: {waiting.message}")
    return _tell(options, found, dry_run=dry_run)


def _tell(options: Options, found: Sequence[Rehearsal], *, dry_run: bool) -> int:
    body = {"dryRun": dry_run, "ok": all(one.ok for one in found), "drills": [_plain(one) for one in found]}
    rows = [_row(one) for one in found]
    lines = table(rows, ("MODEL", "STAGE", "FROM", "TO", "RESULT", "RESTORE", "FETCH", "DECIDE", "AGREEMENT"))
    emit(options, "Drill", body, lines)
    errors = [one.error for one in found if one.error is not None]
    for error in errors:
        print_error(error, as_json=options.json)
    next_step(options, "gm status" if not dry_run else "the same without --dry-run")
    return int(errors[0].exit_status) if errors else 0


def _plain(one: Rehearsal) -> dict[str, Any]:
    plain: dict[str, Any] = one.body.model_dump(mode="json")
    return plain


def _row(one: Rehearsal) -> tuple[str, ...]:
    body = one.body
    took = {phase.name: _seconds(phase.seconds) for phase in body.phases}
    parts = (took.get("fetch", "-"), took.get("decide", "-"))
    missing = ", ".join(body.missing) or "-"
    to = body.to or "nothing"
    return (body.model, body.stage, body.version, to, body.result, _seconds(body.seconds), *parts, missing)


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f} s" if seconds < _ROUND else f"{seconds:.0f} s"
