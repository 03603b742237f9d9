"""What rules look at: the change, the facts, the policy, and what follows from them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from gitops_models.policy.approvals import tally
from gitops_models.policy.authority import demand, joined
from gitops_models.policy.emergency import found_in
from gitops_models.policy.lkg import good_below, misfits
from gitops_models.policy.risk import effective_risk
from gitops_models.registry.events import Promoted, RolledBack, Undeployed, VersionRegistered
from gitops_models.registry.stack import LiveStack, StackEntry
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime

    from gitops_models.policy.approvals import Tally
    from gitops_models.policy.document import Policy
    from gitops_models.policy.emergency import Emergency
    from gitops_models.policy.facts import CommitFact, Facts
    from gitops_models.registry.change import Change, PathChange
    from gitops_models.registry.documents import Model, Risk
    from gitops_models.registry.snapshot import Snapshot

EventType = TypeVar("EventType")


@dataclass(frozen=True)
class Move:
    """One stage move with the live stacks that earlier events of the same change left.

    ``stack`` is the moved stage's own stack before the move, ``previous`` the stack of the stage before it in the
    policy's order (None for the first stage and for a stage that the policy does not list).
    """

    event: Promoted | RolledBack | Undeployed
    stack: LiveStack
    previous: LiveStack | None


@dataclass(frozen=True)
class Context:
    """The judge's view of one change. ``before`` is the accepted snapshot, ``after`` the one that would result."""

    change: Change
    facts: Facts
    policy: Policy

    @property
    def before(self) -> Snapshot:
        """The accepted state's documents."""
        return self.change.before

    @property
    def after(self) -> Snapshot:
        """The documents that the change would leave."""
        return self.change.after

    def of(self, *kinds: type[EventType]) -> Iterator[EventType]:
        """Return the events of these kinds, in order."""
        return (event for event in self.change.events if isinstance(event, kinds))

    def changed(self, *kinds: str) -> Iterator[PathChange]:
        """Return the changed paths of these kinds of place, sorted by path."""
        return (path for path in self.change.paths if path.place.kind in kinds)

    def commits(self, paths: Iterable[str]) -> tuple[CommitFact, ...]:
        """Return the proposal commits that touch one of ``paths``."""
        wanted = frozenset(paths)
        return tuple(commit for commit in self.facts.commits if not wanted.isdisjoint(commit.touched))

    def hands(self, *paths: str) -> frozenset[str]:
        """Return the ids of known actors who signed any commit that touches one of ``paths``, whatever became of it."""
        return frozenset(commit.signer for commit in self.commits(paths) if commit.signer is not None)

    def signers(self, path: str) -> frozenset[str]:
        """Return the ids of known actors who signed the very content that the change leaves at ``path``."""
        return frozenset(commit.signer for commit in self.sources(path) if commit.signer is not None)

    def sources(self, path: str) -> Iterator[CommitFact]:
        """Return the proposal commits that left at ``path`` what the change leaves there."""
        entry = self.after.entry(path)
        final = (path, entry.oid if entry else None)
        return (commit for commit in self.facts.commits if final in commit.blobs)

    def speaks(self, name: str, path: str) -> str | None:
        """Say why the document at ``path`` is not the word of ``name`` alone, or None when it is.

        They signed the content that results, and nobody else had a hand in the file on the way there.
        """
        if self.signers(path) == self.hands(path) == {name}:
            return None
        if name in self.signers(path):
            return f"{name}, touched by {', '.join(sorted(self.hands(path) - {name}))} too"
        return f"{name}, signed by {', '.join(sorted(self.signers(path))) or 'nobody known'}"

    @cached_property
    def models(self) -> tuple[str, ...]:
        """The models that the change touches, sorted."""
        return tuple(sorted({path.place.model for path in self.change.paths if path.place.model}))

    def model(self, name: str) -> Model | None:
        """Return the model's document after the change, else the accepted one."""
        return _model(self.after, name) or _model(self.before, name)

    def risk(self, name: str) -> Risk:
        """Return the effective risk of a model: the highest of old, new and floor."""
        return effective_risk(_model(self.before, name), _model(self.after, name), self.policy.floors)

    def registrars(self, model: str, version: str) -> frozenset[str]:
        """Who registered a version: by the accepted state (which forgets who did before the pin), or by this change."""
        known = self.facts.state.registered.get((model, version))
        author = {self.after.lineage(model, version).author} if self.after.has_version(model, version) else set()
        here = {event.version: event.paths for event in self.of(VersionRegistered) if event.model == model}
        return frozenset(author | (known.persons if known else frozenset()) | self.hands(*here.get(version, ())))

    @cached_property
    def tallies(self) -> tuple[Tally, ...]:
        """Every quorum that the events ask for, equal demands joined into one, in the order of events."""
        demands = [wanted for event in self.change.events if (wanted := demand(self, event)) is not None]
        return tuple(tally(self, wanted) for wanted in joined(demands))

    @cached_property
    def emergencies(self) -> tuple[Emergency, ...]:
        """What the change declares to be emergencies."""
        return tuple(found_in(self))

    @cached_property
    def moves(self) -> tuple[Move, ...]:
        """Every stage move, in stage order, each on the stacks that the ones before it left."""
        stacks: dict[tuple[str, str], LiveStack] = {}
        return tuple(self._move(event, stacks) for event in sorted(self._stage_events(), key=self._stage_position))

    def _stage_events(self) -> Iterator[Promoted | RolledBack | Undeployed]:
        return self.of(Promoted, RolledBack, Undeployed)

    def _stage_position(self, event: Promoted | RolledBack | Undeployed) -> int:
        position = self.policy.stage_index(event.stage)
        return len(self.policy.stages) if position is None else position

    def _move(self, event: Promoted | RolledBack | Undeployed, stacks: dict[tuple[str, str], LiveStack]) -> Move:
        position = self.policy.stage_index(event.stage)
        key = (event.model, event.stage)
        stack = self.facts.state.stack(*key)
        previous = None
        if position:
            before = (event.model, self.policy.stages[position - 1])
            previous = stacks.get(before) or self.facts.state.stack(*before)
        stacks[key] = _moved(stack, event, self.facts.at)
        return Move(event, stack, previous)

    def stacks_after(self, model: str) -> tuple[LiveStack, ...]:
        """Return the live stacks of a model that the change would leave, in the order of stages."""
        moved = {
            move.event.stage: _moved(move.stack, move.event, self.facts.at)
            for move in self.moves
            if move.event.model == model
        }
        return tuple(moved.get(stage) or self.facts.state.stack(model, stage) for stage in self.policy.stages)

    def last_known_good(
        self, model: str, stack: LiveStack, snapshot: Snapshot | None = None, *, spoilt: Collection[str] = ()
    ) -> str | None:
        """Return the nearest version below the top that nothing speaks against and that is not ``spoilt``."""
        suspect = self.facts.state.suspect
        good = good_below(snapshot or self.after, model, stack, self.model(model), suspect=suspect, spoilt=spoilt)
        return next((entry.version for entry in good), None)

    def misfits(self, model: str, version: str) -> tuple[str, ...]:
        """Return what consumers of the model need and this version's interface does not give."""
        return misfits(self.model(model), self.after.lineage(model, version))


def _moved(stack: LiveStack, event: Promoted | RolledBack | Undeployed, at: datetime | None) -> LiveStack:
    if isinstance(event, Promoted):
        return stack.push(StackEntry(event.to_version, event.lineage_sha256, None, at))
    return stack.pop_to(event.to_version) if isinstance(event, RolledBack) else stack.undeploy()


def _model(snapshot: Snapshot, name: str) -> Model | None:
    return snapshot.model(name) if snapshot.has_model(name) else None
