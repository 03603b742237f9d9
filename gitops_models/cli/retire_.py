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
    delete_bytes: Annotated[
        bool, typer.Option("--delete-bytes", help="Instead: propose the record that lets its bytes be deleted.")
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Instead: list the objects that may go by that record; removes nothing.")
    ] = False,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
    no_push: NoPush = False,
) -> None:
    """Retire a model or one version for good."""
    if undeploy + delete_bytes + prune > 1:
        raise typer.BadParameter("--undeploy, --delete-bytes and --prune exclude each other")
    if prune:
        from gitops_models.cli.deleting import list_objects

        list_objects(context, reference)
    elif delete_bytes:
        from gitops_models.cli.deleting import propose_deletion

        propose_deletion(context, reference, reason, merge=merge, dry_run=dry_run, no_push=no_push)
    else:
        take(context, "retire", reference, reason, undeploy=undeploy, merge=merge, dry_run=dry_run, no_push=no_push)
