"""gm verify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gitops_models.cli.epochs import epoch_bodies, epoch_lines
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step, say
from gitops_models.cli.replaying import open_replayed, open_with_progress, steps_bar
from gitops_models.cli.signedviews import signed_body, signed_lines, signed_warnings
from gitops_models.cli.waiverviews import waiver_body, waiver_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.audit.findings import Fault
    from gitops_models.cli.options import Options
    from gitops_models.workflows.verifying import Verification

TOUCHED = "GM-T618"


def command(
    context: typer.Context,
    *,
    pin: Annotated[str | None, typer.Option(metavar="OID", help="Judge all from this commit, not the pin.")] = None,
    why: Annotated[str | None, typer.Option("--explain", metavar="OID", help="Explain one step.")] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Judge again what this clone verified before.")] = False,
) -> None:
    """Replay history and say whether it holds: steps, version tags, ledger."""
    options = of(context)
    if why is not None:
        from gitops_models.cli.explanation import explanation_body, explanation_lines
        from gitops_models.workflows.inspect import explain_step

        session = open_replayed(options, pin, anew=anew)
        explanation = explain_step(session, why)
        emit(options, "Explanation", explanation_body(explanation), explanation_lines(explanation))
        next_step(options, "gm verify")
        return
    found = _verified(options, pin, anew=anew)
    emit(options, "Verification", _body(found), _lines(found))
    for one in found.waiting:
        say(options, f"warning: step {one.step.oid[:12]} waits for approvals; nothing is wrong with it")
    for warning in signed_warnings(found):
        say(options, f"warning: {warning}")
    if not found.holds:
        raise _fault(found)
    next_step(options, "gm status")


def _verified(options: Options, pin: str | None, *, anew: bool) -> Verification:
    from gitops_models.workflows.verifying import verify

    with steps_bar(options) as progress:
        session = open_with_progress(options, pin, progress, anew=anew)
        return verify(session, anew=anew or pin is not None, progress=progress)


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
        "waivers": [waiver_body(one) for one in found.waivers],
        **signed_body(found),
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
    yield from signed_lines(found)
    yield from waiver_lines(found.waivers)
    counts = ", ".join(f"{count} {status}" for status, count in found.steps.items()) or "no steps"
    outcome = "holds" if found.holds else "does not hold"
    yield f"history from {found.pin[:12]} to {found.tip[:12]} {outcome}: {counts}"
