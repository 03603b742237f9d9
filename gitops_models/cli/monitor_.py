"""gm monitor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitops_models.cli.options import Options, of
from gitops_models.cli.output import emit, next_step, print_error, say, table

if TYPE_CHECKING:
    from gitops_models.delivery.monitoring import Opened
    from gitops_models.delivery.triggers.reports import MonitorReport
    from gitops_models.errors import GmError

CONFIG = Path("gm-reconciler.yaml")
_SHOWN = 100


def command(
    context: typer.Context,
    *,
    config: Annotated[Path, typer.Option(metavar="FILE", help="The operator's own file.")] = CONFIG,
    once: Annotated[bool, typer.Option("--once", help="Look once at every trigger instead of in a loop.")] = False,
    replay: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Say what past signals would have done; changes nothing.")
    ] = None,
    triggers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --replay: the triggers, instead of the accepted ones.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="With --replay: whose triggers.")] = None,
) -> int:
    """Watch what is served and go back where a trigger fires."""
    options = of(context)
    if triggers is not None and replay is None:
        raise typer.BadParameter("--triggers belongs to --replay")
    if model is not None and replay is None:
        raise typer.BadParameter("--model belongs to --replay")
    if replay is not None:
        from gitops_models.cli.replays import tell_replay

        return tell_replay(options, replay, triggers, model)
    return _watch(options, options.repo / config, once=once)


def _watch(options: Options, config: Path, *, once: bool) -> int:
    from gitops_models.workflows.clock import SystemClock
    from gitops_models.workflows.watching import monitor_from_file

    with monitor_from_file(config, SystemClock()) as opened:
        if once:
            status = _tell(options, opened.monitor.run(wake=True))
            _warn(options, opened)
            next_step(options, "gm status" if status == 0 else "gm proposals")
            return status
        _loop(options, opened)
    return 0


def _loop(options: Options, opened: Opened) -> None:
    from threading import Event

    from gitops_models.delivery.loop import stop_on_signals
    from gitops_models.delivery.monitor import watch_on

    def tell(outcome: MonitorReport | GmError) -> None:
        from gitops_models.errors import GmError

        if isinstance(outcome, GmError):
            opened.endpoints.counted.failed(outcome)
            print_error(outcome, as_json=options.json)
        else:
            _tell(options, outcome)
        _warn(options, opened)

    stop = Event()
    with stop_on_signals(stop, opened.wake), opened.endpoints.listen() as place:
        if place:
            say(options, f"listening at {place}")
        watch_on(opened.monitor, wake=opened.wake, stop=stop, tell=tell)


def _tell(options: Options, report: MonitorReport) -> int:
    rows = [
        (str(row.at), row.trigger.name, row.version or "-", row.decision.standing.value, row.decision.reason[:_SHOWN])
        for row in report.rows
    ]
    lines = table(rows, ("MODEL#STAGE", "TRIGGER", "VERSION", "STANDING", "WHY")) if rows else ["nothing is watched"]
    emit(options, "Monitoring", {**report.to_json(), "ok": not report.alerts}, lines)
    for note in report.notes:
        say(options, note)
    for error in report.errors:
        print_error(error, as_json=options.json)
    return report.exit_status


def _warn(options: Options, opened: Opened) -> None:
    """Say which notices did not go out."""
    from gitops_models.cli.noticing import print_warnings

    if opened.post is not None:
        found, opened.post.warnings = opened.post.warnings, []
        print_warnings(options, found)
