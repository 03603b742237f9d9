"""scan: the files are looked into for what would run when they are loaded; nothing of them is loaded here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.delivery.checks.base import Finding
from gitops_models.policy.risk import model_risk

if TYPE_CHECKING:
    from collections.abc import Collection

    from gitops_models.delivery.checks.base import Subject

_SHOWN = 3


def run(subject: Subject, allow: Collection[str] = ()) -> Finding:
    """Scan the folder with the risk of the model that is served. Raises GM-A1xx where a file cannot be read."""
    from gitops_models.artifacts.scan import scan_tree  # noqa: PLC0415 - only where a switch is made

    if subject.folder is None:
        return Finding(None, message="no folder of it is known here")
    history = subject.history
    snapshot = history.state.snapshot
    lineage = snapshot.lineage(subject.wanted.source, subject.wanted.version)
    risk = model_risk(snapshot.model(subject.wanted.model), history.policy.floors)
    report = scan_tree(subject.folder, risk=risk, lineage=lineage, allow=allow)
    values: dict[str, float | str] = {
        "files": len(report.files),
        "findings": len(report.findings),
        "codes": ", ".join(sorted({found.code for found in report.findings})),
    }
    return Finding(report.clean, values, "; ".join(str(found) for found in report.findings[:_SHOWN]))
