"""gm restore."""

from typing import Annotated

import typer

from gitops_models.cli.common import DryRun, Merge, Reason, finish, need_reason, open_here
from gitops_models.cli.options import of


def command(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="MODEL|policy")],
    *,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
) -> None:
    """Bring a blocked model or policy back to its accepted state."""
    from gitops_models.workflows.restore import restore

    options = of(context)
    why = need_reason(options, reason)
    session = open_here(options)
    finish(options, session, restore(session, what, reason=why, dry_run=dry_run), merge=merge, kind="Restoration")
