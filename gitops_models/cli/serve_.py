"""gm serve."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003 - typer reads the types of options
from typing import TYPE_CHECKING, Annotated

import typer

from gitops_models.cli.options import Options, of
from gitops_models.cli.output import emit, next_step, say

if TYPE_CHECKING:
    from gitops_models.delivery.inference.shelf import Loaded
    from gitops_models.errors import GmError

_WATCH_SECONDS = 1.0


def command(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="PATH", help="Directory that `gm reconcile --dir` fills.")],
    *,
    stage: Annotated[str, typer.Option(help="The stage whose versions answer.")] = "production",
    listen: Annotated[
        str, typer.Option(metavar="ADDRESS:PORT", help="Where to listen; port 0 takes any.")
    ] = "127.0.0.1:8080",
    watch: Annotated[
        bool, typer.Option("--watch/--no-watch", help="Follow each switch by itself; else only when told to load.")
    ] = True,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Threads of one model.")] = 1,
) -> int:
    """Answer with the ONNX models of a directory target, for try-outs and tests."""
    from functools import partial
    from threading import Event

    from gitops_models.delivery.inference.runtime import load_onnx, need_runtime
    from gitops_models.delivery.inference.server import InferenceServer
    from gitops_models.delivery.inference.shelf import Shelf
    from gitops_models.delivery.loop import stop_on_signals
    from gitops_models.registry.names import is_name

    options = of(context)
    if not is_name(stage):
        raise typer.BadParameter("is no name of a stage", param_hint="--stage")
    need_runtime()
    address, port = _place(listen)
    shelf = Shelf(options.repo / directory, stage, partial(load_onnx, threads=threads))
    stop = Event()
    with InferenceServer(address, port, shelf) as server, stop_on_signals(stop):
        _tell(options, shelf.refresh())
        body = {
            "url": server.url,
            "stage": stage,
            "models": [_row(slot.loaded) for slot in shelf.index() if slot.loaded],
        }
        emit(options, "Serving", body, [f"serving {stage} of {directory} at {server.url}"])
        if not server.local:
            say(options, "warning: everybody who reaches this address may ask; there are no accounts")
        next_step(options, f"curl {server.url}/v2/models/MODEL")
        sys.stdout.flush()  # who started it in the background waits for the address
        with server.in_background():
            while not stop.wait(_WATCH_SECONDS):
                if watch:
                    _tell(options, shelf.refresh())
    return 0


def _place(text: str) -> tuple[str, int]:
    host, separator, port = text.rpartition(":")
    if not separator or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:  # noqa: PLR2004 - ports
        raise typer.BadParameter("write ADDRESS:PORT", param_hint="--listen")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _row(found: Loaded) -> dict[str, str]:
    return {"model": found.model, "version": found.version, "sha256": found.digest}


def _tell(options: Options, changes: tuple[tuple[str, Loaded | GmError | None], ...]) -> None:
    from gitops_models.cli.output import print_error
    from gitops_models.errors import GmError

    for model, change in changes:
        if isinstance(change, GmError):
            print_error(change, as_json=options.json)
        elif change is None:
            say(options, f"{model}: nothing any more")
        else:
            say(options, f"{model}: {change.version} {change.digest[:12]}")
