"""gm proposals."""

from typing import Annotated

import typer

from gitops_models.cli.common import open_here, pull_body, tell_unheard
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step, table


def command(
    context: typer.Context,
    *,
    mine: Annotated[bool, typer.Option("--mine", help="Only those you opened.")] = False,
    waiting_for_me: Annotated[bool, typer.Option("--waiting-for-me", help="Only those you can unblock.")] = False,
) -> None:
    """List open proposals and who can unblock them."""
    from gitops_models.workflows.queue import waiting

    options = of(context)
    session = open_here(options)
    found = waiting(session, mine=mine, for_me=waiting_for_me)
    body = {
        "proposals": [
            {
                "id": item.proposal.id,
                "branch": item.proposal.branch,
                "title": item.proposal.title,
                **pull_body(item.proposal),
                "state": item.state,
                "missing": list(item.missing),
                "unblock": list(item.unblock),
            }
            for item in found
        ]
    }
    rows = [
        (
            item.proposal.id if item.proposal.number is None else f"{item.proposal.id} #{item.proposal.number}",
            item.state,
            item.proposal.title,
            ", ".join(item.missing) or "-",
            ", ".join(item.unblock) or "-",
        )
        for item in found
    ]
    tell_unheard(options, session)
    empty = ["no open proposals"]
    emit(options, "Proposals", body, table(rows, ("ID", "STATE", "TITLE", "MISSING", "WHO CAN")) if rows else empty)
    next_step(options, f"gm show {found[0].proposal.id}" if found else "gm status")
