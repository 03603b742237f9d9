"""JSON with one meaning: of a doubled key, of NaN or of 1e999, two readers would make different things."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn


def strict_json(data: str | bytes) -> Any:
    """Read JSON with every key once, and numbers that JSON has and that are finite here. Bytes are UTF-8, without BOM.

    Raises ``ValueError`` for anything else, ``RecursionError`` for what is nested deeper than Python follows.
    """
    # Of bytes, json would guess UTF-16 and UTF-32 too, and read halves of surrogates that are no UTF-8.
    text = data if isinstance(data, str) else data.decode()
    return json.loads(text, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise ValueError("a number is too large")
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")
