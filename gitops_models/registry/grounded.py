"""A scope over files that are not read: one is looked up when it is asked for.

A registry of ten thousand versions is opened to judge a change of three files. Costs what is asked and what changed.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping

from gitops_models.registry.filings import VERSIONS, GroupKey, Member, beginning, filings
from gitops_models.registry.paths import POLICY_SCOPE, Layout
from gitops_models.registry.scopes import BARE, Entry, Scope

_UNSAID = object()


class Ground(Mapping[str, Entry]):
    """The unread files of one scope. They never change; what changes lies above them."""

    @abstractmethod
    def below(self, start: str) -> Iterator[str]:
        """Yield the paths that begin with ``start``."""

    @abstractmethod
    def ending(self, end: str) -> Iterator[str]:
        """Yield the paths that end with ``end``."""


class GroundedScope(Scope):
    """What changed over a ``Ground``; a file that is gone stands there as None."""

    def __init__(self, layout: Layout, scope: str, ground: Ground) -> None:
        self._layout = layout
        self._shards = BARE
        self._ground = ground
        self._root = "" if scope == POLICY_SCOPE else f"{layout.models}/{scope.partition(':')[2]}/"
        self._filed: dict[GroupKey, dict[Member, bool]] = {}

    @property
    def ground(self) -> Ground:
        """What lies unread under this scope."""
        return self._ground

    def changes(self) -> Iterator[tuple[str, Entry | None]]:
        """Yield what is other than in the ground; None for a file that is gone."""
        return ((path, entry) for shard in self._shards for path, entry in shard.items())

    def __getitem__(self, path: str) -> Entry:
        found = self._above(path)
        if found is _UNSAID:
            return self._ground[path]
        if found is None:
            raise KeyError(path)
        return found  # type: ignore[return-value]

    def __contains__(self, path: object) -> bool:
        found = self._above(path)
        return path in self._ground if found is _UNSAID else found is not None

    def __iter__(self) -> Iterator[str]:
        return iter(sorted((*self._unchanged(self._ground), *(path for path, entry in self.changes() if entry))))

    def __len__(self) -> int:
        return len(self._ground) + sum(bool(entry) - (path in self._ground) for path, entry in self.changes())

    def __bool__(self) -> bool:
        if self._shards is BARE:
            return len(self._ground) > 0
        return any(entry for _, entry in self.changes()) or len(self) > 0

    def ending(self, end: str) -> Iterator[str]:
        """Yield the paths that end with ``end``, unordered."""
        yield from self._unchanged(self._ground.ending(end))
        yield from (path for path, entry in self.changes() if entry and path.endswith(end))

    def differences(self, other: Scope) -> list[str]:
        """Return the paths whose file differs in ``other``, unordered; one ground under both costs nothing."""
        if not (isinstance(other, GroundedScope) and other.ground is self._ground):
            return [path for path in {*self, *other} if self.get(path) != other.get(path)]
        pairs = zip(self._shards, other._shards, strict=True)  # noqa: SLF001 - its own kind
        said = (mine.keys() | theirs.keys() for mine, theirs in pairs if mine is not theirs)
        return [path for paths in said for path in paths if self.get(path) != other.get(path)]

    def adopt_index(self, other: Scope, changed: Iterable[str]) -> None:
        """Take over the index of ``other``, from which this scope differs in the paths ``changed`` only."""
        if isinstance(other, GroundedScope) and other.ground is self._ground:
            super().adopt_index(other, changed)

    def members(self, *key: str) -> Iterator[Member]:
        """Return the names filed under ``key``, unordered."""
        mine, under = self._group(key), self._under(key)
        yield from (member for member in under if mine.get(member, True))
        yield from (member for member, present in mine.items() if present and member not in under)

    def has(self, member: Member, *key: str) -> bool:
        """Whether ``member`` is filed under ``key``."""
        known = self._group(key).get(member)
        if known is None and key == VERSIONS:
            # Asked for each version that a change names: a walk over all of them would cost what they cost.
            path = f"{self._root}versions/{member}/lineage.yaml"
            return (key, member) in filings(self._layout.classify(path)) and path in self._ground
        return member in self._under(key) if known is None else known

    def _successor(self, shards: list[dict[str, Entry]]) -> "GroundedScope":
        result = GroundedScope(self._layout, POLICY_SCOPE, self._ground)
        result._root, result._filed, result._shards = self._root, self._filed, tuple(shards)
        return result

    def _without(self, shard: dict[str, Entry], path: str) -> None:
        shard[path] = None  # type: ignore[assignment]

    def _above(self, path: object) -> object:
        return self._shard(path).get(path, _UNSAID)  # type: ignore[call-overload]

    def _unchanged(self, paths: Iterable[str]) -> Iterator[str]:
        return (path for path in paths if self._above(path) is _UNSAID)

    def _under(self, key: GroupKey) -> dict[Member, bool]:
        """What the ground files under ``key``; every scope over this ground reads it once."""
        if key not in self._filed:
            whole = key == VERSIONS  # most of the files of a model, and one of each version says that it is there
            paths = self._ground.ending("/lineage.yaml") if whole else self._ground.below(self._root + beginning(key))
            found = (filing for path in paths for filing in filings(self._layout.classify(path)))
            self._filed[key] = {member: True for at, member in found if at == key}
        return self._filed[key]
