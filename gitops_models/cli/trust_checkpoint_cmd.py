"""gm trust checkpoint."""

import typer

from gitops_models.cli.common import DryRun, open_here
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step, say


def command(context: typer.Context, *, dry_run: DryRun = False) -> None:
    """Sign what history amounts to now, as a workload that may: checkpoint."""
    from gitops_models.workflows.checkpoint import checkpoint

    options = of(context)
    done = checkpoint(open_here(options), dry_run=dry_run)
    body = {
        "accepted": done.body.main,
        "policyVersion": done.body.policy_version,
        "ledgerSha256": done.body.ledger_sha256,
        "waiting": list(done.body.waiting),
        "at": done.body.at,
        "by": done.signer,
        "record": done.sha256,
        "dryRun": dry_run,
    }
    verb = "would sign" if dry_run else "signed"
    lines = [
        f"{verb} a checkpoint of {done.body.main} at {done.body.at} as {done.signer}",
        f"  policy version {done.body.policy_version}, ledger {done.body.ledger_sha256[:16]}",
        f"  {len(done.body.waiting)} steps wait for approvals",
    ]
    emit(options, "Checkpoint", body, lines)
    if done.appended and done.appended.waiting:
        say(options, f"it waits for the remote: {done.appended.waiting.message}")
    next_step(options, "the same without --dry-run" if dry_run else "gm verify")
