"""What the judge answers: findings, the state of each quorum, and whether the change is allowed."""

from __future__ import annotations

from dataclasses import field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

How = Literal["signed", "forge", "proposer", "self"]

_APPROVALS = frozenset(("GM-P401", "GM-P404"))
_TIME = frozenset(("GM-P316", "GM-P317"))
PENDING = _APPROVALS | _TIME
"""Codes of what is still to come rather than wrong: approvals, their record, and the end of soak and freeze."""

OPINIONS = _APPROVALS | {"GM-P402"}
"""Codes that depend on what reviewers have said so far, not on what the change is."""


class Severity(StrEnum):
    """``deny`` refuses the change; ``warn`` and ``info`` are shown and change nothing."""

    DENY = "deny"
    WARN = "warn"
    INFO = "info"


@dataclass(frozen=True)
class Finding:
    """One coded reason of a verdict. ``where`` is a repository path, ``details`` are further lines for people.

    ``on_replay``: it only warns because the step is judged anew; whoever saw it live would have refused it.
    ``waiver`` is the accepted waiver that keeps it from refusing.
    """

    code: str
    severity: Severity
    message: str
    where: str | None = None
    hint: str | None = None
    details: tuple[str, ...] = ()
    on_replay: bool = False
    waiver: str | None = None


@dataclass(frozen=True)
class Counted:
    """One person who fills one slot of a quorum, how the decision came in, and when it says that it was made.

    Who agrees by signing the proposal itself has no time of his own.
    """

    role: str
    person: str
    how: How
    at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Ignored:
    """A decision that does not count here, with the reason."""

    person: str
    why: str


@dataclass(frozen=True)
class QuorumResult:
    """One demanded quorum: who fills it, what is missing, and who could fill that.

    ``what`` is the sentence part that names the event (``promotion of fraud@1.4.0 to production``), ``basis`` says
    where the demand comes from (``risk is high``). ``missing`` repeats a role once for each absent person. ``touch``:
    only what a touched hardware key signed counts.
    """

    what: str
    basis: str
    where: str | None
    required: tuple[str, ...]
    counted: tuple[Counted, ...] = ()
    missing: tuple[str, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    candidates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    touch: bool = False

    @property
    def met(self) -> bool:
        """Whether distinct persons fill every slot."""
        return not self.missing

    @property
    def needs_others(self) -> bool:
        """Whether anybody beside the proposer has to agree."""
        return bool(self.missing) or any(one.how in ("signed", "forge") for one in self.counted)


@dataclass(frozen=True)
class Verdict:
    """The judge's answer. Findings stand in rule order, then by path, so equal input gives equal output.

    ``recorded``: it takes effect with the record of its acceptance, although nobody else has to agree.
    """

    allowed: bool
    findings: tuple[Finding, ...]
    quorums: tuple[QuorumResult, ...]
    change_id: str
    recorded: bool = False

    @property
    def denials(self) -> tuple[Finding, ...]:
        """The findings that refuse the change."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.DENY)

    @property
    def codes(self) -> tuple[str, ...]:
        """The distinct codes of the denials, in order."""
        return tuple(dict.fromkeys(finding.code for finding in self.denials))

    def seen_live(self) -> Verdict:
        """Return the verdict of whoever sees the step for the first time: what warns on replay denies."""
        if not any(one.on_replay for one in self.findings):
            return self
        seen = (replace(one, severity=Severity.DENY) if one.on_replay else one for one in self.findings)
        return replace(self, allowed=False, findings=tuple(seen))

    @property
    def quorum_needed(self) -> bool:
        """Whether a record says when it was accepted, and what counted; without it the merge is its own acceptance."""
        return self.recorded or any(quorum.needs_others for quorum in self.quorums)

    @property
    def missing_only(self) -> bool:
        """Whether nothing but approvals and time is missing: the change is pending, not wrong."""
        return not self.allowed and all(finding.code in PENDING for finding in self.denials)


@dataclass(frozen=True)
class Simulated:
    """A verdict, and in words what was supposed where it rests on decisions that nobody made."""

    verdict: Verdict
    supposed: tuple[str, ...]
