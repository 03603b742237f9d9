"""The one strict YAML loader (DESIGN.md section 4).

It reads libyaml's *event stream* and builds the value itself. No composer, no constructor: nothing in a document can
name a Python type, expand aliases or recurse in C (libyaml's composer crashes on deep nesting). Scalars follow the
YAML 1.2 core schema, so dates and versions such as 1.2.0 stay text. Every fault names line and column.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import yaml
from yaml import events as ev
from yaml._yaml import CParser

from gitops_models.errors import GmError
from gitops_models.registry.text import escape_character, visible

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_KEY", "dump", "load", "load_items"]

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
# libyaml reads a key without `?` only if it fits into 1024 bytes; every character here has at most ten as an escape.
MAX_KEY = 100
MAX_INTEGER = 2**53 - 1  # the largest integer that RFC 8785 can write exactly
_MERGE_KEY = "<<"
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
# YAML 1.2.2, section 10.3.2, core schema.
_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_NUMERIC = frozenset("+-.0123456789")  # what the first sign of each of the four above can be
# What YAML takes for a line break and a diff or an editor does not (YAML 1.1, 4.2; CR LF is one for everybody), and
# bidirectional and invisible formatting: a reviewer would read another document than the loader (CVE-2021-42574).
_MISLEADING = re.compile("\r(?!\n)|[\x85\u061c\u200b-\u200f\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_Next = Callable[[], Any]


def dump(mapping: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of a mapping: see ``yamlwriter``."""
    from gitops_models.registry.yamlwriter import dump as write  # noqa: PLC0415 - most commands only read

    return write(mapping)


def load(data: bytes, where: str) -> dict[str, Any]:
    """Return the mapping written in ``data``; ``where`` is the path shown in errors.

    Lines end with LF or CR LF. A bare CR, the line breaks of Unicode, and bidirectional and invisible formatting are
    refused as they are (GM-D003); in quotes they may be written as escapes, as ``dump`` does.
    Raises GM-D001 to GM-D008: size, encoding, syntax, forbidden features, duplicate keys, depth, shape, numbers.
    """
    _check_bytes(data, where)
    value: dict[str, Any] = _Loader(where).document(data)
    return value


def load_items(data: bytes, where: str) -> dict[str, Any] | list[Any]:
    """Return the mapping or the list written in ``data``, under the rules of :func:`load`."""
    _check_bytes(data, where)
    value: dict[str, Any] | list[Any] = _Loader(where, listed=True).document(data)
    return value


def _check_bytes(data: bytes, where: str) -> None:
    if len(data) > MAX_BYTES:
        raise GmError("GM-D001", f"{len(data)} bytes are more than {MAX_BYTES}", where=where)
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise GmError("GM-D002", "starts with a byte order mark (line 1, column 1)", where=where)
    position = data.find(b"\0")
    try:
        if position < 0:
            _check_text(data.decode("utf-8", "strict"), where)
            return
    except UnicodeDecodeError as error:
        position = error.start
    line = data.count(b"\n", 0, position) + 1
    column = position - data.rfind(b"\n", 0, position)
    raise GmError("GM-D002", f"byte 0x{data[position]:02x} at line {line}, column {column}", where=where)


def _check_text(text: str, where: str) -> None:
    found = None if text.isascii() and "\r" not in text else _MISLEADING.search(text)
    if found:
        line, column = text.count("\n", 0, found.start()) + 1, found.start() - text.rfind("\n", 0, found.start())
        shown = escape_character(found.group())
        message = f"character {shown}, not written as an escape, is not allowed at line {line}, column {column}"
        raise GmError("GM-D003", message, where=where)


