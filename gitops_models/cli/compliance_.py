"""gm compliance."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step

FORMATS = ("text", "markdown", "json")


def command(
    context: typer.Context,
    *,
    document: Annotated[str | None, typer.Option(metavar="A|B", help="Only the clauses of this document.")] = None,
    form: Annotated[str, typer.Option("--format", help="text, markdown or json.")] = "text",
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 3 when the policy leaves a clause open.")
    ] = False,
) -> int:
    """Say for each clause of the governance documents what enforces it here, and since when."""
    from gitops_models.cli.compliances import body, lines, markdown
    from gitops_models.cli.replaying import open_replayed
    from gitops_models.errors import Exit, GmError
    from gitops_models.policy.clauses import DOCUMENTS
    from gitops_models.workflows.complying import comply

    options = of(context)
    if form not in FORMATS:
        raise GmError("GM-C002", f"there is no format {form}", hint=f"one of {', '.join(FORMATS)}")
    if document is not None and document not in DOCUMENTS:
        raise GmError("GM-C002", f"there is no document {document}", hint=f"one of {', '.join(DOCUMENTS)}")
    found = comply(open_replayed(options))
    rows = [row for row in found.rows if document in {None, row.clause.document}]
    options = replace(options, json=options.json or form == "json")
    emit(options, "Compliance", body(found, rows), (markdown if form == "markdown" else lines)(found, rows))
    open_rows = [row for row in rows if row.standing.state == "not enforced"]
    next_step(options, "gm policy show" if open_rows else "gm verify")
    return Exit.DENIED if exit_code and open_rows else Exit.OK
