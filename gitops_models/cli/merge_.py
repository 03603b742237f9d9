"""gm merge."""

from typing import Annotated

import typer

from gitops_models.cli.common import after_landing, landed_body, landed_lines, open_here
from gitops_models.cli.options import of
from gitops_models.cli.output import emit


def command(context: typer.Context, name: Annotated[str, typer.Argument(metavar="PROPOSAL")]) -> None:
    """Land an allowed proposal in one atomic push."""
    from gitops_models.workflows.review import find_proposal, merge

    options = of(context)
    session = open_here(options)
    landed = merge(session, find_proposal(session, name))
    emit(options, "Landing", landed_body(landed), landed_lines(landed))
    after_landing(options, landed)
