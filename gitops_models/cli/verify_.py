"""gm verify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gitops_models.cli.epochs import epoch_bodies, epoch_lines
from gitops_models.cli.log_ import clock
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step, say
from gitops_models.cli.replaying import open_replayed
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.audit.explaining import Explanation
    from gitops_models.audit.findings import Fault
    from gitops_models.workflows.inspect import Verification

TOUCHED = "GM-T618"


def command(
    context: typer.Context,
    *,
    pin: Annotated[str | None, typer.Option(metavar="OID", help="Replay from this commit instead of the pin.")] = None,
    why: Annotated[str | None, typer.Option("--explain", metavar="OID", help="Explain one step.")] = None,
) -> None:
    """Replay history and say whether it holds: steps, version tags, ledger."""
    from gitops_models.workflows.inspect import explain_step, verify

    options = of(context)
    session = open_replayed(options, pin)
    if why is not None:
        explanation = explain_step(session, why)
        emit(options, "Explanation", explanation_body(explanation), explanation_lines(explanation))
        next_step(options, "gm verify")
        return
    found = verify(session)
    emit(options, "Verification", _body(found), _lines(found))
    for one in found.waiting:
        say(options, f"warning: step {one.step.oid[:12]} waits for approvals; nothing is wrong with it")
    for seal in found.attached:
        if seal.code:
            say(options, f"warning: {seal.path}: {seal.code}: {visible(seal.detail)}")
    if not found.holds:
        raise _fault(found)
    next_step(options, "gm status")


def _fault(found: Verification) -> Exception:
    from gitops_models.errors import GmError

    blocking = [one for one in found.unaccepted if one.standing == "blocking"]
    if not blocking:
        first = found.faults[0]
        return GmError(first.code, first.what, where=first.where)
    step = blocking[-1].step
    codes = tuple(f"{one.step.oid[:12]}: {', '.join(one.codes)}" for one in blocking)
    scopes = ", ".join(sorted(step.scopes))
    return GmError(
        "GM-T601", f"step {step.oid[:12]} is {step.status} and blocks {scopes}", where=step.oid, details=codes
    )


def _fault_body(fault: Fault) -> dict[str, str]:
    return {"code": fault.code, "what": fault.what, "where": fault.where}


def _body(found: Verification) -> dict[str, Any]:
    newest = found.checkpoints.newest
    return {
        "holds": found.holds,
        "pin": found.pin,
        "tip": found.tip,
        "steps": found.steps,
        "unaccepted": [
            {
                "step": one.step.oid,
                "status": one.step.status,
                "standing": one.standing,
                "scopes": sorted(one.step.scopes),
                "events": [event.name for event in one.step.events],
                "codes": list(one.codes),
            }
            for one in found.unaccepted
        ],
        "blocked": {scope: {"step": why[0], "codes": list(why[1:])} for scope, why in found.blocked.items()},
        "faults": [_fault_body(fault) for fault in found.faults],
        "notices": [_fault_body(fault) for fault in found.notices],
        "compromised": [
            {
                "code": TOUCHED,
                "key": one.fingerprint,
                "step": one.step,
                "status": one.status,
                "how": list(one.how),
                "versions": [f"{model}@{version}" for model, version in one.versions],
            }
            for one in found.touched
        ],
        "checkpoints": {
            "made": len(found.checkpoints.made),
            "newest": {"accepted": newest.main, "at": newest.at} if newest else None,
        },
        "epochs": epoch_bodies(found.epochs),
        "lies": {step: list(said) for step, said in found.lies.items()},
        "attached": [
            {"version": one.version, "path": one.path, "by": one.by, "code": one.code, "detail": visible(one.detail)}
            for one in found.attached
        ],
    }


def _lines(found: Verification) -> Iterator[str]:
    for one in found.unaccepted:
        events = ", ".join(dict.fromkeys(event.name for event in one.step.events)) or "-"
        settled = "  settled since" if one.standing == "settled" else ""
        yield f"{one.step.oid[:12]}  {one.step.status}  {' '.join(one.codes) or '-'}  {events}{settled}"
    for scope, why in found.blocked.items():
        yield f"blocked: {scope} by {why[0][:12]} ({', '.join(why[1:]) or 'not accepted'})"
    for fault in found.faults:
        yield f"{fault.code}: {fault.what}"
    for notice in found.notices:
        yield f"note {notice.code}: {notice.what}"
    for touch in found.touched:
        about = ", ".join(f"{model}@{version}" for model, version in touch.versions) or "no version"
        how = " and ".join(touch.how)
        yield f"{TOUCHED}: {touch.step[:12]} ({touch.status}) {how} with {touch.fingerprint}: {about}"
    yield from epoch_lines(found.epochs)
    if newest := found.checkpoints.newest:
        yield f"checkpoint: {newest.main[:12]} at {newest.at} ({len(found.checkpoints.made)} in all)"
    for step, said in found.lies.items():
        yield from (f"{step[:12]} claims {lie}" for lie in said)
    for seal in found.attached:
        worth = f"by {seal.by}" if seal.code is None else f"does not hold ({seal.code})"
        yield f"signed: {seal.version} {seal.path.rpartition('/')[2]} {worth}"
    counts = ", ".join(f"{count} {status}" for status, count in found.steps.items()) or "no steps"
    outcome = "holds" if found.holds else "does not hold"
    yield f"history from {found.pin[:12]} to {found.tip[:12]} {outcome}: {counts}"


def explanation_body(found: Explanation) -> dict[str, Any]:
    """An explanation for ``--json``."""
    from gitops_models.policy.render import to_json

    step = found.step
    return {
        "step": step.oid,
        "status": step.status,
        "time": clock(step.at),
        "changeId": step.change_id,
        "events": [event.name for event in step.events],
        "released": step.released,
        "signers": [
            {
                "commit": one.oid,
                "what": one.what,
                "signature": one.signature.verdict,
                "code": one.signature.code,
                "key": one.signature.fingerprint,
                "actor": one.actor,
                "kind": one.kind,
                "roles": list(one.roles),
                "emailBelongs": one.email_ok,
                "touched": list(one.touched),
            }
            for one in found.signings
        ],
        "decisions": [
            {
                "person": one.person,
                "decision": one.decision,
                "created": clock(one.created),
                "record": one.sha256,
                "roles": list(found.roles.get(one.person or "", ())),
                "ignored": one.problem,
            }
            for one in found.opinions
        ],
        "acceptances": [
            {"by": one.by, "at": clock(one.at), "main": one.main, "decided": one.decided, "problem": one.problem}
            for one in found.acceptances
        ],
        "acceptedByMerge": found.own,
        "verdict": to_json(step.verdict) if step.verdict else None,
    }


def explanation_lines(found: Explanation) -> Iterator[str]:
    """An explanation for people."""
    from gitops_models.policy.render import finding_text, standing
    from gitops_models.policy.wording import phrase

    step = found.step
    yield f"step {step.oid}  {step.status}" + (f" at {clock(step.at)}" if step.at else "")
    yield from (f"  {phrase(event)}" for event in step.events)
    yield f"change {step.change_id or '-'}"
    yield "signed:"
    for one in found.signings:
        who = f"{one.actor} ({', '.join(one.roles) or one.kind})" if one.actor else one.signature.detail
        stranger = "" if one.email_ok or not one.actor else "  (the committer address is not theirs)"
        yield f"  {one.what} {one.oid[:12]}  {one.signature.verdict}  {who}{stranger}"
    for quorum in step.verdict.quorums if step.verdict else ():
        yield f"{quorum.what}: {standing(quorum)}"
        yield from (f"  missing: {role}" for role in quorum.missing)
        yield from (f"  ignored: {one.person} ({one.why})" for one in quorum.ignored)
    for opinion in found.opinions:
        roles = ", ".join(found.roles.get(opinion.person or "", ())) or "no role"
        note = f"  ignored: {opinion.problem}" if opinion.problem else ""
        reviewer = opinion.person or opinion.fingerprint
        yield f"decision: {reviewer} ({roles} then) {opinion.decision} at {clock(opinion.created)}{note}"
    for made in found.acceptances:
        outcome = "decided" if made.decided else made.problem or "did not decide"
        yield f"acceptance: {made.by or 'unknown key'} at {clock(made.at)}, {outcome}"
    if found.own:
        yield "acceptance: the merge is its own, there was no quorum of others to meet"
    for finding in step.verdict.findings if step.verdict else ():
        yield from finding_text(finding).split("\n")
