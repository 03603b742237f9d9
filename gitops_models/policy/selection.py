"""Which versions were made from an input that went bad: how far a rollback has to go, and what else it concerns.

A version descends from a data set or a commit of code when its own lineage names it, or when that of a version on which
it was built does (``base``, over models). What a document claims of it is never believed: whoever judges looks again.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, cast

from gitops_models.registry.events import CauseOpened, RolledBack, Undeployed
from gitops_models.registry.names import parse_reference
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from gitops_models.policy.context import Context
    from gitops_models.registry.change import Change
    from gitops_models.registry.documents import Cause, DataRef, Lineage, Poisoned
    from gitops_models.registry.snapshot import Snapshot

ModelVersion = tuple[str, str]


@dataclass(frozen=True)
class Descent:
    """Answers of one snapshot about one poisoned input; what was found is kept.

    ``follows`` are pairs of commits of which the second descends from the first (see ``Facts.follows``).
    """

    snapshot: Snapshot
    poisoned: Poisoned
    follows: Collection[tuple[str, str]] = ()
    _known: dict[ModelVersion, tuple[ModelVersion, str] | None] = field(default_factory=dict)

    def why(self, model: str, version: str) -> str | None:
        """Say how a version descends from the input, None when it does not. Costs its line of bases, once."""
        found = self._root((model, version))
        if found is None:
            return None
        root, how = found
        return how if root == (model, version) else f"built on {root[0]}@{root[1]}, which was {how}"

    def _root(self, at: ModelVersion) -> tuple[ModelVersion, str] | None:
        line: dict[ModelVersion, None] = {}
        step: ModelVersion | None = at
        while step is not None and step not in self._known and step not in line:
            line[step] = None
            step = self._look(step)
        found = self._known.get(step) if step is not None else None
        for one in line:
            self._known.setdefault(one, found)
        return self._known[at]

    def _look(self, at: ModelVersion) -> ModelVersion | None:
        """Keep what the lineage itself says; return the version to ask next, ``at`` where it has said all."""
        lineage = self.snapshot.lineage(*at) if self.snapshot.has_version(*at) else None
        how = made_from(lineage, self.poisoned, self.follows) if lineage else None
        if how is not None:
            self._known[at] = (at, how)
            return at
        return based_on(lineage) if lineage else None


def made_from(lineage: Lineage, poisoned: Poisoned, follows: Collection[tuple[str, str]] = ()) -> str | None:
    """Say how this lineage itself names the input, None when it does not."""
    if poisoned.data is not None:
        named = next((entry for entry in lineage.data if names(entry, poisoned.data)), None)
        if named is not None:
            return f"made from {_shown(named)}"
    commit = lineage.code.commit if lineage.code else None
    if commit is None or poisoned.commit is None:
        return None
    if commit == poisoned.commit:
        return f"made by commit {commit[:12]}"
    after = (poisoned.commit, commit) in follows
    return f"made by commit {commit[:12]}, which follows {poisoned.commit[:12]}" if after else None


def names(entry: DataRef, text: str) -> bool:
    """Whether ``text`` is the data set's name (any snapshot of it), NAME@SNAPSHOT, address or sha256.

    A snapshot alone is none: those of other data sets may be called the same.
    """
    both = f"{entry.name}@{entry.snapshot}" if entry.snapshot else None
    return text in {entry.name, both, entry.uri, entry.sha256}


def _shown(entry: DataRef) -> str:
    return f"{entry.name}@{entry.snapshot}" if entry.snapshot else entry.name


def poisonings(context: Context, model: str) -> Iterator[Cause]:
    """Yield the causes that the change opens for ``model`` and that name a poisoned input."""
    for event in context.of(CauseOpened):
        cause = cast("Cause", context.after.document(event.paths[0]))
        if event.model == model and cause.poisoned is not None:
            yield cause


def spoilt(context: Context, model: str, left: str | None) -> frozenset[str]:
    """Return the versions that persons name in this change as made from a poisoned input and that really are.

    ``left`` is the version that is taken out of service: what it was not made from is no reason to pass anything over.
    """
    found: set[str] = set()
    for cause in poisonings(context, model):
        descent = descent_of(context, cause)
        if left is None or not descent.why(model, left) or not _by_persons(context, cause):
            continue
        found |= {one for one in named(cause) if descent.why(model, one)}
    return frozenset(found)


def _by_persons(context: Context, cause: Cause) -> bool:
    """Whether only persons had a hand in a cause: automation does not choose how far to go back."""
    hands = context.hands(context.after.layout.cause_path(cause.model, cause.id))
    return bool(hands) and all(context.facts.people.person(name) is not None for name in hands)


def descent_of(context: Context, cause: Cause) -> Descent:
    """Return the answers about the input that ``cause``, which must name one, calls poisoned."""
    return Descent(context.after, cast("Poisoned", cause.poisoned), context.facts.follows)


def named(cause: Cause) -> tuple[str, ...]:
    """Return the versions that a cause names as made from a poisoned input."""
    return cause.poisoned.versions if cause.poisoned else ()


def commits_asked(change: Change) -> dict[str, frozenset[str]]:
    """Return, per commit that the change calls poisoned, the commits of code whose ancestry its judge may ask for."""
    found: dict[str, frozenset[str]] = {}
    for event in change.of(CauseOpened):
        poisoned = cast("Cause", change.after.document(event.paths[0])).poisoned
        if poisoned is not None and poisoned.commit is not None:
            moved = [one.to_version for one in change.of(RolledBack) if one.model == event.model]
            left = (one for one in change.events if isinstance(one, RolledBack | Undeployed))
            moved += [one.from_version for one in left if one.model == event.model and one.from_version is not None]
            code = code_commits(change.after, event.model, (*poisoned.versions, *moved))
            found[poisoned.commit] = found.get(poisoned.commit, frozenset()) | code
    return found


def code_commits(snapshot: Snapshot, model: str, versions: Iterable[str]) -> frozenset[str]:
    """Return the commits of code of these versions and of all that they were built on."""
    seen: set[ModelVersion] = set()
    found: set[str] = set()
    for version in versions:
        at = (model, version)
        while at not in seen and snapshot.has_version(*at):
            seen.add(at)
            lineage = snapshot.lineage(*at)
            found |= {lineage.code.commit} if lineage.code and lineage.code.commit else set()
            at = based_on(lineage) or at
    return frozenset(found)


def based_on(lineage: Lineage) -> ModelVersion | None:
    """Return the version that this one was built on, None where it names none."""
    if lineage.base is None:
        return None
    base = parse_reference(lineage.base)
    return base.model, str(base.version)
