"""gm lift."""

from typing import Annotated

import typer

from gitops_models.cli.common import DryRun, Merge, Reason, finish, need_reason, open_here
from gitops_models.cli.options import of


def command(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL")],
    *,
    stage: Annotated[str | None, typer.Option(help="The stage; the last one otherwise.")] = None,
    root_cause: Annotated[str | None, typer.Option("--root-cause", metavar="URL", help="The root cause.")] = None,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
) -> None:
    """Lift the hold of a stage."""
    from gitops_models.workflows.barring import lift_hold

    options = of(context)
    why = need_reason(options, reason)
    session = open_here(options)
    opened = lift_hold(session, model, stage, reason=why, root_cause=root_cause, dry_run=dry_run)
    finish(options, session, opened, merge=merge, kind="Lift")
