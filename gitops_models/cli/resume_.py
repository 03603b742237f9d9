"""gm resume."""

from typing import Annotated

import typer

from gitops_models.cli.common import DryRun, Merge, NoPush, Reason
from gitops_models.cli.turns import take


def command(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL")],
    *,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
    no_push: NoPush = False,
) -> None:
    """Let a suspended model be promoted again."""
    take(context, "resume", model, reason, merge=merge, dry_run=dry_run, no_push=no_push)
