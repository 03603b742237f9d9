"""gm fetch."""

from pathlib import Path
from typing import Annotated

import typer

from gitops_models.cli.common import open_here
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step


def command(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="REF", help="fraud@1.2.0, fraud@latest or fraud#production.")],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Where the files go.")],
    artifacts: Annotated[str | None, typer.Option(metavar="URL", help="Read the bytes from here.")] = None,
) -> None:
    """Copy a version's verified bytes out."""
    from gitops_models.cli.progress import bytes_bar
    from gitops_models.workflows.bytes import fetch_bytes

    options = of(context)
    session = open_here(options)
    with bytes_bar(options, "fetching") as progress:
        done = fetch_bytes(session, reference, output, artifacts=artifacts, progress=progress)
    body = {"model": done.model, "version": done.version, "path": str(done.path), "artifacts": list(done.artifacts)}
    emit(options, "Fetched", body, [str(done.path)])
    next_step(options, f"gm show {done.model}@{done.version}")
