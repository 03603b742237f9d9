"""gm promote."""

from typing import Annotated

import typer

from gitops_models.cli.common import DryRun, Merge, NoPush, Reason, exclude, finish, need_reason, open_here
from gitops_models.cli.options import of


def command(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="REF", help="fraud@1.2.0, or fraud for its newest version.")],
    *,
    to: Annotated[str | None, typer.Option(metavar="STAGE", help="This stage; the next one otherwise.")] = None,
    through: Annotated[str | None, typer.Option(metavar="STAGE", help="Every stage up to this one.")] = None,
    lift_hold: Annotated[bool, typer.Option("--lift-hold", help="Lift the stage's hold with it.")] = False,
    root_cause: Annotated[str | None, typer.Option("--root-cause", metavar="URL", help="The root cause.")] = None,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
    no_push: NoPush = False,
) -> None:
    """Propose that a stage serves a version."""
    from gitops_models.workflows.promote import Promotion, promote

    options = of(context)
    exclude(merge=merge, no_push=no_push)
    why = need_reason(options, reason)
    session = open_here(options)
    wanted = Promotion(reference, why, to=to, through=through, lift_hold=lift_hold, root_cause=root_cause)
    opened = promote(session, wanted, dry_run=dry_run, no_push=no_push)
    finish(options, session, opened, merge=merge, no_push=no_push, kind="Promotion")
