"""gm quarantine."""

from typing import Annotated

import typer

from gitops_models.cli.common import DryRun, Merge, Reason, finish, need_reason, open_here
from gitops_models.cli.options import of


def command(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="REF")],
    *,
    cause: Annotated[str | None, typer.Option(help="Why in one word.")] = None,
    incident: Annotated[str | None, typer.Option(metavar="ID", help="The incident it belongs to.")] = None,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
) -> None:
    """Bar a version everywhere."""
    from gitops_models.workflows.barring import quarantine

    options = of(context)
    why = need_reason(options, reason)
    session = open_here(options)
    opened = quarantine(session, reference, reason=why, cause=cause, incident=incident, dry_run=dry_run)
    finish(options, session, opened, merge=merge, kind="Quarantine")
