"""Dataclasses whose methods are compiled when they have been called often.

``dataclasses`` compiles up to six methods for each class while its module is imported, a millisecond a class; a command
imports some two hundred and makes a few instances of a third of them. Here fields and defaults are there at once, the
first calls are answered from the fields, and what is called often ``dataclasses`` compiles. See ADR 0010.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass
else:

    def dataclass(cls: type | None = None, /, **options: Any) -> Any:
        """As ``dataclasses.dataclass``, for the options ``eq``, ``frozen``, ``kw_only`` and ``slots``.

        At once for a class with slots, which becomes another one. What inherits from a class made here is made here.
        """
        if cls is None:
            return lambda made: dataclass(made, **options)
        if options.get("slots"):
            return dataclasses.dataclass(**options)(cls)
        return _prepared(cls, **options)


OFTEN = 32
_MISSING = dataclasses.MISSING


def _prepared(cls: Any, *, eq: bool = True, frozen: bool = False, kw_only: bool = False) -> Any:
    """Have ``dataclasses`` find the fields of ``cls`` and write no method; then put ours there."""
    own = set(cls.__dict__)
    dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)
    late = _Late(cls, eq=eq, frozen=frozen)
    for name in late.methods:
        if name not in own:
            setattr(cls, name, late.method(name))
    if eq and not frozen and "__hash__" not in own:
        cls.__hash__ = None  # as dataclasses does: what may change is no key
    if frozen:
        _freeze(cls)
    return cls


class _Late:
    """The methods of one class that are not compiled yet, and how often they were called."""

    def __init__(self, cls: Any, *, eq: bool, frozen: bool) -> None:
        self.cls, self.eq, self.frozen, self.calls = cls, eq, frozen, 0
        self.fields = dataclasses.fields(cls)
        self.methods: dict[str, Callable[..., Any]] = {"__init__": self.fill, "__repr__": self.compiled("__repr__")}
        if eq:
            self.methods["__eq__"] = self.equal
        if eq and frozen:
            self.methods["__hash__"] = self.hash

    def method(self, name: str) -> Callable[..., Any]:
        slow, fast = self.methods[name], self.compiled(name)

        def called(one: object, *args: Any, **named: Any) -> Any:
            self.calls += 1
            return (slow if self.calls < OFTEN else fast)(one, *args, **named)

        called.__name__, called.__qualname__ = name, f"{self.cls.__qualname__}.{name}"
        return called

    def compiled(self, name: str) -> Callable[..., Any]:
        def called(*args: Any, **named: Any) -> Any:
            return self.compile()[name](*args, **named)

        return called

    def compile(self) -> dict[str, Callable[..., Any]]:
        """Give the class the methods that ``dataclasses`` makes for its twin; done twice at once it does no harm."""
        inherited = {"__module__": self.cls.__module__, "__qualname__": self.cls.__qualname__}
        if hasattr(self.cls, "__post_init__"):
            inherited["__post_init__"] = self.cls.__post_init__
        names = {field.name: field for field in self.fields}
        types = {"__annotations__": {name: field.type for name, field in names.items()}}
        twin = type(self.cls.__name__, (), {**inherited, **types, **names})
        dataclasses.dataclass(eq=self.eq, frozen=self.frozen)(twin)
        made = {name: twin.__dict__[name] for name in self.methods}
        for name, function in made.items():
            if getattr(self.cls.__dict__[name], "__closure__", None):
                setattr(self.cls, name, function)
        return made

    def fill(self, one: Any, *args: Any, **named: Any) -> Any:
        """Set the fields in their order; what does not fit is left to the compiled method to complain of."""
        takes = [field for field in self.fields if field.init]
        given = dict(zip((field.name for field in takes if not field.kw_only), args, strict=False))
        known = {**given, **named}
        values = {field.name: known[field.name] for field in takes if field.name in known}
        if len(values) != len(args) + len(named):
            return self.compile()["__init__"](one, *args, **named)
        for field in self.fields:
            if field.name not in values and field.default_factory is not _MISSING:
                values[field.name] = field.default_factory()
            elif field.name not in values and field.init and field.default is not _MISSING:
                values[field.name] = field.default
        if any(field.name not in values for field in takes):
            return self.compile()["__init__"](one, *args, **named)
        vars(one).update((field.name, values[field.name]) for field in self.fields if field.name in values)
        if hasattr(one, "__post_init__"):
            one.__post_init__()
        return None

    def equal(self, one: Any, other: object) -> Any:
        return self.key(one) == self.key(other) if other.__class__ is one.__class__ else NotImplemented

    def hash(self, one: Any) -> int:
        return hash(self.key(one))

    def key(self, one: Any) -> tuple[Any, ...]:
        return tuple(getattr(one, field.name) for field in self.fields if field.compare)


def _freeze(cls: Any) -> None:
    """Refuse assignment as ``dataclasses`` does."""
    fields = cls.__dataclass_fields__

    def refuse_set(self: object, name: str, value: object) -> None:
        if type(self) is cls or name in fields:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def refuse_delete(self: object, name: str) -> None:
        if type(self) is cls or name in fields:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    cls.__setattr__, cls.__delattr__ = refuse_set, refuse_delete