class _Loader:
    """Builds one document from events; every refusal carries the event's place."""

    def __init__(self, where: str, *, listed: bool = False) -> None:
        self._where = where
        self._roots = (ev.MappingStartEvent, ev.SequenceStartEvent) if listed else (ev.MappingStartEvent,)

    def document(self, data: bytes) -> Any:
        try:
            # The parser below yaml.parse, which would make two generators run for every event.
            return self._document(CParser(data).get_event)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
            raise GmError("GM-D003", f"{visible(str(error.problem))}{place}", where=self._where) from error
        except yaml.YAMLError as error:  # a character that YAML does not allow
            line, column = _place_of_reader_error(data, error)
            message = f"character not allowed at line {line}, column {column}"
            raise GmError("GM-D003", message, where=self._where) from error

    def _document(self, following: _Next) -> Any:
        following()  # the stream's own start
        self._start(following())
        root = following()
        if not isinstance(root, self._roots):
            self._refuse("GM-D007", "the document is not a mapping", root)
        value = self._value(root, following, 1)
        following()  # the document's end
        after = following()
        if not isinstance(after, ev.StreamEndEvent):
            self._refuse("GM-D004", "a second document", after)
        return value

    def _start(self, event: ev.Event) -> None:
        if isinstance(event, ev.StreamEndEvent):
            raise GmError("GM-D007", "the document is empty (line 1, column 1)", where=self._where)
        if event.version or event.tags:  # type: ignore[attr-defined]  # a DocumentStartEvent
            self._refuse("GM-D004", "a directive (%)", event)

    def _value(self, event: ev.Event, following: _Next, depth: int) -> Any:
        if isinstance(event, ev.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, ev.AliasEvent):
            self._refuse("GM-D004", "an alias (*)", event)
        if depth > MAX_DEPTH:
            self._refuse("GM-D006", f"more than {MAX_DEPTH} levels", event)
        if isinstance(event, ev.MappingStartEvent):
            return self._mapping(event, following, depth)
        return self._sequence(event, following, depth)

    def _mapping(self, start: ev.Event, following: _Next, depth: int) -> dict[str, Any]:
        self._plain(start)
        result: dict[str, Any] = {}
        while not isinstance(event := following(), ev.MappingEndEvent):
            key = self._key(event)
            if key in result:
                self._refuse("GM-D005", f"key `{visible(key)}` is given twice", event)
            result[key] = self._value(following(), following, depth + 1)
        return result

    def _sequence(self, start: ev.Event, following: _Next, depth: int) -> list[Any]:
        self._plain(start)
        result = []
        while not isinstance(event := following(), ev.SequenceEndEvent):
            result.append(self._value(event, following, depth + 1))
        return result

    def _key(self, event: ev.Event) -> str:
        if isinstance(event, ev.AliasEvent):
            self._refuse("GM-D004", "an alias (*)", event)
        if not isinstance(event, ev.ScalarEvent):
            self._refuse("GM-D007", "a key that is a list or mapping", event)
        if event.value == _MERGE_KEY and event.implicit[0]:
            self._refuse("GM-D004", "a merge key (<<)", event)
        key = self._scalar(event)
        if not isinstance(key, str):
            self._refuse("GM-D007", f"key `{visible(event.value)}` is not text", event)
        if len(key) > MAX_KEY:
            self._refuse("GM-D007", f"a key of more than {MAX_KEY} characters", event)
        return key

    def _scalar(self, event: ev.ScalarEvent) -> Any:
        self._plain(event)
        text: str = event.value
        if not event.implicit[0]:
            if "\0" in text:
                self._refuse("GM-D002", "a NUL character", event)
            return text
        if text in _NULL:
            return None
        return _BOOL[text] if text in _BOOL else self._number_or_text(text, event)

    def _number_or_text(self, text: str, event: ev.ScalarEvent) -> Any:
        number: int | float
        if text[0] not in _NUMERIC:
            return text
        if _INT.fullmatch(text):
            number = int(text) if len(text) <= 18 else MAX_INTEGER + 1  # noqa: PLR2004 - int() is quadratic in length
        elif _OCTAL.fullmatch(text) or _HEX.fullmatch(text):
            number = int(text, 0)
        elif _FLOAT.fullmatch(text):
            number = float(text)
        elif _NOT_FINITE.fullmatch(text):
            number = math.inf
        else:
            return text
        if isinstance(number, int) and abs(number) > MAX_INTEGER:
            self._refuse("GM-D008", "an integer beyond 2^53 - 1", event)
        if not math.isfinite(number):
            self._refuse("GM-D008", "a number that is not finite", event)
        return number

    def _plain(self, event: Any) -> None:
        if event.anchor is not None:
            self._refuse("GM-D004", "an anchor (&)", event)
        if event.tag is not None:
            self._refuse("GM-D004", "a tag (!)", event)

    def _refuse(self, code: str, message: str, event: ev.Event) -> NoReturn:
        mark: Any = event.start_mark  # libyaml gives every event one
        raise GmError(code, f"{message} at line {mark.line + 1}, column {mark.column + 1}", where=self._where)


def _place_of_reader_error(data: bytes, error: yaml.YAMLError) -> tuple[int, int]:
    """Line and column of a ``ReaderError``, which knows only a byte offset."""
    position = int(getattr(error, "position", 0))
    return data.count(b"\n", 0, position) + 1, position - data.rfind(b"\n", 0, position)
