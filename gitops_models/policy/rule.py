"""What a rule is: a small function over the context, with the metadata that reports and documentation need."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from gitops_models.errors import find_code
from gitops_models.policy.verdict import Finding, Severity
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gitops_models.policy.context import Context


class Kind(StrEnum):
    """Integrity is judged for ever; admission once, by whoever sees the step live (DESIGN.md section 6)."""

    INTEGRITY = "integrity"
    ADMISSION = "admission"


@dataclass(frozen=True)
class Problem:
    """One violation that a rule saw, before it becomes a finding.

    ``warns``: it is told and refuses nothing, although the rule denies elsewhere.
    """

    message: str
    where: str | None = None
    details: tuple[str, ...] = ()
    hint: str | None = None
    warns: bool = False


@dataclass(frozen=True)
class Rule:
    """One rule. ``explanation`` says what must hold and why; ``since`` is the rule set that brought it.

    ``restoring`` marks rules that also judge a change which only restores accepted content. ``waivable``: an accepted
    waiver may let it only warn about a model.
    """

    code: str
    check: Callable[[Context], Iterable[Problem]]
    explanation: str
    kind: Kind = Kind.INTEGRITY
    severity: Severity = Severity.DENY
    since: int = 1
    restoring: bool = False
    waivable: bool = False

    @property
    def title(self) -> str:
        """The name of the fault, from the table of codes."""
        return find_code(self.code).title

    @property
    def remedy(self) -> str:
        """What to do about it, from the table of codes."""
        return find_code(self.code).hint

    def findings(self, context: Context) -> tuple[Finding, ...]:
        """Apply the rule. On replay an admission rule warns instead of denying."""
        soft = self.kind is Kind.ADMISSION and not context.facts.live
        denies = self.severity is Severity.DENY
        return tuple(
            Finding(
                self.code,
                Severity.WARN if soft or problem.warns else self.severity,
                problem.message,
                problem.where,
                problem.hint or self.remedy,
                problem.details,
                on_replay=soft and denies and not problem.warns,
            )
            for problem in self.check(context)
        )
