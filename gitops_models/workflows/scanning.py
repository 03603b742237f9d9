"""Scanning a file, a folder or a registered version without loading anything of it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gitops_models.artifacts.fetch import fetch_version
from gitops_models.artifacts.scan import scan_tree
from gitops_models.policy.risk import model_risk
from gitops_models.workflows.naming import known_version
from gitops_models.workflows.remotes import pointers, reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitops_models.artifacts.scan import ScanReport
    from gitops_models.registry.documents import Risk
    from gitops_models.workflows.session import Session


def scan_version(
    session: Session,
    reference: str,
    *,
    allow: Sequence[str] = (),
    artifacts: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> ScanReport:
    """Scan the verified bytes of a version as its reader would, for the risk of its model; quarantined ones too.

    Raises GM-A3nn for bytes that are missing or other, GM-C1nn for a reference that names no version.
    """
    model, version = known_version(session, reference)
    accepted = session.accepted
    lineage = accepted.lineage(model, version)
    risk = model_risk(accepted.model(model), session.history.policy.floors)
    with TemporaryDirectory(prefix="gm-scan-") as folder:
        destination = Path(folder) / "version"
        remote = reader(session, artifacts)
        fetch_version(lineage, pointers(accepted, model, version), remote, destination, progress=progress)
        return scan_tree(destination, risk=risk, lineage=lineage, allow=allow)


def scan_path(path: Path, *, risk: Risk | None = None, allow: Sequence[str] = ()) -> ScanReport:
    """Scan a file or folder of this machine; GM-A101..A109 when it cannot be read."""
    return scan_tree(path, risk=risk, allow=allow)
