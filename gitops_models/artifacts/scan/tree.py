"""Scanning a version's folder, or one file, as a reader would load it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from gitops_models.artifacts.scan.report import ScanReport
    from gitops_models.registry.documents import Lineage, Risk


def scan_tree(
    folder: Path,
    *,
    risk: Risk | None = None,
    lineage: Lineage | None = None,
    allow: Collection[str] = (),
) -> ScanReport:
    """Look into the files below ``folder`` (or one file) without loading any of them.

    With ``lineage`` only the artifacts of roles that a server loads are scanned, and the format that it states has to
    be that of the bytes. With ``risk`` high or critical only formats pass that cannot run code. ``allow`` are further
    names (``module.name``) that a pickle may import. GM-A101..A109 when a file cannot be read.
    """
    raise NotImplementedError
