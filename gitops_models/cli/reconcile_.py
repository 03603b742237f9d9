"""gm reconcile."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from gitops_models.cli.options import Options, of
from gitops_models.cli.output import emit, next_step, print_error, say, table

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from gitops_models.delivery.reconciler import Reconciler
    from gitops_models.delivery.results import Report
    from gitops_models.delivery.shards import Shard

CONFIG = Path("gm-reconciler.yaml")


def command(
    context: typer.Context,
    *,
    target: Annotated[str | None, typer.Option(metavar="ID", help="One target of the reconciler's file.")] = None,
    config: Annotated[Path, typer.Option(metavar="FILE", help="The reconciler's own file.")] = CONFIG,
    directory: Annotated[
        Path | None, typer.Option("--dir", metavar="PATH", help="Deploy to PATH; needs no file.")
    ] = None,
    stage: Annotated[list[str] | None, typer.Option(help="With --dir: only this stage.")] = None,
    artifacts: Annotated[str | None, typer.Option(metavar="URL", help="With --dir: read the bytes from here.")] = None,
    override: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="An override statement that holds beside Git.")
    ] = None,
    shard: Annotated[str | None, typer.Option(metavar="I/N", help="Only its part of the models, such as 1/3.")] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Try again what failed for good.")] = False,
    once: Annotated[bool, typer.Option("--once", help="One run, whose status says how it ended.")] = False,
    interval: Annotated[float | None, typer.Option(metavar="SECONDS", help="Pause between two runs.")] = None,
) -> int:
    """Make what is served equal what was accepted."""
    options = of(context)
    held = tuple(path.absolute() for path in override or [])
    wishes = _Wishes(target, held, _part(shard), retry)
    opening = (
        _from_file(options, config, wishes)
        if directory is None
        else _in_directory(options, directory, tuple(stage or []), artifacts, wishes)
    )
    return _run(options, opening, once=once, interval=interval)


class _Wishes(NamedTuple):
    """What the command line says beside the file, or instead of it."""

    target: str | None
    overrides: tuple[Path, ...]
    shard: Shard | None
    retry: bool


def _part(shard: str | None) -> Shard | None:
    from gitops_models.delivery.shards import parse_shard

    return parse_shard(shard) if shard else None


def _in_directory(
    options: Options, directory: Path, stages: tuple[str, ...], artifacts: str | None, wishes: _Wishes
) -> AbstractContextManager[tuple[Reconciler, float]]:
    from contextlib import contextmanager

    from gitops_models.workflows.clock import SystemClock
    from gitops_models.workflows.deliver import Place, reconciler_for_directory

    @contextmanager
    def opened():  # type: ignore[no-untyped-def]  # noqa: ANN202 - the return type stands above
        place = Place(directory, stages, artifacts, overrides=wishes.overrides)
        opening = reconciler_for_directory(options.repo, place, SystemClock(), shard=wishes.shard, retry=wishes.retry)
        with opening as reconciler:
            yield reconciler, 15.0

    return opened()


def _from_file(options: Options, config: Path, wishes: _Wishes) -> AbstractContextManager[tuple[Reconciler, float]]:
    from gitops_models.workflows.clock import SystemClock
    from gitops_models.workflows.deliver import reconciler_from_file

    return reconciler_from_file(
        options.repo / config,
        SystemClock(),
        wishes.target,
        wishes.overrides,
        shard=wishes.shard,
        retry=wishes.retry,
    )


def _run(
    options: Options,
    opening: AbstractContextManager[tuple[Reconciler, float]],
    *,
    once: bool,
    interval: float | None,
) -> int:
    with opening as (reconciler, usual):
        if once:
            try:
                report = _run_shown(options, reconciler)
                if reconciler.prefetch:
                    reconciler.prefetch.work()
                return _tell(options, report)
            finally:
                _warn(options, reconciler)
        _loop(options, reconciler, interval or usual)
    return 0


def _run_shown(options: Options, reconciler: Reconciler) -> Report:
    """Run once; on a terminal say how many bytes came."""
    from dataclasses import replace

    from gitops_models.cli.progress import bytes_bar
    from gitops_models.delivery.sources import shown

    with bytes_bar(options, "fetching") as progress:
        if progress is None:
            return reconciler.run()
        return replace(reconciler, source_for=shown(reconciler.source_for, progress)).run()


def _loop(options: Options, reconciler: Reconciler, interval: float) -> None:
    import random
    from threading import Event

    from gitops_models.delivery.loop import is_news, run_loop, stop_on_signals
    from gitops_models.errors import GmError

    told: Report | GmError | None = None

    def tell(outcome: Report | GmError) -> None:
        nonlocal told
        if isinstance(outcome, GmError):
            print_error(outcome, as_json=options.json)
        elif told is None or is_news(outcome, told):
            _tell(options, outcome)
        told = outcome
        _warn(options, reconciler)

    stop, wake = Event(), reconciler.wake
    with stop_on_signals(stop, wake), reconciler.listen() as place:
        if place:
            say(options, f"listening at {place}")
        with reconciler.prefetch.background() if reconciler.prefetch else nullcontext():
            run_loop(reconciler.run, interval=interval, stop=stop, random=random.random, tell=tell, wake=wake)


def _fetch_ahead(options: Options, reconciler: Reconciler, report: Report) -> None:
    """Fetch what the next rollback or promotion needs; that it cannot be had changes nothing of how the run ended."""
    if reconciler.prefetch is None:
        return
    reconciler.prefetch.work()
    for note in reconciler.prefetch.notes():
        if note not in report.notes:
            say(options, note)


def _warn(options: Options, reconciler: Reconciler) -> None:
    """Say which notices did not go out and what could not be shown; what was reconciled is as it is."""
    from gitops_models.cli.noticing import print_warnings

    for telling in (reconciler.watch, reconciler.mirror):
        print_warnings(options, telling.drain() if telling else ())


def _tell(options: Options, report: Report) -> int:
    body = {
        "commit": report.commit,
        "ok": report.ok,
        "results": [result.to_json() for result in report.results],
        "notes": list(report.notes),
    }
    rows = [
        (str(result.at), result.desired or "-", result.live or "-", result.state.value, result.done.value)
        for result in report.results
    ]
    lines = table(rows, ("MODEL#STAGE", "DESIRED", "LIVE", "STATE", "DONE")) if rows else ["nothing to deploy"]
    emit(options, "Reconciliation", body, lines)
    for result in report.results:
        for found in result.drift:
            say(options, f"{result.at}: {found}")
    for waiting in (result for result in report.results if result.error):
        if waiting.error:
            print_error(waiting.error, as_json=options.json)
    for _, problem in report.problems:
        print_error(problem, as_json=options.json)
    for note in report.notes:
        say(options, note)
    if report.records.waiting:
        say(options, f"{report.records.waiting} deployment records wait for the remote")
    next_step(options, "gm status")
    return int(report.exit_status)
