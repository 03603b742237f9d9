"""A verdict as one plain object for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_models.policy.render.words import docs, outcome
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.policy.verdict import Finding, QuorumResult, Verdict


def to_json(verdict: Verdict, *, simulated: Sequence[str] = ()) -> dict[str, Any]:
    """Return the verdict with ``apiVersion`` and ``kind``; ``simulated`` is there only where it is a simulation."""
    return {
        "apiVersion": "gitops-models/v1",
        "kind": "Verdict",
        **({"simulated": [visible(one) for one in simulated]} if simulated else {}),
        "change": verdict.change_id,
        "outcome": outcome(verdict),
        "allowed": verdict.allowed,
        "findings": [finding_json(finding) for finding in verdict.findings],
        "quorums": [quorum_json(quorum) for quorum in verdict.quorums],
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """One finding."""
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "message": visible(finding.message),
        "where": visible(finding.where) if finding.where else None,
        "details": [visible(detail) for detail in finding.details],
        "hint": visible(finding.hint) if finding.hint else None,
        "waiver": finding.waiver,
        "docs": docs(finding.code),
    }


def quorum_json(quorum: QuorumResult) -> dict[str, Any]:
    """One quorum: who counts, who does not and why, who is missing and who could fill that."""
    return {
        "what": visible(quorum.what),
        "basis": quorum.basis,
        "where": visible(quorum.where) if quorum.where else None,
        "required": list(quorum.required),
        "touch": quorum.touch,
        "counted": [{"role": one.role, "person": one.person, "how": one.how} for one in quorum.counted],
        "missing": list(quorum.missing),
        "ignored": [{"person": visible(one.person), "why": visible(one.why)} for one in quorum.ignored],
        "candidates": {role: list(persons) for role, persons in quorum.candidates.items()},
    }
