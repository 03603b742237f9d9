"""gm tag."""

from typing import Annotated

import typer

from gitops_models.cli.common import DryRun, open_here
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step, table


def command(
    context: typer.Context,
    *,
    restore: Annotated[bool, typer.Option("--restore", help="Make the missing ones (also without this flag).")] = False,  # noqa: ARG001 - the word that findings name
    dry_run: DryRun = False,
) -> None:
    """Make version tags that are missing, signed, on the step that registered the version."""
    from gitops_models.workflows.tagging import make_missing, tag_states

    options = of(context)
    session = open_here(options)
    made = make_missing(session, dry_run=dry_run)
    states = tag_states(session)
    body = {
        "made": [state.name for state in made],
        "tags": [{"name": state.name, "step": state.step, "state": state.state} for state in states],
    }
    rows = [(state.name, state.step[:12], state.state) for state in states]
    emit(options, "Tags", body, table(rows, ("TAG", "STEP", "STATE")) if rows else ["no versions"])
    next_step(options, "gm verify")
