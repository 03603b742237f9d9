"""A verdict as text for people, in the shape of every error of gm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.policy.render.words import disregarded, docs, outcome, short, simulation, standing
from gitops_models.policy.verdict import Severity
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_models.policy.verdict import Finding, Verdict

WORDS = {Severity.DENY: "error", Severity.WARN: "warning", Severity.INFO: "note"}


def to_text(verdict: Verdict, *, simulated: Sequence[str] = ()) -> str:
    """Return the findings, then the standing of each quorum that is met, then what it comes to.

    A quorum that is not met stands in its finding. A simulation says so before and after everything else.
    """
    said = visible(simulation(simulated))
    blocks = [said] if said else []
    blocks += [finding_text(finding) for finding in verdict.findings]
    blocks += _met(verdict)
    blocks += [said] if said else []
    blocks.append(f"{outcome(verdict)}{' in the simulation' if said else ''}: change {short(verdict.change_id)}")
    return "\n".join(blocks) + "\n"


def _met(verdict: Verdict) -> Iterator[str]:
    for quorum in verdict.quorums:
        if quorum.met:
            yield f"{visible(quorum.what)}: {visible(standing(quorum))}"
            yield from (f"  {visible(line)}" for line in disregarded(quorum))


def finding_text(finding: Finding) -> str:
    """One finding as its block of lines."""
    lines = [f"{WORDS[finding.severity]}[{finding.code}]: {visible(finding.message)}"]
    if finding.where:
        lines.append(f"  at {visible(finding.where)}")
    lines += [f"  {visible(detail)}" for detail in finding.details]
    if finding.hint:
        lines.append(f"  hint: {visible(finding.hint)}")
    return "\n".join([*lines, f"  docs: {docs(finding.code)}"])
