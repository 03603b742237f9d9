"""A verdict as SARIF 2.1.0 (OASIS, 2020-03-27), which code scanning services and editors read.

Sections of the standard: 3.49 reportingDescriptor (one for each code that is given), 3.27 result, 3.28 location, 3.20
invocation. The approvals stand in the run's property bag (3.8): SARIF has no place of its own for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_models._version import __version__
from gitops_models.errors.codes import find_code
from gitops_models.policy.explain import explanations
from gitops_models.policy.render.jsons import quorum_json
from gitops_models.policy.render.words import docs, outcome, simulation
from gitops_models.policy.verdict import Severity
from gitops_models.registry.paths import GM_YAML
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.policy.verdict import Finding, Verdict

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.DENY: "error", Severity.WARN: "warning", Severity.INFO: "note"}
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")
"""What stands for itself in the path of a URI reference (RFC 3986, 2.3, and the slash)."""


def to_sarif(verdict: Verdict, *, simulated: Sequence[str] = ()) -> dict[str, Any]:
    """One log with one run. A finding about the whole change is placed at ``gm.yaml``: services want a file."""
    codes = list(dict.fromkeys(finding.code for finding in verdict.findings))
    driver = {"name": "gm", "version": __version__, "rules": [_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"gm-check/{visible(verdict.change_id)}"},
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {"REPOSITORY": {"description": {"text": "The root of the repository."}}},
        "invocations": [_invocation(simulated)],
        "results": [_result(finding, codes, simulated=bool(simulated)) for finding in verdict.findings],
        "properties": {
            "change": visible(verdict.change_id),
            "outcome": outcome(verdict),
            "simulated": [visible(one) for one in simulated],
            "quorums": [quorum_json(quorum) for quorum in verdict.quorums],
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> dict[str, Any]:
    """A code without a rule of its own (a fault of a document, say) is described by the table of codes."""
    entry = find_code(code)
    known = explanations()[code]
    rule = known.rule
    about = f"{rule.explanation} " if rule else ""
    return {
        "id": code,
        "shortDescription": {"text": entry.title},
        "fullDescription": {"text": rule.explanation if rule else entry.title},
        "help": {"text": f"{about}What to do: {entry.hint}. See {known.docs} and `gm policy explain {code}`."},
        # Absolute, as the standard wants it; the pages come with the program and have no address of their own.
        "helpUri": f"urn:gitops-models:{docs(code).removeprefix('docs/')}",
        "defaultConfiguration": {"level": LEVELS[rule.severity] if rule else "error"},
        "properties": {"kind": rule.kind.value if rule else "refusal", "since": rule.since if rule else 1},
    }


def _invocation(simulated: Sequence[str]) -> dict[str, Any]:
    said = simulation(simulated)
    notes = [{"level": "warning", "message": {"text": visible(said)}}] if said else []
    return {"executionSuccessful": True, "toolExecutionNotifications": notes}


def _result(finding: Finding, codes: Sequence[str], *, simulated: bool) -> dict[str, Any]:
    lines = [finding.message, *finding.details, *([f"hint: {finding.hint}"] if finding.hint else [])]
    text = "\n".join(visible(line) for line in lines)
    place = {"uri": _uri(finding.where or GM_YAML), "uriBaseId": "REPOSITORY"}
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": LEVELS[finding.severity],
        # In a message {0} is a placeholder and [a](b) a link (3.11.5, 3.11.6).
        "message": {"text": _literal(f"SIMULATION: {text}" if simulated else text)},
        "locations": [{"physicalLocation": {"artifactLocation": place, "region": {"startLine": 1}}}],
    }


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace("{", "{{").replace("}", "}}")


def _uri(path: str) -> str:
    """A relative reference, every byte that is not plain in percent form; no name can pose as a scheme or host."""
    data = path.encode("utf-8", "backslashreplace")
    quoted = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in data)
    return quoted.lstrip("/") or GM_YAML
