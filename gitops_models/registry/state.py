"""The accepted state: what history amounts to once every step so far has been judged (DESIGN.md section 6)."""

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import datetime
from typing import NamedTuple, TypeVar

from gitops_models.registry import events as ev
from gitops_models.registry.change import Change
from gitops_models.registry.chronicle import Happening, happenings
from gitops_models.registry.grow import GrowingMap
from gitops_models.registry.paths import model_of
from gitops_models.registry.snapshot import Snapshot
from gitops_models.registry.stack import LiveStack, StackEntry
from gitops_models.registry.values import dataclass

_K = TypeVar("_K")
_V = TypeVar("_V")
ModelStage = tuple[str, str]
ModelVersion = tuple[str, str]
Versions = Mapping[str, None]  # an ordered set of versions: ask with `in`, iterate, or make a set of it


class Touch(NamedTuple):
    """The last accepted step that changed a mutable path; ``order`` counts steps."""

    order: int
    step: str


class Recorded(NamedTuple):
    """When a document was accepted: ``order`` counts steps, ``at`` is the acceptance's time."""

    order: int
    at: datetime | None


@dataclass(frozen=True)
class Registration:
    """The step that registered a version, who is behind it, and when it was accepted (None: before the pin)."""

    step: str | None
    persons: frozenset[str]
    at: datetime | None


