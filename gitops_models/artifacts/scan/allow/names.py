"""Lists of names as they are written here: a module, then its names."""

from __future__ import annotations

Pair = tuple[str, str]


def pairs(table: dict[str, str]) -> frozenset[Pair]:
    """Give every (module, name) of a table of modules and their names, which blanks part."""
    return frozenset((module, name) for module, names in table.items() for name in names.split())
