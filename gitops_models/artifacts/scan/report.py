"""What a scan finds: values only."""

from __future__ import annotations

from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass

MAX_FINDINGS = 64  # of one file: whoever sees the first already knows enough

CODE = "GM-A701"
UNREAD = "GM-A702"
TOO_MUCH = "GM-A703"
UNKNOWN = "GM-A704"
NOT_FOR_RISK = "GM-A705"
IS_SOURCE = "is source code"


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason not to load a file.

    ``path`` names the file below what was scanned, members of archives behind ``!``. ``offset`` counts bytes of the
    unpacked member where that is known.
    """

    path: str
    code: str
    what: str
    offset: int | None = None

    def __str__(self) -> str:
        at = "" if self.offset is None else f" (byte {self.offset})"
        return visible(f"{self.path}: {self.what}{at}")


@dataclass(frozen=True, slots=True)
class Scanned:
    """One file that was looked into: its format by its bytes, and every name that loading it would import."""

    path: str
    format: str | None
    size: int
    imports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What was scanned and why it is not to be loaded; clean without findings."""

    files: tuple[Scanned, ...]
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing speaks against loading these files."""
        return not self.findings
