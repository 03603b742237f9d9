"""gm rollback."""

from typing import Annotated

import typer

from gitops_models.cli.common import DryRun, Merge, NoPush, Reason, exclude, finish, need_reason, open_here
from gitops_models.cli.options import of


def command(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL")],
    *,
    stage: Annotated[str | None, typer.Option(help="The stage; the last one otherwise.")] = None,
    to: Annotated[
        str | None, typer.Option(metavar="V", help="This version; the last known good one otherwise.")
    ] = None,
    cause: Annotated[str | None, typer.Option(help="Why in one word: regression, poisoning, tampering, ...")] = None,
    incident: Annotated[str | None, typer.Option(metavar="ID", help="The incident it belongs to.")] = None,
    quarantine: Annotated[bool, typer.Option("--quarantine", help="Bar the bad version everywhere.")] = False,
    hold: Annotated[bool, typer.Option("--hold/--no-hold", help="Bar promotions to the stage until lifted.")] = True,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
    no_push: NoPush = False,
) -> None:
    """Restore an earlier stage state, with a hold."""
    from gitops_models.workflows.recover import Rollback, rollback

    options = of(context)
    exclude(merge=merge, no_push=no_push)
    why = need_reason(options, reason)
    session = open_here(options)
    wanted = Rollback(
        model=model,
        reason=why,
        stage=stage,
        to=to,
        cause=cause,
        incident=incident,
        hold=hold,
        quarantine=quarantine,
    )
    opened = rollback(session, wanted, dry_run=dry_run, no_push=no_push)
    finish(options, session, opened, merge=merge, no_push=no_push, kind="Rollback")
