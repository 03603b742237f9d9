"""How the explanation of one step is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_models.cli.log_ import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.audit.explaining import Explanation, Judge, Signing
    from gitops_models.audit.weighing import Weighed
    from gitops_models.policy.facts import Signature


def explanation_body(found: Explanation) -> dict[str, Any]:
    """An explanation for ``--json``."""
    from gitops_models.policy.render.jsons import to_json

    step, seen = found.step, found.checkpoint
    return {
        "step": step.oid,
        "status": step.status,
        "time": clock(step.at),
        "changeId": step.change_id,
        "events": [event.name for event in step.events],
        "released": step.released,
        "signers": [_signer_body(one) for one in found.signings],
        "decisions": [_decision_body(one, found.roles) for one in found.decisions],
        "acceptances": [
            {"by": one.by, "at": clock(one.at), "main": one.main, "decided": one.decided, "problem": one.problem}
            for one in found.acceptances
        ],
        "acceptedByMerge": found.own,
        "notRecords": [{"code": one.code, "what": one.detail, "commit": one.commit} for one in found.junk],
        "checkpoint": {"accepted": seen.main, "at": seen.at} if seen else None,
        "judgedBy": _judge_body(found.judge),
        "verdict": to_json(step.verdict) if step.verdict else None,
    }


def _signer_body(one: Signing) -> dict[str, Any]:
    return {
        "commit": one.oid,
        "what": one.what,
        "signature": one.signature.verdict,
        "code": one.signature.code,
        "scheme": one.signature.scheme,
        "key": one.signature.fingerprint,
        "touch": one.signature.touch,
        "pin": one.signature.pin,
        "actor": one.actor,
        "kind": one.kind,
        "roles": list(one.roles),
        "emailBelongs": one.email_ok,
        "touched": list(one.touched),
        "compromisedSince": one.compromised,
    }


def _decision_body(one: Weighed, roles: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    said = one.opinion
    return {
        "person": said.person,
        "decision": said.decision,
        "created": clock(said.created),
        "record": said.sha256,
        "roles": list(roles.get(said.person or "", ())),
        "counted": list(one.counted),
        "ignored": one.ignored,
    }


def _judge_body(judge: Judge) -> dict[str, Any]:
    return {
        "at": judge.point,
        "policy": judge.policy,
        "version": judge.version,
        "sha256": judge.sha256,
        "rules": [{"code": code, "title": title, "outcome": outcome} for code, title, outcome in judge.rules],
    }


def explanation_lines(found: Explanation) -> Iterator[str]:
    """An explanation for people."""
    from gitops_models.policy.render.text import finding_text
    from gitops_models.policy.render.words import standing
    from gitops_models.policy.wording import phrase

    step = found.step
    yield f"step {step.oid}  {step.status}" + (f" at {clock(step.at)}" if step.at else "")
    yield from (f"  {phrase(event)}" for event in step.events)
    yield f"change {step.change_id or '-'}"
    yield "signed:"
    for one in found.signings:
        who = f"{one.actor} ({', '.join(one.roles) or one.kind})" if one.actor else one.signature.detail
        stranger = "" if one.email_ok or not one.actor else "  (the committer address is not theirs)"
        lost = f"  (declared compromised since {one.compromised[:12]})" if one.compromised else ""
        yield f"  {one.what} {one.oid[:12]}  {one.signature.verdict}  {who}{_hardware(one.signature)}{stranger}{lost}"
    for quorum in step.verdict.quorums if step.verdict else ():
        yield f"{quorum.what}: {standing(quorum)}"
        yield from (f"  missing: {role}" for role in quorum.missing)
        yield from (f"  ignored: {one.person} ({one.why})" for one in quorum.ignored)
    for weighed in found.decisions:
        opinion = weighed.opinion
        roles = ", ".join(found.roles.get(opinion.person or "", ())) or "no role"
        note = f"  counted as {', '.join(weighed.counted)}" if weighed.counted else ""
        note = f"  ignored: {weighed.ignored}" if weighed.ignored else note
        reviewer = opinion.person or opinion.fingerprint
        yield f"decision: {reviewer} ({roles} then) {opinion.decision} at {clock(opinion.created)}{note}"
    for made in found.acceptances:
        outcome = "decided" if made.decided else f"did not count: {made.problem}"
        yield f"acceptance: {made.by or 'unknown key'} at {clock(made.at)}, {outcome}"
    if found.own:
        yield "acceptance: the merge is its own, there was no quorum of others to meet"
    yield from (f"no record: {one.detail} ({one.code})" for one in found.junk)
    if found.checkpoint:
        yield f"checkpoint: seen by {found.checkpoint.main[:12]} at {found.checkpoint.at}"
    judge = found.judge
    passed = sum(outcome == "passed" for _, _, outcome in judge.rules)
    if judge.rules:
        yield f"rules: {passed} of {len(judge.rules)} found nothing, by policy {judge.policy} version {judge.version}"
    for finding in step.verdict.findings if step.verdict else ():
        yield from finding_text(finding).split("\n")


def _hardware(signature: Signature) -> str:
    """What a hardware key vouches for: whether somebody touched it, and knew its PIN."""
    if signature.touch is None:
        return ""
    return (
        f"  (hardware key, {'touched' if signature.touch else 'not touched'}{', PIN entered' if signature.pin else ''})"
    )
