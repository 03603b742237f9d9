"""What suspend, resume and retire have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.cli.common import exclude, finish, need_reason, open_here
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step

if TYPE_CHECKING:
    import typer

    from gitops_models.workflows.lifecycle import Action


def take(
    context: typer.Context,
    action: Action,
    reference: str,
    reason: str | None,
    *,
    merge: bool,
    dry_run: bool,
    no_push: bool,
    undeploy: bool = False,
) -> None:
    """Open the proposal and print it; where it stands so already, say so and do nothing."""
    from gitops_models.workflows.lifecycle import Already, Turn, turn

    options = of(context)
    exclude(merge=merge, no_push=no_push)
    why = need_reason(options, reason)
    session = open_here(options)
    wanted = Turn(reference, action, why, undeploy=undeploy)
    opened = turn(session, wanted, dry_run=dry_run, no_push=no_push)
    if isinstance(opened, Already):
        emit(options, action.capitalize(), {"already": True, "what": opened.what}, [opened.what])
        next_step(options, f"gm status {reference.partition('@')[0].partition('#')[0]}")
        return
    finish(options, session, opened, merge=merge, no_push=no_push, kind=action.capitalize())
