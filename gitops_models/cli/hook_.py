"""gm hook: install the server's door. The door itself runs without typer, see ``cli.door``."""

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
