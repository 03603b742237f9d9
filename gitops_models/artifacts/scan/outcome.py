"""What looking into one member came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.artifacts.scan.report import TOO_MUCH, UNREAD, Finding
from gitops_models.artifacts.scan.source import TooMuch
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from gitops_models.artifacts.scan.source import Unread


@dataclass(frozen=True)
class Outcome:
    """The format by the bytes (None where it is not known), what speaks against loading it, what it imports."""

    format: str | None
    findings: tuple[Finding, ...] = ()
    imports: tuple[str, ...] = ()

    def and_(self, *others: Outcome) -> Outcome:
        """Give this format with the findings and imports of all."""
        every = (self, *others)
        findings = dict.fromkeys(finding for one in every for finding in one.findings)
        imports = dict.fromkeys(name for one in every for name in one.imports)
        return Outcome(self.format, tuple(findings), tuple(imports))


def unread(path: str, problem: Unread, offset: int | None = None) -> Finding:
    """Turn a reason not to go on into a finding."""
    return Finding(path, TOO_MUCH if isinstance(problem, TooMuch) else UNREAD, str(problem), offset)
