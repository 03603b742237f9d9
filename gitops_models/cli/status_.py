"""gm status, and gm alone."""

from __future__ import annotations

import sys
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from gitops_models.cli.common import open_here, tell_unheard
from gitops_models.cli.options import Options, of
from gitops_models.cli.output import emit, next_step, print_error, table
from gitops_models.cli.ratifications import emergency_body, emergency_lines
from gitops_models.cli.waiverviews import waiver_body, waiver_lines

if TYPE_CHECKING:
    from gitops_models.policy.reviews import ReviewItem
    from gitops_models.workflows.session import Session
    from gitops_models.workflows.standing import Row, Standing

WATCH_SECONDS = 5.0
STDOUT = Path("-")
CLEAR = "\x1b[H\x1b[2J"  # cursor home, screen empty (ECMA-48)


def command(
    context: typer.Context,
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]")] = None,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Look again and again; show what changed.")] = False,
    interval: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="With --watch: pause between two looks.")
    ] = WATCH_SECONDS,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as one static page; - prints it.")] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 8 when something else is served, with 3 for what is red.")
    ] = False,
) -> int:
    """Show desired, live, held, blocked, and the next command."""
    from gitops_models.errors import Exit

    options = of(context)
    if html == STDOUT and (options.json or watch):
        raise typer.BadParameter("--html - prints the page alone: neither --json nor --watch goes with it")
    if watch and exit_code:
        raise typer.BadParameter("--exit-code looks once, --watch until you stop it")
    if watch:
        _watch(options, model, html, interval)
    found = _once(options, model, html)
    if not exit_code:
        return Exit.OK
    return Exit.DRIFT if found.drifted else Exit.DENIED if found.red else Exit.OK


def overview(options: Options) -> int:
    """What ``gm`` alone prints: where things stand and the next command."""
    _once(options, None)
    return 0


def _once(options: Options, model: str | None, html: Path | None = None) -> Standing:
    session, found = _look(options, model)
    _show(options, session, found, model, html)
    return found


def _watch(options: Options, model: str | None, html: Path | None, interval: float) -> NoReturn:
    """Look until Ctrl-C. A terminal is drawn anew each time; elsewhere, and as JSON, only what changed is printed.

    A remote that is away or a repository in use is told and looked at again.
    """
    from gitops_models.errors import Exit, GmError

    drawn = is_screen(options)
    told: dict[str, Any] | None = None
    while True:
        try:
            session, found = _look(options, model)
        except GmError as error:
            if error.exit_status not in (Exit.EXTERNAL, Exit.CONFLICT):
                raise
            print_error(error, as_json=options.json)
        else:
            body = _body(found)
            if drawn:
                typer.echo(f"{CLEAR}{session.clock.now():%H:%M:%S}, every {interval:g} s; Ctrl-C ends\n", color=True)
            if drawn or body != told:
                _show(options, session, found, model, html)
            told = body
        sys.stdout.flush()
        sleep(interval)


def is_screen(options: Options) -> bool:
    """Whether somebody looks at what is printed, who wants it in one place."""
    return sys.stdout.isatty() and not options.json


def _look(options: Options, model: str | None) -> tuple[Session, Standing]:
    from gitops_models.workflows.naming import known_model
    from gitops_models.workflows.standing import standing

    session = open_here(options)
    if model is not None:
        known_model(session, model)
    found = standing(session, model)
    tell_unheard(options, session)
    return session, found


def _show(options: Options, session: Session, found: Standing, model: str | None, html: Path | None) -> None:
    if html is not None:
        _page(session, found, model, html)
    if html != STDOUT:
        body = _body(found) if html is None else {**_body(found), "html": str(html)}
        emit(options, "Status", body, _lines(found))
    next_step(options, found.following)


def _page(session: Session, found: Standing, model: str | None, path: Path) -> None:
    """Write the page to a file, or to standard output."""
    from gitops_models.audit.statuspage import render_page
    from gitops_models.workflows.statuspage import status_page, write_page

    text = render_page(status_page(session, found, model))
    if path == STDOUT:
        typer.echo(text, nl=False)
        return
    write_page(path, text)


def _body(found: Standing) -> dict[str, Any]:
    return {
        "tip": found.tip,
        "pinned": found.pinned,
        "drifted": found.drifted,
        "stages": [
            {
                "model": row.model,
                "stage": row.stage,
                "desired": row.desired,
                "hold": row.hold,
                "quarantined": row.quarantined,
                "lastKnownGood": {"version": row.good, "days": row.good_days, "old": row.good_old},
                "drill": None if row.drilled is None else vars(row.drilled),
                "places": [result.to_json() for result in row.results],
            }
            for row in found.rows
        ],
        "blocked": {scope: list(codes) for scope, codes in found.blocked.items()},
        "red": list(found.red),
        "causes": list(found.causes),
        "proposals": list(found.proposals),
        "overrides": list(found.overrides),
        "reviews": [_review(item) for item in found.reviews],
        "emergencies": [emergency_body(one) for one in found.emergencies],
        "waivers": [waiver_body(one) for one in found.waivers],
        "drills": [{"model": one.model, "stage": one.stage, "why": one.why} for one in found.drills],
        "stale": {"code": found.stale.code, "what": found.stale.what} if found.stale else None,
        "next": found.following,
    }


def _review(item: ReviewItem) -> dict[str, str | None]:
    since = item.since.isoformat() if item.since else None
    return {"why": item.why, "what": item.what, "since": since, "step": item.step}


def _lines(found: Standing) -> list[str]:
    red = {one.model for one in found.overdue}
    rows = [_row(row, overdue=row.model in red) for row in found.rows]
    lines = (
        table(rows, ("MODEL", "STAGE", "DESIRED", "LIVE", "STATE", "NOTE")) if rows else ["nothing is live anywhere"]
    )
    lines += [f"STALE: {found.stale.what}"] if found.stale else []
    lines += [f"override: {one}" for one in found.overrides]
    lines += [f"drift: {result.at} {one}" for row in found.rows for result in row.results for one in result.drift]
    lines += [f"blocked: {scope.removeprefix('model:')} ({', '.join(codes)})" for scope, codes in found.blocked.items()]
    lines += [f"red: {model}" for model in found.red]
    lines += [f"open cause: {cause}" for cause in found.causes]
    lines += emergency_lines(found.emergencies)
    lines += waiver_lines(found.waivers)
    lines += [f"to review: {item.what}" for item in found.reviews]
    lines += [f"to rehearse: {one.model}#{one.stage}: {one.why}; `gm drill {one.model}`" for one in found.drills]
    lines += [f"proposal: {proposal}" for proposal in found.proposals]
    if found.report:
        lines += [f"cannot look at {place}: {error.message}" for place, error in found.report.problems]
    return lines


def _row(row: Row, *, overdue: bool) -> tuple[str, ...]:
    live = ", ".join(sorted({result.live or "-" for result in row.results})) or "?"
    states = ", ".join(sorted({result.state.value + (" drifted" if result.drift else "") for result in row.results}))
    override = next((result.hold for result in row.results if result.override), None)
    note = override or ("quarantined" if row.quarantined else f"held: {row.hold}" if row.hold else "")
    old = f"what it would go back to, {row.good}, was last live {row.good_days} days ago" if row.good_old else ""
    note = "; ".join(filter(None, ["emergency not ratified" if overdue else "", note, old]))
    return (row.model, row.stage, row.desired or "-", live, states or "not deployed from here", note)
