"""gm hook: install the server's door, look at what is staged. The door itself runs without typer, see ``cli.door``."""

import os
from pathlib import Path
from typing import Annotated

import typer

from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step

app = typer.Typer()


@app.command("install")
def install(
    context: typer.Context,
    repository: Annotated[Path, typer.Argument(metavar="BARE", help="The bare repository on the server.")],
) -> None:
    """Install the pre-receive hook in a bare repository."""
    from gitops_models.workflows.door import install_hook

    options = of(context)
    path = install_hook(repository)
    emit(options, "Hook", {"path": str(path)}, [f"installed {path}"])
    next_step(options, f"gm -C {repository} trust pin, once the first commit is there")


@app.command("pre-receive")
def pre_receive() -> int:
    """Judge a push on standard input, as Git's pre-receive hook."""
    from gitops_models.cli.door import pre_receive as door

    return door()


@app.command("pre-commit")
def pre_commit(
    context: typer.Context,
    *,
    immutable: Annotated[
        bool, typer.Option("--immutable", help="Also refuse edits of what was released, against HEAD.")
    ] = False,
) -> int:
    """Look at the documents that the next commit would hold, as Git's pre-commit hook."""
    from gitops_models.cli.verdicts import show
    from gitops_models.errors import Exit
    from gitops_models.workflows.checking import check_staged

    options = of(context)
    verdict = check_staged(options.repo, os.environ, immutable=immutable)
    if options.json or not verdict.allowed:
        show(options, verdict, "json" if options.json else "text")
    return Exit.OK if verdict.allowed else Exit.DENIED
