"""gm init."""

from pathlib import Path
from typing import Annotated

import typer

from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step, say


def command(
    context: typer.Context,
    *,
    profile: Annotated[str | None, typer.Option(help="solo, minimal or regulated.")] = None,
    forge: Annotated[str, typer.Option(help="Where proposals live: git.")] = "git",
    remote: Annotated[str | None, typer.Option(metavar="URL", help="Git remote to add as origin and push to.")] = None,
    dvc_remote: Annotated[str | None, typer.Option(metavar="URL", help="Where DVC keeps the bytes.")] = None,
    people: Annotated[Path | None, typer.Option(metavar="FILE", help="A People document to begin with.")] = None,
    person: Annotated[str | None, typer.Option(metavar="ID", help="Your id in the people file.")] = None,
    name: Annotated[str | None, typer.Option(help="user.name, for this repository only.")] = None,
    email: Annotated[str | None, typer.Option(help="user.email, for this repository only.")] = None,
    models: Annotated[str | None, typer.Option(metavar="DIR", help="The models root.")] = None,
    line: Annotated[str, typer.Option(metavar="BRANCH", help="The protected branch.")] = "main",
    reason: Annotated[str, typer.Option("-m", "--reason", metavar="TEXT")] = "set up gitops-models",
) -> None:
    """Set up a repository: people, policy, DVC remote, signing key."""
    from gitops_models.errors import GmError
    from gitops_models.policy.profiles import UNMET
    from gitops_models.workflows.session import SystemClock
    from gitops_models.workflows.setup import Setup, initialize

    options = of(context)
    if forge != "git":
        raise GmError("GM-C002", f"there is no forge {forge} yet", hint="use --forge git")
    made = initialize(
        Setup(
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
        ),
        SystemClock(),
    )
    emit(
        options,
        "Initialized",
        {
            "commit": made.commit,
            "pin": made.commit,
            "repository": made.repository,
            "profile": made.profile,
            "models": made.models,
            "dvcRemote": made.dvc_remote,
            "signingKey": made.key,
            "files": list(made.files),
            "pushed": made.pushed,
        },
        [
            f"set up {made.repository} at {made.commit[:12]}, which this clone is pinned to",
            *(f"  {path}" for path in made.files),
            f"signing key: {made.key}",
            f"DVC remote: {made.dvc_remote}",
        ],
    )
    for clause in UNMET.get(made.profile, ()):
        say(options, f"this profile does not meet: {clause}")
    next_step(options, "gm register MODEL PATH... -m WHY")
