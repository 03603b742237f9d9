"""gm merge."""

from typing import Annotated

import typer

from gitops_models.cli.common import after_landing, landed_body, landed_lines, open_here
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step


def command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="PROPOSAL|STEP")],
    *,
    retry_for: Annotated[
        float, typer.Option("--retry-for", metavar="SECONDS", min=0, help="Try so long while others are quicker.")
    ] = 120.0,
) -> None:
    """Land an allowed proposal in one atomic push, or accept a step that landed without its acceptance."""
    from gitops_models.workflows.late import accept_late, find_waiting
    from gitops_models.workflows.merging import merge
    from gitops_models.workflows.patience import Patience
    from gitops_models.workflows.review import find_proposal

    options = of(context)
    session = open_here(options)
    late = find_waiting(session, name)
    if late is not None:
        done = accept_late(session, late)
        body = {"step": done.step, "changeId": done.evaluation.change_id, "released": done.released}
        emit(options, "Landing", body, [f"step {done.step[:12]} is accepted"])
        next_step(options, "gm status")
        return
    landed = merge(session, find_proposal(session, name), patience=Patience(retry_for))
    emit(options, "Landing", landed_body(landed), landed_lines(landed))
    after_landing(options, session, landed)
