"""The values that a pickle spells out: texts, numbers and bytes (CPython, Lib/pickletools.py).

What is short is given as it is, because names and shapes are made of it; what is long is skipped and unknown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gitops_models.artifacts.scan.source import Broken, Unread
from gitops_models.artifacts.scan.values import NUMBER, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_models.artifacts.scan.source import Source

_SHORT = 512  # bytes; names are shorter
_LONG_INTEGER = 1 << 16
_WHITE = b" \t\n\r\f\v"
_PLAIN = re.compile(rb"-?(0|[1-9][0-9]{0,399})")
# What either unpickler of CPython takes for a number: C's strtol, int(line, 0) and float(line) of Python.
_INTEGER = re.compile(rb"[-+]?(0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[0-9][0-9_]*)")
_FLOAT = re.compile(rb"[-+]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(e[-+]?[0-9][0-9_]*)?|[-+]?(inf(inity)?|nan)")
_FLAGS = {b"00": False, b"01": True}


def counted(source: Source, width: int) -> int:
    """Read an unsigned number of ``width`` bytes."""
    return int.from_bytes(source.read(width), "little")


def text(source: Source, width: int) -> Any:
    """Read a text after its length in ``width`` bytes."""
    size = counted(source, width)
    if size > _SHORT:
        source.skip(size)
        return UNKNOWN
    try:
        return source.read(size).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise Broken("has a text that is not UTF-8") from error


def octets(source: Source, width: int) -> Any:
    """Read bytes after their length in ``width`` bytes; they are never a name."""
    size = counted(source, width)
    if size > _SHORT:
        source.skip(size)
        return UNKNOWN
    return source.read(size)


def old_text(source: Source, width: int) -> Any:
    """Read a text of Python 2: a name where it is ASCII, as ``pickle`` decodes it."""
    data = octets(source, width)
    return data.decode() if isinstance(data, bytes) and data.isascii() else UNKNOWN


def long_integer(source: Source, width: int) -> Any:
    """Read a two's complement number after its length."""
    size = counted(source, width)
    if size > _LONG_INTEGER:
        raise Unread("has a number of absurd length")
    return int.from_bytes(source.read(size), "little", signed=True)


def integer_line(source: Source) -> Any:
    """Read an INT or LONG of protocol 0; what is a number and is not spelled as ``pickle`` does is unknown."""
    line = source.line()
    if line in _FLAGS:
        return _FLAGS[line]
    line = line.removesuffix(b"L")
    if _PLAIN.fullmatch(line):
        return int(line)
    if b"\0" not in line and not _INTEGER.fullmatch(line.strip(_WHITE)):  # C reads up to a NUL
        raise Broken("has a number that is none")
    return NUMBER


def float_line(source: Source) -> Any:
    """Read a FLOAT of protocol 0."""
    line = source.line()
    if b"\0" not in line and not _FLOAT.fullmatch(line.strip(_WHITE).lower()):  # C reads up to a NUL
        raise Broken("has a number that is none")
    return UNKNOWN


def quoted_line(source: Source) -> Any:
    """Read a STRING of protocol 0: quoted. One with escapes is never a name."""
    line = source.line().strip()
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):  # noqa: PLR2004 - two quotes
        raise Broken("has a text without quotes")
    plain = len(line) <= _SHORT and line.isascii() and b"\\" not in line
    return line[1:-1].decode() if plain else UNKNOWN


def unicode_line(source: Source) -> Any:
    """Read a UNICODE of protocol 0."""
    try:
        line = source.line().decode("raw-unicode-escape")
    except UnicodeDecodeError as error:
        raise Broken("has a text with an escape that is none") from error
    return line if len(line) <= _SHORT else UNKNOWN


def name_line(source: Source) -> str:
    """Read one line of a GLOBAL or INST."""
    try:
        return source.line().decode()
    except UnicodeDecodeError as error:
        raise Broken("has a name that is not UTF-8") from error


def number_line(source: Source) -> int:
    """Read the number of a PUT or GET; Unread for one that CPython takes and never writes."""
    line = source.line()
    if line.isdigit() and len(line) <= 10:  # noqa: PLR2004 - digits of a number of 32 bits
        return int(line)
    number = b"\0" in line or any(byte in b"0123456789" for byte in line)  # CPython takes blanks, signs and _ too
    raise (Unread if number else Broken)("remembers a value under a number that is none")


LITERALS: dict[int, Callable[[Source], Any]] = {
    ord("I"): integer_line,
    ord("L"): integer_line,
    ord("F"): float_line,
    ord("S"): quoted_line,
    ord("V"): unicode_line,
    ord("J"): lambda source: int.from_bytes(source.read(4), "little", signed=True),
    ord("K"): lambda source: counted(source, 1),
    ord("M"): lambda source: counted(source, 2),
    ord("\x8a"): lambda source: long_integer(source, 1),
    ord("\x8b"): lambda source: long_integer(source, 4),
    ord("G"): lambda source: (source.read(8), UNKNOWN)[1],
    ord("T"): lambda source: old_text(source, 4),
    ord("U"): lambda source: old_text(source, 1),
    ord("X"): lambda source: text(source, 4),
    ord("\x8c"): lambda source: text(source, 1),
    ord("\x8d"): lambda source: text(source, 8),
    ord("B"): lambda source: octets(source, 4),
    ord("C"): lambda source: octets(source, 1),
    ord("\x8e"): lambda source: octets(source, 8),
    ord("\x96"): lambda source: octets(source, 8),
    ord("N"): lambda _: None,
    ord("\x88"): lambda _: True,
    ord("\x89"): lambda _: False,
}
"""Opcodes that put one value on the stack and do nothing else."""
