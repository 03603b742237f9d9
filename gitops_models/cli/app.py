"""The command tree. Only the verb that runs is imported; the others are known by name and one line of help."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from gitops_models._version import __version__
from gitops_models.cli.examples import epilog
from gitops_models.cli.options import COMPLETING, VALUED, Options
from gitops_models.cli.verbs import GROUPS, VERBS

HELP = "Git as model registry, approval record and desired state of what is served."
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def build() -> Any:
    """A callable that parses words, imports the one verb they name, and runs it."""
    return _run


def _run(words: list[str], **settings: Any) -> Any:
    chosen = None if completing() else verb_of(words)
    return typer.main.get_command(tree(chosen))(words, **settings)


def tree(chosen: str | None) -> typer.Typer:
    """The application; with ``chosen`` every other verb is a stub that only shows in the help."""
    app = typer.Typer(
        help=HELP,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=SETTINGS,
        invoke_without_command=True,
    )
    app.callback()(_globals)
    for name, summary in VERBS.items():
        module = _module(name) if chosen is None or name == chosen else None
        if name in GROUPS:
            group = module.app if module else typer.Typer()
            app.add_typer(group, name=name, help=summary, epilog=epilog(name), rich_help_panel=None)
        else:
            app.command(name, help=summary, epilog=epilog(name))(module.command if module else _stub)
    return app


def verb_of(words: list[str]) -> str:
    """The first word that is no global option, or ``""``."""
    pending = list(words)
    while pending and pending[0].startswith("-"):
        if pending.pop(0) in VALUED and pending:
            pending.pop(0)
    return pending[0] if pending else ""


def completing() -> bool:
    """Whether the shell asks for completions."""
    return bool(COMPLETING & set(os.environ))


def _module(name: str) -> Any:
    return importlib.import_module(f"gitops_models.cli.{name.replace('-', '_')}_")


def _stub() -> None:
    """Stand in for a verb that this run does not need."""


def _globals(
    context: typer.Context,
    *,
    repo: Annotated[Path, typer.Option("-C", "--repo", metavar="PATH", help="The repository to work on.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No messages, only data.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say more; show the traceback of a bug.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour.")] = False,
    no_input: Annotated[bool, typer.Option("--no-input", help="Never ask.")] = False,
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Answer every question with yes.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> int | None:
    """Keep the global options for the verb; alone, show where things stand."""
    if version:
        print(__version__)  # noqa: T201 - data
        raise typer.Exit
    context.obj = Options(
        repo=repo,
        json=json,
        quiet=quiet,
        verbose=verbose,
        color=not no_color,
        interactive=not no_input,
        yes=yes,
    )
    if context.invoked_subcommand is None:
        from gitops_models.cli.status_ import overview

        raise typer.Exit(overview(context.obj))
    return None
