"""gm init."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gitops_models.cli.options import Options, of
from gitops_models.cli.output import emit, next_step, say

if TYPE_CHECKING:
    from gitops_models.workflows.setup import Initialized


def command(
    context: typer.Context,
    *,
    profile: Annotated[str | None, typer.Option(help="solo, minimal or regulated.")] = None,
    forge: Annotated[str, typer.Option(help="Where proposals live: git or github.")] = "git",
    remote: Annotated[str | None, typer.Option(metavar="URL", help="Git remote to add as origin and push to.")] = None,
    dvc_remote: Annotated[str | None, typer.Option(metavar="URL", help="Where DVC keeps the bytes.")] = None,
    people: Annotated[Path | None, typer.Option(metavar="FILE", help="A People document to begin with.")] = None,
    person: Annotated[str | None, typer.Option(metavar="ID", help="Your id in the people file.")] = None,
    name: Annotated[str | None, typer.Option(help="user.name, for this repository only.")] = None,
    email: Annotated[str | None, typer.Option(help="user.email, for this repository only.")] = None,
    models: Annotated[str | None, typer.Option(metavar="DIR", help="The models root.")] = None,
    line: Annotated[
        str | None, typer.Option(metavar="BRANCH", help="The protected branch; the current one otherwise.")
    ] = None,
    reason: Annotated[str, typer.Option("-m", "--reason", metavar="TEXT", help="Why.")] = "set up gitops-models",
) -> None:
    """Set up a repository: people, policy, DVC remote, signing key."""
    from gitops_models.cli.asking import terminal
    from gitops_models.workflows.clock import SystemClock
    from gitops_models.workflows.setup import Setup, initialize

    options = of(context)
    wanted = Setup(
        path=options.repo,
        reason=reason,
        profile=profile,
        name=name,
        email=email,
        person=person,
        people=people,
        remote=remote,
        dvc_remote=dvc_remote,
        models=models,
        line=line,
        forge=forge,
    )
    made = initialize(wanted, SystemClock(), terminal(options))
    emit(options, "Initialized", _body(made), _lines(made))
    _remarks(options, made)
    risk = " --risk low --merge" if made.founding.profile == "solo" else ""
    next_step(options, f"gm register MODEL PATH...{risk} -m WHY")


def _body(made: "Initialized") -> dict[str, Any]:
    return {
        "commit": made.commit,
        "pin": made.commit,
        "path": str(made.root),
        "line": made.line,
        "repository": made.founding.repository.id,
        "profile": made.founding.profile,
        "models": made.founding.repository.models,
        "dvcRemote": made.founding.artifacts.shown,
        "signingKey": made.key,
        "madeKey": made.made_key,
        "files": sorted(made.founding.files),
        "pushed": made.pushed,
        "forge": made.founding.repository.forge,
        "commands": list(_commands(made)),
    }


def _lines(made: "Initialized") -> list[str]:
    key = "made for this repository only" if made.made_key else "yours"
    return [
        f"set up {made.founding.repository.id} in {made.root}, profile {made.founding.profile}",
        *(f"  {path}" for path in sorted(made.founding.files)),
        f"signing key: {made.key} ({key})",
        f"DVC remote: {made.founding.artifacts.shown}",
        *([f"pushed {made.line} to {made.pushed}"] if made.pushed else []),
        f"pinned to {made.commit}",
        *(["an administrator applies the settings of the forge, once:"] if _commands(made) else []),
        *(f"  {command}" for command in _commands(made)),
    ]


def _commands(made: "Initialized") -> tuple[str, ...]:
    from gitops_models.workflows.forgefiles import forge_commands

    return forge_commands(made.founding.repository.forge, made.commit, made.line)


def _remarks(options: Options, made: "Initialized") -> None:
    """What a careful person wants to know now rather than later."""
    from gitops_models.policy.profiles import unmet

    if made.founding.repository.models != "models":
        say(options, f"the models root is {made.founding.repository.models}/: models/ holds something else")
    if made.pushed and made.founding.artifacts.directory is not None:
        say(options, "the DVC remote is a directory of this machine: colleagues need one that they can reach")
    if options.verbose:
        for clause in unmet(made.founding.profile):
            say(options, f"this profile does not meet: {clause}")
