"""Sorted lines that are looked up without reading all of them: ``<kind><key> TAB <value>``, key and value as JSON.

What lies in a table never changes. It is checked as a whole before it is believed, so nothing in it can turn out to be
damaged in the middle of a judgement.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from gitops_models.registry.grounded import Ground
from gitops_models.registry.scopes import REGULAR, Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["FILE", "KeptFiles", "KeptMap", "Table", "entry_of", "plain_entry", "render"]

FILE = "f"
"""The kind of line that holds a file: its key is scope and path."""

_K = TypeVar("_K")
_V = TypeVar("_V")


class Table:
    """The lines of ``data``, which ``render`` made; ``seal`` is what is said of them elsewhere: digest and counts."""

    def __init__(self, data: bytes, seal: Mapping[str, Any]) -> None:
        self._data = data
        self.seal = seal

    def find(self, kind: str, key: Any) -> bytes | None:
        """Return the value of a key as JSON, None where there is none."""
        start = _begin(kind, key) + b"\t"
        at = self._seek(start)
        return self._data[at + len(start) : self._data.index(b"\n", at)] if self._data.startswith(start, at) else None

    def keys(self, start: bytes) -> Iterator[Any]:
        """Yield the keys of the lines that begin with ``start``, in the order of their bytes."""
        at = self._seek(start)
        while self._data.startswith(start, at):
            yield json.loads(self._data[at + 1 : self._data.index(b"\t", at)])
            at = self._data.index(b"\n", at) + 1

    def ending(self, start: bytes, end: bytes) -> Iterator[Any]:
        """Yield the keys of the lines that begin with ``start`` and whose key ends with ``end``."""
        at, stop = self._seek(start), self._seek(start + b"\xff")
        while (found := self._data.find(end + b"\t", at, stop)) >= 0:
            yield json.loads(self._data[self._data.rfind(b"\n", 0, found) + 2 : found + len(end)])
            at = found + len(end)

    def _seek(self, wanted: bytes) -> int:
        """Return where the first line begins that is not before ``wanted``."""
        data, low, high = self._data, 0, len(self._data)
        while low < high:
            middle = (low + high) // 2
            start = max(data.rfind(b"\n", low, middle) + 1, low)
            end = data.index(b"\n", middle) + 1
            if data[start:end] < wanted:
                low = end
            else:
                high = start
        return low


def render(lines: Iterable[tuple[str, Any, Any]]) -> bytes:
    """Return the bytes of a table of kind, key and value."""
    return b"".join(sorted(_begin(kind, key) + b"\t" + _json(value) + b"\n" for kind, key, value in lines))


class KeptMap(Mapping[_K, _V]):
    """The lines of one kind as a mapping; ``read`` makes a value of what was kept."""

    def __init__(self, table: Table, kind: str, count: int, read: Callable[[Any], _V]) -> None:
        self.table = table
        self._kind = kind
        self._count = count
        self._read = read
        self._known: dict[_K, _V] = {}

    def __getitem__(self, key: _K) -> _V:
        if key not in self._known:
            found = self.table.find(self._kind, key)
            if found is None:
                raise KeyError(key)
            self._known[key] = self._read(json.loads(found))
        return self._known[key]

    def __contains__(self, key: object) -> bool:
        return key in self._known or self.table.find(self._kind, key) is not None

    def __iter__(self) -> Iterator[_K]:
        return (tuple(key) if isinstance(key, list) else key for key in self.table.keys(self._kind.encode()))  # type: ignore[misc]

    def __len__(self) -> int:
        return self._count


class KeptFiles(Ground):
    """The files of one scope."""

    def __init__(self, table: Table, scope: str, count: int) -> None:
        self.table = table
        self._scope = scope
        self._count = count
        self._known: dict[str, Entry] = {}

    def __getitem__(self, path: str) -> Entry:
        if path not in self._known:
            found = self.table.find(FILE, [self._scope, path])
            if found is None:
                raise KeyError(path)
            self._known[path] = entry_of(json.loads(found))
        return self._known[path]

    def __contains__(self, path: object) -> bool:
        return path in self._known or self.table.find(FILE, [self._scope, path]) is not None

    def __iter__(self) -> Iterator[str]:
        return self.below("")

    def __len__(self) -> int:
        return self._count

    def below(self, start: str) -> Iterator[str]:
        """Yield the paths that begin with ``start``."""
        return (path for _, path in self.table.keys(self._begin(start)))

    def ending(self, end: str) -> Iterator[str]:
        """Yield the paths that end with ``end``."""
        return (path for _, path in self.table.ending(self._begin(""), _json(end)[1:] + b"]"))

    def _begin(self, start: str) -> bytes:
        return _begin(FILE, [self._scope, start])[:-2]


def plain_entry(entry: Entry) -> str | list[int | str]:
    """Return a file's entry for JSON."""
    return entry.oid if entry.mode == REGULAR else [entry.mode, entry.oid]


def entry_of(kept: str | list[Any]) -> Entry:
    """Return the entry that ``plain_entry`` gave."""
    return Entry(REGULAR, kept) if isinstance(kept, str) else Entry(*kept)


def _begin(kind: str, key: Any) -> bytes:
    return kind.encode() + _json(key)


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
