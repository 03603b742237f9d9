"""One scope of a snapshot: its files, and an index of names that is kept up without re-reading every path."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from gitops_models.registry.filings import QUARANTINED, VERSIONS, GroupKey, Member, filings
from gitops_models.registry.grow import GrowingMap
from gitops_models.registry.names import version_key
from gitops_models.registry.paths import Layout

REGULAR = 0o100644
GITLINK = 0o160000


class Entry(NamedTuple):
    """One file of a tree: Git's mode, and the object id in hex."""

    mode: int
    oid: str


_SHARDS = 64
_EMPTY: dict[str, Entry] = {}
BARE = (_EMPTY,) * _SHARDS
_NOBODY: GrowingMap[Member, bool] = GrowingMap()


class Scope(Mapping[str, Entry]):
    """The files of one scope by full path, iterated in path order. Immutable; a successor shares what did not change.

    Files lie in a fixed number of small dicts by the hash of their path, so that a step copies and compares a few of
    them and not every file of a model with thousands of versions.
    """

    def __init__(self, layout: Layout, entries: Mapping[str, Entry]) -> None:
        shards: list[dict[str, Entry]] = [_EMPTY] * _SHARDS
        for path, entry in entries.items():
            index = hash(path) % _SHARDS
            if shards[index] is _EMPTY:
                shards[index] = {}
            shards[index][path] = entry
        self._layout = layout
        self._shards = tuple(shards)

    def __getitem__(self, path: str) -> Entry:
        return self._shard(path)[path]

    def __contains__(self, path: object) -> bool:
        return path in self._shard(path)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(path for shard in self._shards for path in shard))

    def __len__(self) -> int:
        return sum(map(len, self._shards))

    def updated(self, changes: Mapping[str, Entry | None]) -> "Scope":
        """Return a scope with ``changes`` applied; None removes."""
        shards = list(self._shards)
        for index in {hash(path) % _SHARDS for path in changes}:
            shards[index] = dict(shards[index])
        for path, entry in changes.items():
            if entry is None:
                self._without(shards[hash(path) % _SHARDS], path)
            else:
                shards[hash(path) % _SHARDS][path] = entry
        result = self._successor(shards)
        result.adopt_index(self, changes)
        return result

    def differences(self, other: "Scope") -> list[str]:
        """Return the paths whose file differs in ``other``, unordered; shared parts cost nothing."""
        found: list[str] = []
        for mine, theirs in zip(self._shards, other._shards, strict=True):  # noqa: SLF001 - its own kind
            if mine is not theirs:
                found += [path for path in mine.keys() | theirs.keys() if mine.get(path) != theirs.get(path)]
        return found

    def adopt_index(self, other: "Scope", changed: Iterable[str]) -> None:
        """Take over the index of ``other``, from which this scope differs in the paths ``changed`` only."""
        if "_groups" in self.__dict__ or "_groups" not in other.__dict__:
            return
        filed = [(path, filing) for path in changed for filing in filings(self._layout.classify(path))]
        updates: dict[GroupKey, dict[Member, bool]] = {}
        for path, (key, member) in filed:
            # A version that was once quarantined stays listed; its documents say what holds.
            updates.setdefault(key, {})[member] = path in self or key == QUARANTINED
        groups = other._groups  # noqa: SLF001 - its own kind
        self.__dict__["_groups"] = groups.updated(
            {key: groups.get(key, _NOBODY).updated(members) for key, members in updates.items()}
        )
        if VERSIONS not in updates and "versions" in other.__dict__:
            self.__dict__["versions"] = other.versions

    def ending(self, end: str) -> Iterator[str]:
        """Yield the paths that end with ``end``, unordered."""
        return (path for shard in self._shards for path in shard if path.endswith(end))

    def members(self, *key: str) -> Iterator[Member]:
        """Return the names filed under ``key``, e.g. ``("stages",)`` or ``("holds", "production")``, unordered."""
        return (member for member, present in self._group(key).items() if present)

    def has(self, member: Member, *key: str) -> bool:
        """Whether ``member`` is filed under ``key``."""
        return self._group(key).get(member, False)

    @cached_property
    def versions(self) -> tuple[str, ...]:
        """Registered versions in version order."""
        return tuple(sorted((str(version) for version in self.members(*VERSIONS)), key=version_key))

    def _shard(self, path: object) -> dict[str, Entry]:
        return self._shards[hash(path) % _SHARDS]

    def _successor(self, shards: list[dict[str, Entry]]) -> "Scope":
        result = Scope(self._layout, {})
        result._shards = tuple(shards)
        return result

    def _without(self, shard: dict[str, Entry], path: str) -> None:
        shard.pop(path, None)

    def _group(self, key: GroupKey) -> GrowingMap[Member, bool]:
        return self._groups.get(key, _NOBODY)

    @cached_property
    def _groups(self) -> GrowingMap[GroupKey, GrowingMap[Member, bool]]:
        groups: dict[GroupKey, dict[Member, bool]] = {}
        for shard in self._shards:
            for path in shard:
                for key, member in filings(self._layout.classify(path)):
                    # A version that was once quarantined stays listed; its documents say what holds.
                    groups.setdefault(key, {})[member] = path in self or key == QUARANTINED
        return GrowingMap({key: GrowingMap(members) for key, members in groups.items()})
