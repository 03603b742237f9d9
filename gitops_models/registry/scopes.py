"""One scope of a snapshot: its files, and an index of names that is kept up without re-reading every path."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from gitops_models.registry.names import version_key
from gitops_models.registry.paths import Layout, Place

REGULAR = 0o100644
GITLINK = 0o160000
GroupKey = tuple[str, ...]
Member = str | int


class Entry(NamedTuple):
    """One file of a tree: Git's mode, and the object id in hex."""

    mode: int
    oid: str


class Scope(Mapping[str, Entry]):
    """The files of one scope by full path. Immutable; a successor shares what did not change."""

    def __init__(self, layout: Layout, entries: Mapping[str, Entry]) -> None:
        self._layout = layout
        self._entries = dict(entries)

    def __getitem__(self, path: str) -> Entry:
        return self._entries[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, path: object) -> bool:
        return path in self._entries

    def raw(self) -> dict[str, Entry]:
        """Return the dict itself, for comparison loops; never to be changed."""
        return self._entries

    def updated(self, changes: Mapping[str, Entry | None]) -> "Scope":
        """Return a scope with ``changes`` applied; None removes."""
        entries = dict(self._entries)
        for path, entry in changes.items():
            if entry is None:
                entries.pop(path, None)
            else:
                entries[path] = entry
        result = Scope(self._layout, {})
        result._entries = entries
        if "_groups" in self.__dict__:
            result.__dict__["_groups"] = self._regrouped(changes, entries)
        return result

    def members(self, *key: str) -> Iterable[Member]:
        """Return the names filed under ``key``, e.g. ``("stages",)`` or ``("holds", "production")``, unordered."""
        return self._groups.get(key, {})

    def has(self, member: Member, *key: str) -> bool:
        """Whether ``member`` is filed under ``key``."""
        return member in self._groups.get(key, {})

    def keys_of(self, first: str) -> list[GroupKey]:
        """Return every group key that starts with ``first``."""
        return [key for key in self._groups if key[0] == first]

    @cached_property
    def versions(self) -> tuple[str, ...]:
        """Registered versions in version order."""
        return tuple(sorted((str(version) for version in self.members("versions")), key=version_key))

    @cached_property
    def _groups(self) -> dict[GroupKey, dict[Member, None]]:
        groups: dict[GroupKey, dict[Member, None]] = {}
        for path in self._entries:
            found = _group(self._layout.classify(path))
            if found:
                groups.setdefault(found[0], {})[found[1]] = None
        return groups

    def _regrouped(
        self, changes: Mapping[str, Entry | None], entries: Mapping[str, Entry]
    ) -> dict[GroupKey, dict[Member, None]]:
        groups = dict(self._groups)
        for path in changes:
            found = _group(self._layout.classify(path))
            if found is None:
                continue
            key, member = found
            members = dict(groups.get(key, {}))
            if path in entries:
                members[member] = None
            else:
                members.pop(member, None)
            groups[key] = members
        return groups


# Per kind of place: the first word of its group key, the field that completes the key, and the field filed under it.
_FILED: dict[str, tuple[str, str | None, str]] = {
    "model": ("model", None, "model"),
    "lineage": ("versions", None, "version"),
    "pointer": ("pointers", "version", "name"),
    "evidence": ("evidence", "version", "name"),
    "stage-state": ("stages", None, "stage"),
    "hold": ("holds", "stage", "number"),
    "quarantine": ("quarantine", "version", "number"),
    "cause": ("causes", None, "name"),
    "status": ("status", None, "number"),
    "waiver": ("waivers", None, "name"),
}


def _group(place: Place | None) -> tuple[GroupKey, Member] | None:
    """Where a place is filed: a key and the member under it."""
    if place is None or place.kind not in _FILED:
        return None
    word, second, member = _FILED[place.kind]
    key = (word,) if second is None else (word, getattr(place, second))
    return key, getattr(place, member)
