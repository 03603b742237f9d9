"""gm trust ledger restore."""

import typer

from gitops_models.cli.common import DryRun, open_here
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step


def command(context: typer.Context, *, dry_run: DryRun = False) -> None:
    """Push back what the remote's ledger lost and this clone has seen."""
    from gitops_models.workflows.give_back import give_back

    options = of(context)
    restored = give_back(open_here(options), dry_run=dry_run)
    rows = [
        {"ref": one.ref, "records": list(one.records), "kinds": list(one.kinds), "anew": one.anew} for one in restored
    ]
    verb = "would give back" if dry_run else "gave back"
    lines = [f"{verb} {len(one.records)} records to {one.ref}: {', '.join(one.kinds)}" for one in restored]
    emit(options, "LedgerRestoration", {"restored": rows, "dryRun": dry_run}, lines or ["nothing was lost"])
    next_step(options, "the same without --dry-run" if dry_run and restored else "gm verify")
