"""gm retire."""

from typing import Annotated

import typer

from gitops_models.cli.common import DryRun, Merge, NoPush, Reason
from gitops_models.cli.turns import take


def command(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="MODEL[@VERSION]")],
    *,
    undeploy: Annotated[
        bool, typer.Option("--undeploy", help="Take it out of every stage that serves it, in the same change.")
    ] = False,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
    no_push: NoPush = False,
) -> None:
    """Retire a model or one version for good."""
    take(context, "retire", reference, reason, undeploy=undeploy, merge=merge, dry_run=dry_run, no_push=no_push)
