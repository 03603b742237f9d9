"""gm cause: open and resolve."""

from typing import Annotated

import typer

from gitops_models.cli.common import DryRun, Merge, Reason, finish, need_reason, open_here
from gitops_models.cli.options import of

app = typer.Typer()
Model = Annotated[str, typer.Argument(metavar="MODEL")]
Identity = Annotated[str, typer.Argument(metavar="ID", help="Its name, such as inc-412.")]


@app.command("open")
def open_(
    context: typer.Context,
    model: Model,
    identity: Identity,
    *,
    cause: Annotated[str, typer.Option(help="safety, clinical, regression, drift, integrity, poisoning, ...")],
    severity: Annotated[str, typer.Option(help="low, medium, high or critical.")] = "high",
    incident: Annotated[str | None, typer.Option(metavar="ID", help="The incident it belongs to.")] = None,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
) -> None:
    """Open a cause: the model is red until it is resolved."""
    from gitops_models.workflows.barring import Opening, open_cause

    options = of(context)
    why = need_reason(options, reason)
    session = open_here(options)
    wanted = Opening(model, identity, cause, severity, why, incident)
    opened = open_cause(session, wanted, dry_run=dry_run)
    finish(options, session, opened, merge=merge, kind="Cause")


@app.command("resolve")
def resolve(
    context: typer.Context,
    model: Model,
    identity: Identity,
    *,
    root_cause: Annotated[str, typer.Option("--root-cause", metavar="TEXT", help="What it was.")],
    link: Annotated[str | None, typer.Option(metavar="URL", help="Where it is written down.")] = None,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
) -> None:
    """Settle a cause with its root cause."""
    from gitops_models.workflows.barring import resolve_cause

    options = of(context)
    why = need_reason(options, reason)
    session = open_here(options)
    opened = resolve_cause(session, model, identity, root_cause=root_cause, link=link, reason=why, dry_run=dry_run)
    finish(options, session, opened, merge=merge, kind="Cause")
