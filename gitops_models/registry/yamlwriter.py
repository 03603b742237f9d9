"""The canonical YAML form of a document: block style, keys in the order given, quotes only where needed.

``load(dump(x)) == x`` and ``dump(load(dump(x))) == dump(x)``: a document that gm wrote does not change when gm writes
it again. Text that any YAML 1.1 reader (PyYAML, Go's yaml.v2, DVC) would take for something else is quoted too.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from gitops_models.errors import GmError
from gitops_models.registry.text import UNSAFE, escape_character
from gitops_models.registry.yamls import MAX_KEY

_INTEGERS = range(-(2**53) + 1, 2**53)
_PLAIN = re.compile(r"(?!\.\.\.)[A-Za-z0-9_./][A-Za-z0-9_./@+~^$%*()=;<>|?!&', -]*(?::[A-Za-z0-9_./@+-]+)*")
_CORE_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+")
_WORDS = frozenset(("null", "y", "Y", "n", "N"))  # single letters are booleans to YAML 1.1, though not to PyYAML
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_RESOLVERS: dict[str, list[tuple[str, re.Pattern[str]]]] = yaml.SafeLoader.yaml_implicit_resolvers
_QUOTED_SPECIALS = re.compile(rf"[\\\"]|{UNSAFE.pattern}")


def dump(mapping: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of a mapping of text, numbers, booleans, None, lists and mappings.

    Raises ``GM-D009`` for anything else, and for text that no document may hold (NUL, lone surrogates).
    """
    if not mapping:
        return b"{}\n"
    return "".join(f"{line}\n" for line in _mapping_lines(mapping, "")).encode()


def _mapping_lines(mapping: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in mapping.items():
        head = f"{indent}{_key(key)}:"
        if _is_block(value):
            yield head
            yield from _block_lines(value, f"{indent}  ")
        else:
            yield f"{head} {_scalar(value)}"


def _sequence_lines(values: list[Any] | tuple[Any, ...], indent: str) -> Iterator[str]:
    for value in values:
        if not _is_block(value):
            yield f"{indent}- {_scalar(value)}"
            continue
        # The first line of the nested block shares the line of its dash.
        lines = _block_lines(value, f"{indent}  ")
        yield f"{indent}- {next(lines)[len(indent) + 2 :]}"
        yield from lines


def _is_block(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple) and len(value) > 0


def _block_lines(value: Any, indent: str) -> Iterator[str]:
    return _mapping_lines(value, indent) if isinstance(value, Mapping) else _sequence_lines(value, indent)


def _key(key: Any) -> str:
    if not isinstance(key, str) or len(key) > MAX_KEY:
        raise GmError("GM-D009", f"a key must be text of at most {MAX_KEY} characters")
    return _text(key)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Mapping | list | tuple):  # an empty one
        return "{}" if isinstance(value, Mapping) else "[]"
    raise GmError("GM-D009", f"a {type(value).__name__} cannot be written")


def _number(value: float) -> str:
    if not isinstance(value, float) and value in _INTEGERS:
        return int.__repr__(value)
    if isinstance(value, float) and math.isfinite(value):
        return float.__repr__(value)
    raise GmError("GM-D009", "a number is out of range")


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and not text.endswith(" ") and not _looks_typed(text):
        return text
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise GmError("GM-D009", "text with NUL or a lone surrogate cannot be written")
    escaped = _QUOTED_SPECIALS.sub(lambda found: _ESCAPES.get(found.group()) or escape_character(found.group()), text)
    return f'"{escaped}"'


def _looks_typed(text: str) -> bool:
    if text in _WORDS or _CORE_NUMBER.fullmatch(text):
        return True
    candidates = _RESOLVERS.get(text[0], []) + _RESOLVERS.get(None, [])  # type: ignore[call-overload]  # stubs
    return any(pattern.match(text) for _, pattern in candidates)
