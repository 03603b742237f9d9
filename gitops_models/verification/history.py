"""What history amounts to: values that the fold produces and all readers share."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING, Literal

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gitops_models.policy.document import Policy
    from gitops_models.policy.facts import Facts
    from gitops_models.policy.verdict import Verdict
    from gitops_models.registry.change import Change
    from gitops_models.registry.documents import Actor, People, Repository
    from gitops_models.registry.events import Event
    from gitops_models.registry.paths import Layout
    from gitops_models.registry.snapshot import Entry
    from gitops_models.registry.state import AcceptedState
    from gitops_models.verification.steplog import Passed

Status = Literal["accepted", "pending", "denied", "restored", "untouched"]
How = Literal["signed", "approved", "accepted"]
LANDS: frozenset[Status] = frozenset({"accepted", "restored", "untouched"})
"""The statuses of steps that a door lets in."""


@dataclass(frozen=True)
class Hand:
    """A key that had a hand in a step: it signed ``commit``, a counted approval, or the record that accepted it."""

    how: How
    fingerprint: str
    commit: str | None = None


@dataclass(frozen=True)
class Step:
    """One first-parent commit of the line, judged against what was accepted before it.

    ``at`` is the acceptance's time, ``actor`` who made the step, ``proposers`` who signed what it brought,
    ``released`` the later step at which a late approval accepted it, ``hands`` the keys behind all this.
    """

    oid: str
    index: int
    status: Status
    events: tuple[Event, ...] = ()
    scopes: frozenset[str] = frozenset()
    change_id: str | None = None
    verdict: Verdict | None = None
    at: datetime | None = None
    actor: Actor | None = None
    proposers: tuple[str, ...] = ()
    reason: str | None = None
    released: str | None = None
    hands: tuple[Hand, ...] = ()


@dataclass(frozen=True)
class Pending:
    """A blocked step whose change can still be released by late approvals."""

    step: Step
    change: Change
    facts: Facts


@dataclass(frozen=True)
class History:
    """The accepted state at ``tip`` and how each step since ``pin`` was judged, oldest first.

    ``actual`` holds, for each blocked scope, the governed entries that the tip really has: they differ from the
    accepted ones in ``state``. ``skipped`` counts the first steps after the pin that are known but not kept here, and
    ``passed`` is what those came to that were judged in an earlier run.
    """

    repository: Repository
    layout: Layout
    pin: str
    tip: str
    state: AcceptedState
    policy: Policy
    people: People
    steps: tuple[Step, ...] = ()
    skipped: int = 0
    pending: Mapping[str, Pending] = field(default_factory=dict)
    actual: Mapping[str, Mapping[str, Entry]] = field(default_factory=dict)
    passed: Passed | None = None

    @property
    def length(self) -> int:
        """How many steps there are after the pin."""
        return self.skipped + len(self.steps)

    @property
    def fresh(self) -> tuple[Step, ...]:
        """The steps that were not judged in an earlier run."""
        earlier = self.passed.count if self.passed else 0
        return tuple(step for step in self.steps if step.index > earlier)

    def last_of(self, count: int) -> str | None:
        """The last of the first ``count`` steps (the pin where there are none); None where it is not known here."""
        if self.passed and count == self.passed.count:
            return self.passed.last
        if count == 0:
            return self.pin
        return self.steps[count - self.skipped - 1].oid if self.skipped < count <= self.length else None

    @property
    def statuses(self) -> dict[str, int]:
        """How many steps there are of each status, those that were skipped among them."""
        found = Counter(self.passed.statuses if self.passed else {})
        found.update(step.status for step in self.fresh)
        return dict(found)

    @property
    def unaccepted(self) -> tuple[Step, ...]:
        """Every step that is denied or pending, those that were skipped among them, oldest first."""
        late = (step for step in self.fresh if step.status in {"denied", "pending"})
        return (*(self.passed.unaccepted if self.passed else ()), *late)

    @property
    def decided(self) -> frozenset[str]:
        """Steps of ``steps`` that were accepted, or that nobody has to accept."""
        return frozenset(step.oid for step in self.steps if step.status in LANDS)

    @property
    def undecided(self) -> frozenset[str]:
        """Steps of ``steps`` that a word that they were accepted would change."""
        return frozenset(step.oid for step in self.steps if step.status not in LANDS)

    @property
    def blocked(self) -> frozenset[str]:
        """Scopes that stay at their accepted blobs."""
        return frozenset(self.state.blocked)

    def entries(self, scope: str) -> Mapping[str, Entry]:
        """The governed entries of ``scope`` that the tip's tree has, accepted or not."""
        return self.actual.get(scope, self.state.snapshot.scope(scope))
