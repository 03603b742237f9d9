"""JSON with one meaning: of a doubled key or of NaN, two readers would make different things."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def strict_json(data: str | bytes) -> Any:
    """Read JSON with every key once and no number that JSON does not have.

    Raises ``ValueError`` for anything else, ``RecursionError`` for what is nested deeper than Python follows.
    """
    return json.loads(data, object_pairs_hook=_unique, parse_constant=_refuse)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")
