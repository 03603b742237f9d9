"""Whether a model file can run code when it is loaded: read byte by byte, never imported, never unpickled."""

from gitops_models.artifacts.scan.report import Finding, Scanned, ScanReport
from gitops_models.artifacts.scan.tree import scan_tree

__all__ = ["Finding", "ScanReport", "Scanned", "scan_tree"]
