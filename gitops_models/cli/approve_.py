"""gm approve."""

from pathlib import Path
from typing import Annotated

import typer

from gitops_models.cli.common import open_here
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step, say


def command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="PROPOSAL")],
    *,
    reject: Annotated[bool, typer.Option("--reject", help="Block it until you withdraw.")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take your decision back.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the decision to a file only.")
    ] = None,
    reason: Annotated[str, typer.Option("-m", "--reason", metavar="TEXT")] = "",
) -> None:
    """Sign a decision on a proposal."""
    from gitops_models.policy.render import to_json
    from gitops_models.workflows.review import approve, find_proposal

    options = of(context)
    if reject and withdraw:
        raise typer.BadParameter("--reject and --withdraw exclude each other")
    decision = "reject" if reject else "withdraw" if withdraw else "approve"
    session = open_here(options)
    proposal = find_proposal(session, name)
    done = approve(session, proposal, decision=decision, reason=reason, keep_local=out is not None)
    if out is not None:
        out.write_bytes(done.record.envelope)
    verdict = done.evaluation.verdict
    body = {
        "proposal": proposal.id,
        "decision": decision,
        "record": done.record.sha256,
        "changeId": done.evaluation.change_id,
        "verdict": to_json(verdict),
    }
    lines = [f"{decision}: {proposal.title}  (change {done.evaluation.change_id[:8]})"]
    lines += [f"  still needs {', '.join(quorum.missing)}" for quorum in verdict.quorums if not quorum.met]
    emit(options, "Decision", body, lines)
    if done.waiting:
        say(options, f"it waits in the outbox and goes out with the next command: {done.waiting.message}")
    if out is not None:
        next_step(options, f"gm trust ledger add {out}, by anyone who may push")
    else:
        next_step(options, f"gm merge {proposal.id}" if verdict.allowed else f"gm check {proposal.id}")
