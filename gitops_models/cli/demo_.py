"""gm demo."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step


def command(
    context: typer.Context,
    *,
    keep: Annotated[Path | None, typer.Option(metavar="DIR", help="Play in DIR, which stays.")] = None,
    script: Annotated[bool, typer.Option("--script", help="Print the commands as a shell script.")] = False,
) -> None:
    """Show the whole life of a model in a fresh directory."""
    from gitops_models.demo.runner import Stage, play
    from gitops_models.demo.script import render
    from gitops_models.demo.setup import place, reference, require
    from gitops_models.demo.story import story

    options = of(context)
    if script:
        print(render(python=sys.executable, reference=reference()), end="")  # noqa: T201 - data
        return
    require()
    began = time.monotonic()
    with place(keep) as directory:
        stage = Stage(directory, sys.executable, reference(), sys.stderr if options.json else None)
        done = play(stage, story(), lambda line: print(line, file=stage.output, flush=True))
    seconds = round(time.monotonic() - began, 1)
    body = {"commands": done, "seconds": seconds, "directory": str(keep) if keep else None}
    emit(options, "Demo", body, [f"{done} commands did what they say in {seconds} s"])
    next_step(options, f"look around in {keep}" if keep else "gm init")