@dataclass(frozen=True)
class Blocked:
    """Why a scope is blocked: the step that was not accepted, its change id and the codes of its verdict."""

    step: str
    change_id: str
    codes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class AcceptedState:
    """Accepted files with all that later judgements need to know of history.

    ``step`` and ``at`` are the last accepted step and its acceptance. ``stacks`` hold the live stack per (model,
    stage); ``touched`` the last accepted step per mutable path; ``weights`` the version that owns the sha256 of
    weights, or of a prompt where it has no weights; ``ever_staged`` every version that was once desired in (model,
    stage); ``evidence`` when evidence at a path was accepted (what the pin held is missing); ``chronicle`` what later
    judgements count, per model, oldest first; ``blocked`` the scopes whose newest step was not accepted; ``suspect``
    the versions that a key now declared compromised had a hand in.
    """

    snapshot: Snapshot
    step: str | None = None
    at: datetime | None = None
    index: int = 0
    stacks: Mapping[ModelStage, LiveStack] = field(default_factory=GrowingMap)
    touched: Mapping[str, Touch] = field(default_factory=GrowingMap)
    registered: Mapping[ModelVersion, Registration] = field(default_factory=GrowingMap)
    weights: Mapping[tuple[str, str], str] = field(default_factory=GrowingMap)
    ever_staged: Mapping[ModelStage, Versions] = field(default_factory=GrowingMap)
    evidence: Mapping[str, Recorded] = field(default_factory=GrowingMap)
    chronicle: Mapping[str, tuple[Happening, ...]] = field(default_factory=GrowingMap)
    blocked: Mapping[str, Blocked] = field(default_factory=dict)
    suspect: frozenset[ModelVersion] = frozenset()

    @classmethod
    def initial(
        cls, snapshot: Snapshot, step: str | None = None, *, touched: Mapping[str, str] | None = None
    ) -> "AcceptedState":
        """Return the state at the pin: stacks, weights and registrations come from its documents.

        ``touched`` may give the step before the pin that last changed a mutable path (oldest first), so that readers
        with different pins compute the same anchors. Raises the document's error if one at the pin is not valid.
        """
        versions = [(model, version) for model in snapshot.models() for version in snapshot.versions(model)]
        stacks = _stacks_at_pin(snapshot, step)
        weights: dict[tuple[str, str], str] = {}
        for model, version in versions:
            weights.update(_weights(snapshot, model, version))
        earlier = touched or {}
        return cls(
            snapshot,
            step,
            stacks=GrowingMap(stacks),
            touched=GrowingMap({path: Touch(n - len(earlier), oid) for n, (path, oid) in enumerate(earlier.items())}),
            registered=GrowingMap({key: Registration(step, frozenset(), None) for key in versions}),
            weights=GrowingMap(weights),
            ever_staged=GrowingMap(
                {key: GrowingMap({entry.version: None for entry in stack.versions}) for key, stack in stacks.items()}
            ),
        )

    def stack(self, model: str, stage: str) -> LiveStack:
        """Return the live stack of a stage, an empty one if nothing was ever live."""
        return self.stacks.get((model, stage)) or LiveStack()

    def anchor(self, change: Change) -> str | None:
        """Return the last accepted step that touched any mutable path of ``change``, or None."""
        touches = [self.touched[path] for path in change.mutable_paths() if path in self.touched]
        return max(touches).step if touches else None

    def accept(
        self, change: Change, *, step: str, at: datetime | None, persons: Iterable[str], change_id: str = ""
    ) -> "AcceptedState":
        """Return the state after an accepted change; costs as much as the change is large.

        ``change`` must be the difference to this very state (``ValueError``). ``persons`` are those behind the step:
        author, committer, proposer. ``change_id`` is what its approvals were bound to.
        """
        if change.before is not self.snapshot:
            raise ValueError("the change was computed against another state")
        index = self.index + 1
        people = frozenset(persons)
        new = {(event.model, event.version) for event in change.of(ev.VersionRegistered)}
        return replace(
            self,
            snapshot=change.after,
            step=step,
            at=at,
            index=index,
            stacks=_grown(self.stacks, self._moved(change, step, at)),
            touched=_grown(self.touched, dict.fromkeys(change.mutable_paths(), Touch(index, step))),
            registered=_grown(self.registered, dict.fromkeys(sorted(new), Registration(step, people, at))),
            weights=_grown(
                self.weights, {key: value for pair in new for key, value in _weights(change.after, *pair).items()}
            ),
            ever_staged=_grown(self.ever_staged, self._staged(change)),
            evidence=_grown(
                self.evidence, dict.fromkeys((path.path for path in change.added("evidence")), Recorded(index, at))
            ),
            chronicle=self._told(happenings(change, step=step, at=at, persons=people, change_id=change_id)),
            blocked={scope: why for scope, why in self.blocked.items() if scope not in change.scopes},
        )

    def block(
        self,
        scopes: Iterable[str],
        *,
        step: str,
        change_id: str,
        codes: Iterable[str],
        violation: Happening | None = None,
    ) -> "AcceptedState":
        """Return the state with ``scopes`` blocked by a step that was not accepted; files stay as accepted.

        ``violation`` is counted for the models among ``scopes``: the step was wrong, not just early.
        """
        why, names = Blocked(step, change_id, tuple(codes)), tuple(scopes)
        told = ((model_of(scope), replace(violation, order=self.index)) for scope in names if violation)
        return replace(self, blocked={**self.blocked, **dict.fromkeys(names, why)}, chronicle=self._told(told))

    def happened(self, model: str, *kinds: str) -> tuple[Happening, ...]:
        """Return what is told of a model (or of ``POLICY_SCOPE``) and is of these kinds, oldest first."""
        return tuple(one for one in self.chronicle.get(model, ()) if one.kind in kinds)

    def _told(self, told: Iterable[tuple[str, Happening]]) -> Mapping[str, tuple[Happening, ...]]:
        new: dict[str, tuple[Happening, ...]] = {}
        for model, happening in told:
            new[model] = (*new.get(model, self.chronicle.get(model, ())), happening)
        return _grown(self.chronicle, new) if new else self.chronicle

    def _moved(self, change: Change, step: str, at: datetime | None) -> dict[ModelStage, LiveStack]:
        moved: dict[ModelStage, LiveStack] = {}
        for back in change.of(ev.RolledBack):
            moved[back.model, back.stage] = self.stack(back.model, back.stage).pop_to(back.to_version)
        for new in change.of(ev.Promoted):
            entry = StackEntry(new.to_version, new.lineage_sha256, step, at)
            moved[new.model, new.stage] = self.stack(new.model, new.stage).push(entry)
        for gone in change.of(ev.Undeployed):
            moved[gone.model, gone.stage] = self.stack(gone.model, gone.stage).undeploy()
        return moved

    def _staged(self, change: Change) -> dict[ModelStage, Versions]:
        staged: dict[ModelStage, Versions] = {}
        for event in change.of(ev.StageMove):
            key = (event.model, event.stage)
            staged[key] = _grown(self.ever_staged.get(key, {}), {event.to_version: None})
        return staged


def _grown(mapping: Mapping[_K, _V], items: Mapping[_K, _V]) -> Mapping[_K, _V]:
    grown = mapping if isinstance(mapping, GrowingMap) else GrowingMap(mapping)
    return grown.updated(items)


def _weights(snapshot: Snapshot, model: str, version: str) -> dict[tuple[str, str], str]:
    return {(model, digest): version for digest in snapshot.lineage(model, version).own_digests()}


def _stacks_at_pin(snapshot: Snapshot, step: str | None) -> dict[ModelStage, LiveStack]:
    keys = [(model, stage) for model in snapshot.models() for stage in snapshot.stages(model)]
    states = [(key, snapshot.stage_state(*key)) for key in keys]
    return {
        key: LiveStack((StackEntry(state.version, state.lineage_sha256, step),), live=True)
        for key, state in states
        if state
    }
