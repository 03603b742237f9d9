"""scan: the files are looked into for what would run when they are loaded; nothing of them is loaded here.

What a version is made of is agreed to with its promotion: that a format is not for the risk, or not looked into, bars
no way back and nothing that a waiver let in; what runs code does. The healing of what is live is never barred: the
bytes that it replaces are worse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.delivery.checks.agreed import heals, is_waived, leads_back
from gitops_models.delivery.checks.base import Finding
from gitops_models.policy.risk import model_risk

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from gitops_models.delivery.checks.base import Subject

_FORMATS = "GM-P321"
_SHOWN = 3


def run(subject: Subject, allow: Collection[str] = (), *, stop: Callable[[], bool] | None = None) -> Finding:
    """Scan the folder with the risk of the model that is served, until ``stop`` says that nobody waits.

    Raises GM-A1xx where a file cannot be read.
    """
    from gitops_models.artifacts.scan import scan_tree  # noqa: PLC0415 - only where a switch is made
    from gitops_models.artifacts.scan.report import NOT_FOR_RISK, UNKNOWN  # noqa: PLC0415 - as above

    if subject.folder is None:
        return Finding(None, message="no folder of it is known here")
    history = subject.history
    snapshot = history.state.snapshot
    lineage = snapshot.lineage(subject.wanted.source, subject.wanted.version)
    risk = model_risk(snapshot.model(subject.wanted.model), history.policy.floors)
    report = scan_tree(subject.folder, risk=risk, lineage=lineage, allow=allow, stop=stop)
    values: dict[str, float | str] = {
        "files": len(report.files),
        "findings": len(report.findings),
        "codes": ", ".join(sorted({found.code for found in report.findings})),
    }
    agreed = leads_back(subject) or is_waived(subject, _FORMATS)
    left = [found for found in report.findings if not (agreed and found.code in (NOT_FOR_RISK, UNKNOWN))]
    shown = left or report.findings
    return Finding(not left or heals(subject), values, "; ".join(str(found) for found in shown[:_SHOWN]))
