"""gm approve."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from gitops_models.cli.common import open_here
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step, say

if TYPE_CHECKING:
    from gitops_models.cli.options import Options
    from gitops_models.trust.records import Record
    from gitops_models.workflows.late import Late
    from gitops_models.workflows.review import Reviewed


def command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="PROPOSAL|STEP")],
    *,
    reject: Annotated[bool, typer.Option("--reject", help="Block it until you withdraw.")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take your decision back.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the decision to a file only.")
    ] = None,
    reason: Annotated[str, typer.Option("-m", "--reason", metavar="TEXT")] = "",
) -> None:
    """Sign a decision on a proposal, or on a step that landed without its approvals."""
    from gitops_models.workflows.late import approve_late, find_waiting
    from gitops_models.workflows.review import approve, find_proposal

    options = of(context)
    if reject and withdraw:
        raise typer.BadParameter("--reject and --withdraw exclude each other")
    decision = "reject" if reject else "withdraw" if withdraw else "approve"
    session = open_here(options)
    late = find_waiting(session, name)
    if late is not None:
        done_late = approve_late(session, late, decision=decision, reason=reason, keep_local=out is not None)
        released = f"step {done_late.step[:12]} is accepted" if done_late.released else ""
        _report(options, decision, done_late, f"step {done_late.step[:12]}", name=name, out=out, released=released)
        return
    proposal = find_proposal(session, name)
    done = approve(session, proposal, decision=decision, reason=reason, keep_local=out is not None)
    _report(options, decision, done, proposal.title, name=proposal.id, out=out)


def _report(
    options: "Options",
    decision: str,
    done: "Reviewed | Late",
    title: str,
    *,
    name: str,
    out: Path | None,
    released: str = "",
) -> None:
    from gitops_models.policy.render import to_json

    verdict, record = done.evaluation.verdict, cast("Record", done.record)
    if out is not None:
        out.write_bytes(record.envelope)
    body = {
        "proposal": name,
        "decision": decision,
        "record": record.sha256,
        "changeId": done.evaluation.change_id,
        "released": bool(released),
        "verdict": to_json(verdict),
    }
    lines = [f"{decision}: {title}  (change {done.evaluation.change_id[:8]})", *([released] if released else [])]
    lines += [f"  still needs {', '.join(quorum.missing)}" for quorum in verdict.quorums if not quorum.met]
    emit(options, "Decision", body, lines)
    if done.waiting:
        say(options, f"it waits in the outbox and goes out with the next command: {done.waiting.message}")
    if out is not None:
        next_step(options, f"gm trust ledger add {out}, by anyone who may push")
    elif released:
        next_step(options, "gm status")
    else:
        next_step(options, f"gm merge {name}" if verdict.allowed else f"gm check {name}")
