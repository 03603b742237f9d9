"""One line of the audit: what one event of one step did, who stood behind it and what it claimed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from gitops_models.audit.exposure import Place
    from gitops_models.policy.verdict import How
    from gitops_models.verification.exposure import Exposure
    from gitops_models.verification.history import Status

MANNERS: dict[str, str] = {
    "self": "self-approved",
    "proposer": "as proposer",
    "signed": "signed",
    "forge": "forge review",
}


@dataclass(frozen=True)
class Approver:
    """A person whose agreement counted, the role it filled, and how it came in."""

    person: str
    role: str
    how: How

    def __str__(self) -> str:
        return f"{self.person} ({self.role}, {MANNERS[self.how]})"


@dataclass(frozen=True)
class Row:
    """One event of one step, every field recomputed.

    ``time`` is the acceptance's, None for a step that was not accepted. ``index`` counts steps from the pin,
    ``effect`` is the index of the step at which it took effect (later than ``index`` after a late approval).
    ``codes`` say why the step was not accepted, ``lies`` what its commits claim and is not so.
    ``impact`` names the consumers and targets that a move of a stage concerns. ``mode`` says of what
    was taken out of service whether that was normal or an emergency, ``ratified`` who agreed to that since. ``waived``
    names rules that waivers set aside for it, and these. ``exposure`` is the clock of a way back, ``places`` the same
    at each target that told of it.
    """

    index: int
    effect: int
    step: str
    status: Status
    event: str
    time: datetime | None = None
    model: str | None = None
    version: str | None = None
    stage: str | None = None
    from_version: str | None = None
    to_version: str | None = None
    actor: str | None = None
    proposers: tuple[str, ...] = ()
    approvers: tuple[Approver, ...] = ()
    reason: str | None = None
    risk: str | None = None
    change_id: str | None = None
    cause: str | None = None
    technique: str | None = None
    incident: str | None = None
    codes: tuple[str, ...] = ()
    lies: tuple[str, ...] = ()
    released: str | None = None
    impact: tuple[str, ...] = ()
    waived: tuple[str, ...] = ()
    mode: str | None = None
    ratified: tuple[str, ...] = ()
    exposure: Exposure | None = None
    places: tuple[Place, ...] = ()
