"""A mapping that only grows, shared between states: adding costs what is added, not what is there."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")


class GrowingMap(Mapping[_K, _V]):
    """An immutable mapping with :meth:`updated`; keys can be added or replaced, never removed.

    A list of dicts of falling size, merged like a log-structured tree: a fold over n steps copies O(n log n) entries
    in all, where copying one dict a step would copy n squared. Under them may lie a mapping that is read on demand.
    """

    __slots__ = ("_layers", "_length")

    def __init__(self, items: Mapping[_K, _V] | None = None) -> None:
        self._layers: tuple[Mapping[_K, _V], ...] = (dict(items),) if items else ()
        self._length = len(items) if items else 0

    @classmethod
    def over(cls, base: Mapping[_K, _V]) -> "GrowingMap[_K, _V]":
        """Return a mapping that begins as ``base``, which must never change; nothing of it is read or copied."""
        result: GrowingMap[_K, _V] = cls()
        result._layers = (base,) if base else ()
        result._length = len(base)
        return result

    @property
    def base(self) -> Mapping[_K, _V] | None:
        """What this mapping was laid over; None once it was taken in, or where there was nothing."""
        return self._layers[0] if self._layers and not isinstance(self._layers[0], dict) else None

    def since(self, base: Mapping[_K, _V]) -> dict[_K, _V]:
        """Return what was added to ``base``, which must be this mapping's own."""
        return {key: value for layer in self._layers if layer is not base for key, value in layer.items()}

    def updated(self, items: Mapping[_K, _V]) -> "GrowingMap[_K, _V]":
        """Return a mapping that has ``items`` too; this one stays as it is."""
        if not items:
            return self
        layers = list(self._layers)
        newest = dict(items)
        while layers and len(layers[-1]) <= 2 * len(newest):
            newest = {**layers.pop(), **newest}
        result: GrowingMap[_K, _V] = GrowingMap()
        result._layers = (*layers, newest)
        result._length = self._length + sum(key not in self for key in items)
        return result

    def __getitem__(self, key: _K) -> _V:
        for layer in reversed(self._layers):
            if key in layer:
                return layer[key]
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return any(key in layer for layer in self._layers)

    def __iter__(self) -> Iterator[_K]:
        merged: dict[_K, None] = {}
        for layer in self._layers:
            merged.update(dict.fromkeys(layer))
        return iter(merged)

    def __len__(self) -> int:
        return self._length

    def __repr__(self) -> str:
        return f"GrowingMap({dict(self)!r})"
