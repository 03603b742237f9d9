"""A verdict as workflow commands, which GitHub shows as annotations: ``::error file=…,title=GM-P401::…``.

A runner reads every line of a job's output that begins with ``::`` (or holds ``##[``) as a command, so whatever comes
from a document stays on the line of its own command: line ends, percent signs and, in properties, colons and commas
are escaped as actions/toolkit does (packages/core/src/command.ts).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.policy.render.words import disregarded, simulation, standing
from gitops_models.policy.verdict import Severity
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_models.policy.verdict import Finding, QuorumResult, Verdict

LEVELS = {Severity.DENY: "error", Severity.WARN: "warning", Severity.INFO: "notice"}


def to_github(verdict: Verdict, *, simulated: Sequence[str] = ()) -> str:
    """One command a line: each finding, then each quorum that is met (the others stand in their finding)."""
    return "".join(f"{line}\n" for line in _commands(verdict, simulated))


def _commands(verdict: Verdict, simulated: Sequence[str]) -> Iterator[str]:
    if said := simulation(simulated):
        yield _command("warning", None, "SIMULATION", [said])
    for finding in verdict.findings:
        mark = "SIMULATION " if simulated else ""
        yield _command(LEVELS[finding.severity], finding.where, f"{mark}{finding.code}", _lines(finding))
    for quorum in verdict.quorums:
        if quorum.met:
            yield _command("notice", quorum.where, "approvals", _approvals(quorum))


def _lines(finding: Finding) -> list[str]:
    return [finding.message, *finding.details, *([f"hint: {finding.hint}"] if finding.hint else [])]


def _approvals(quorum: QuorumResult) -> list[str]:
    return [f"{quorum.what}: {standing(quorum)}", *disregarded(quorum)]


def _command(level: str, where: str | None, title: str, lines: Sequence[str]) -> str:
    place = f"file={_property(visible(where))}," if where else ""
    text = "\n".join(visible(line) for line in lines)
    return f"::{level} {place}title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    """Escapes of the message part (``escapeData``); ``##[`` is the older runners' form of a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A").replace("##[", "##%5B")


def _property(text: str) -> str:
    """Escapes of a property (``escapeProperty``)."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
