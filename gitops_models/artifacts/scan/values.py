"""What stands for a Python object while a pickle is followed: enough to know what would be called, never the object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from gitops_models.artifacts.scan.allow import CALLED
from gitops_models.artifacts.scan.source import Unread


class Unknown:
    """A value whose content decides nothing: a number, a long text, a set."""

    __slots__ = ()


UNKNOWN: Final = Unknown()
NUMBER: Final = Unknown()


class Row:
    """A list; what it holds decides nothing."""

    __slots__ = ()


@dataclass(eq=False, slots=True)
class Table:
    """A dict: what stands under its short text keys, as long as it is small."""

    items: dict[str, Any] = field(default_factory=dict)
    whole: bool = True  # whether every entry that was set is in ``items``

    def put(self, key: Any, value: Any) -> None:
        """Set one entry."""
        if type(key) is str and (key in self.items or len(self.items) < _MOST_ITEMS):
            self.items[key] = value
            return
        self.whole = False


_MOST_ITEMS = 64


@dataclass(frozen=True, slots=True)
class Imported:
    """A class or function by the name that it is imported under."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False, slots=True)
class Made:
    """What calling ``of`` gave."""

    of: Imported
    arguments: tuple[Any, ...] = ()
    built: bool = False


@dataclass(eq=False, slots=True)
class Dtype:
    """A NumPy dtype. ``size`` is that of one element in bytes, None until it is known."""

    kind: str
    size: int | None
    objects: bool
    built: bool = False


def is_no_text(value: Any) -> bool:
    """Whether a value is certainly no text: a name that was imported may stand for one, what a function gave too."""
    if isinstance(value, Imported | Made):
        of = value if isinstance(value, Imported) else value.of
        return (of.module, of.name) in CALLED and of.name.lstrip("_")[:1].isupper()  # a class of the list
    return isinstance(value, int | bytes | tuple | Row | Table | Dtype) or value is None


def fill(target: Any, pairs: list[Any]) -> None:
    """Set entries, keys and values by turns; Unread for a key without a value."""
    if len(pairs) % 2:
        raise Unread("sets a key without a value")
    if isinstance(target, Table):
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            target.put(key, value)
