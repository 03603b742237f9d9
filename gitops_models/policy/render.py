"""A verdict as text for people, as JSON for programs, as annotations for a forge. Pure strings.

Everything that comes from documents or commits passes through ``visible`` so that no control or bidirectional
character reaches a terminal or a log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_models.policy.verdict import Severity
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitops_models.policy.verdict import Finding, QuorumResult, Verdict

WORDS = {Severity.DENY: "error", Severity.WARN: "warning", Severity.INFO: "note"}
GITHUB = {Severity.DENY: "error", Severity.WARN: "warning", Severity.INFO: "notice"}


def short(change_id: str) -> str:
    """Return the first 8 hex digits of a change id, as people use it."""
    return change_id[:8]


def docs(code: str) -> str:
    """Return the documentation entry of a code."""
    return f"docs/reference/codes.md#{code.lower()}"


def to_text(verdict: Verdict) -> str:
    """Return findings in the shape of every error of gm, then the standing of each quorum that is met."""
    blocks = [finding_text(finding) for finding in verdict.findings]
    blocks += [f"{visible(quorum.what)}: {visible(standing(quorum))}" for quorum in verdict.quorums if quorum.met]
    blocks.append(f"{outcome(verdict)}: change {short(verdict.change_id)}")
    return "\n".join(blocks) + "\n"


def outcome(verdict: Verdict) -> str:
    """Return ``allowed``, ``pending`` (nothing but approvals is missing) or ``denied``."""
    if verdict.allowed:
        return "allowed"
    return "pending" if verdict.missing_only else "denied"


def finding_text(finding: Finding) -> str:
    """One finding as its block of lines."""
    lines = [f"{WORDS[finding.severity]}[{finding.code}]: {visible(finding.message)}"]
    if finding.where:
        lines.append(f"  at {visible(finding.where)}")
    lines += [f"  {visible(detail)}" for detail in finding.details]
    if finding.hint:
        lines.append(f"  hint: {visible(finding.hint)}")
    return "\n".join([*lines, f"  docs: {docs(finding.code)}"])


def standing(quorum: QuorumResult) -> str:
    """``risk is high: needs raio and domain-lead; has raio (signed, lead2)``."""
    has = [f"{counted.role} ({counted.how}, {counted.person})" for counted in quorum.counted]
    touch = ", each with the touch of a hardware key" if quorum.touch else ""
    return f"{quorum.basis}: needs {listed(quorum.required) or 'nobody'}{touch}; has {listed(has) or 'none'}"


def listed(words: Iterable[str]) -> str:
    """Return ``a``, ``a and b`` or ``a, b and c``."""
    *most, last = [*words] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def to_json(verdict: Verdict) -> dict[str, Any]:
    """Return the verdict as one plain object with ``apiVersion`` and ``kind``."""
    return {
        "apiVersion": "gitops-models/v1",
        "kind": "Verdict",
        "change": verdict.change_id,
        "outcome": outcome(verdict),
        "allowed": verdict.allowed,
        "findings": [_finding_json(finding) for finding in verdict.findings],
        "quorums": [_quorum_json(quorum) for quorum in verdict.quorums],
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "message": visible(finding.message),
        "where": visible(finding.where) if finding.where else None,
        "details": [visible(detail) for detail in finding.details],
        "hint": visible(finding.hint) if finding.hint else None,
        "docs": docs(finding.code),
    }


def _quorum_json(quorum: QuorumResult) -> dict[str, Any]:
    return {
        "what": visible(quorum.what),
        "basis": quorum.basis,
        "where": quorum.where,
        "required": list(quorum.required),
        "touch": quorum.touch,
        "counted": [{"role": one.role, "person": one.person, "how": one.how} for one in quorum.counted],
        "missing": list(quorum.missing),
        "ignored": [{"person": visible(one.person), "why": visible(one.why)} for one in quorum.ignored],
        "candidates": {role: list(persons) for role, persons in quorum.candidates.items()},
    }


def to_github(verdict: Verdict) -> str:
    """Workflow commands, one line each: ``::error file=…,title=GM-P401::…``."""
    return "".join(f"{line}\n" for line in _annotations(verdict))


def _annotations(verdict: Verdict) -> Iterator[str]:
    for finding in verdict.findings:
        place = f"file={_property(visible(finding.where))}," if finding.where else ""
        hint = [f"hint: {visible(finding.hint)}"] if finding.hint else []
        text = "\n".join([visible(finding.message), *(visible(detail) for detail in finding.details), *hint])
        yield f"::{GITHUB[finding.severity]} {place}title={_property(finding.code)}::{_data(text)}"


def _data(text: str) -> str:
    """Escapes of the message part (actions/toolkit, packages/core/src/command.ts, escapeData)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escapes of a property (same source, escapeProperty)."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
