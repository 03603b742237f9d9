"""gm show."""

from typing import Annotated

import typer

from gitops_models.cli.common import open_here, tell_unheard
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step


def command(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="REF|PROPOSAL", help="fraud, fraud@1.2.0, fraud#production, 3fa9c1d2.")
    ],
) -> None:
    """Show a model, a version or a proposal on one screen."""
    from gitops_models.cli import screens
    from gitops_models.workflows.show import ModelScreen, ProposalScreen, show
    from gitops_models.workflows.shown import remember_shown

    options = of(context)
    session = open_here(options)
    screen = show(session, name)
    tell_unheard(options, session)
    if isinstance(screen, ProposalScreen):
        remember_shown(session.store, screen.proposal.ref, screen.evaluation.change_id)
        emit(options, "ProposalView", screens.proposal_body(screen), screens.proposal_lines(screen))
        next_step(options, screens.next_of(screen))
        return
    if isinstance(screen, ModelScreen):
        emit(options, "ModelView", screens.model_body(screen), screens.model_lines(screen))
        next_step(options, f"gm log {screen.document.name}")
        return
    emit(options, "VersionView", screens.version_body(screen), screens.version_lines(screen))
    next_step(options, f"gm log {screen.model}")
