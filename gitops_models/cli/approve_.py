"""gm approve."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from gitops_models.cli.common import open_here, tell_unheard
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step, say
from gitops_models.cli.sealing import How, SigstoreConfig

if TYPE_CHECKING:
    from gitops_models.cli.options import Options
    from gitops_models.trust.keyless.sign import KeylessSigner
    from gitops_models.trust.records import Record
    from gitops_models.verification.proposal import Evaluation
    from gitops_models.workflows.late import Late
    from gitops_models.workflows.review import Reviewed
    from gitops_models.workflows.session import Session


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
    change: Annotated[
        str | None, typer.Option("--change", metavar="ID", help="The change you mean; refused if it is another now.")
    ] = None,
    ratify: Annotated[
        bool, typer.Option("--ratify", help="The emergency that landed as this change or step, or in MODEL#STAGE.")
    ] = False,
    sign: Annotated[How | None, typer.Option("--sign", help="Sign with your identity instead of a key.")] = None,
    sigstore: SigstoreConfig = None,
) -> None:
    """Sign a decision on a proposal, or on a step that landed without its approvals."""
    from gitops_models.cli.urgency import ratify_emergency
    from gitops_models.workflows.late import approve_late, check_waiting, find_waiting
    from gitops_models.workflows.review import approve, check, find_proposal

    options = of(context)
    _check(both=reject and withdraw, keyless=sign is not None, sigstore=sigstore is not None, ratify=ratify)
    decision = "reject" if reject else "withdraw" if withdraw else "approve"
    session = open_here(options)
    if ratify:
        ratify_emergency(options, session, name, decision=decision, reason=reason, out=out, change=change)
        return
    late = find_waiting(session, name)
    if late is not None:
        if sign is not None:
            raise typer.BadParameter("a step that has landed is accepted by a signature with a key")
        evaluation = check_waiting(session, late)
        meant = _meant(options, session, decision, evaluation, name=late.step.oid, change=change)
        done_late = approve_late(
            session, late, decision=decision, reason=reason, keep_local=out is not None, change=meant
        )
        released = f"step {done_late.step[:12]} is accepted" if done_late.released else ""
        _report(options, decision, done_late, f"step {done_late.step[:12]}", name=name, out=out, released=released)
        return
    proposal = find_proposal(session, name)
    meant = _meant(options, session, decision, check(session, proposal), name=proposal.ref, change=change)
    keyless = _keyless(sigstore) if sign is not None else None
    done = approve(
        session, proposal, decision=decision, reason=reason, keep_local=out is not None, change=meant, keyless=keyless
    )
    _report(options, decision, done, proposal.title, name=proposal.id, out=out)


def _check(*, both: bool, keyless: bool, sigstore: bool, ratify: bool) -> None:
    """Refuse what no single command can mean."""
    if both:
        raise typer.BadParameter("--reject and --withdraw exclude each other")
    if sigstore and not keyless:
        raise typer.BadParameter("--sigstore goes with --sign keyless")
    if ratify and keyless:
        raise typer.BadParameter("an emergency is ratified by a signature with a key")


def _keyless(config: Path | None) -> "KeylessSigner":
    from gitops_models.trust.keyless.sign import keyless_signer

    return keyless_signer(config)


def _meant(
    options: "Options", session: "Session", decision: str, evaluation: "Evaluation", *, name: str, change: str | None
) -> str:
    """The change to sign: the one that was looked at, said once more from its content, and agreed to at a terminal."""
    from gitops_models.cli.asking import terminal
    from gitops_models.workflows.shown import described, hold_to, last_shown

    tell_unheard(options, session)
    identity = evaluation.change_id
    hold_to(identity, shown=last_shown(session.store, name), given=change, name=name)
    say(options, f"{decision}: change {identity[:8]}")
    for line in described(evaluation.change):
        say(options, f"  {line}")
    asker = terminal(options)
    if asker is not None and not asker.agrees(f"Sign `{decision}`"):
        raise typer.Abort
    return identity


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
    from gitops_models.policy.render.jsons import to_json

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
    decider = getattr(record.body, "person", None)
    ignored = {one.why for quorum in verdict.quorums for one in quorum.ignored if one.person == decider}
    lines += [f"  it does not count: {why}" for why in sorted(ignored)]
    lines += [f"  still needs {', '.join(quorum.missing)}" for quorum in verdict.quorums if not quorum.met]
    emit(options, "Decision", body, lines)
    if done.waiting:
        say(options, f"it waits in the outbox and goes out with the next command: {done.waiting.message}")
    if (unsaid := getattr(done, "unsaid", None)) is not None:
        say(options, f"warning: signed, and not a review on the forge: {unsaid} ({unsaid.hint})")
    if out is not None:
        next_step(options, f"gm trust ledger add {out}, by anyone who may push")
    elif released:
        next_step(options, "gm status")
    else:
        next_step(options, f"gm merge {name}" if verdict.allowed else f"gm check {name}")
