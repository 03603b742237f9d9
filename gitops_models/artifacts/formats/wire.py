"""Protocol Buffers wire format, read lazily from a buffer (https://protobuf.dev/programming-guides/encoding/).

Fields are yielded as views into the buffer, so a message of gigabytes costs what its small fields cost. A hostile
file can only make this raise: lengths are checked against the message that holds them and fields are counted.
"""

from collections.abc import Iterator
from typing import Final

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5
_MAX_VARINT_BYTES = 10
_WIDTHS = {FIXED64: 8, FIXED32: 4}

Value = int | memoryview


class WireError(ValueError):
    """The bytes are not a protobuf message, or ask for more work than a header may."""


class Budget:
    """How many fields one file may still make us look at."""

    def __init__(self, fields: int) -> None:
        self._left = fields

    def spend(self) -> None:
        """Count one field; WireError when there have been too many."""
        self._left -= 1
        if self._left < 0:
            raise WireError("has too many fields")


def fields(message: memoryview, budget: Budget) -> Iterator[tuple[int, Value]]:
    """Yield (field number, value) of one message: an unsigned integer, or a view of bytes."""
    position, end = 0, len(message)
    while position < end:
        budget.spend()
        key, position = _varint(message, position)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, position = _varint(message, position)
            yield number, value
            continue
        length, position = _length(message, position, kind)
        if length > end - position:
            raise WireError("a field is longer than its message")
        yield number, message[position : position + length]
        position += length


def varints(packed: memoryview, budget: Budget) -> Iterator[int]:
    """Yield the integers of a packed repeated field."""
    position = 0
    while position < len(packed):
        budget.spend()
        value, position = _varint(packed, position)
        yield value


def signed(value: int) -> int:
    """Read an unsigned varint as int64."""
    return value - (1 << 64) if value >= 1 << 63 else value


def _length(message: memoryview, position: int, kind: int) -> tuple[int, int]:
    if kind == BYTES:
        return _varint(message, position)
    width = _WIDTHS.get(kind)
    if width is None:
        raise WireError(f"has wire type {kind}")
    return width, position


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for index in range(_MAX_VARINT_BYTES):
        if position >= len(message):
            raise WireError("ends inside a number")
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:  # noqa: PLR2004 - the continuation bit
            return value & ((1 << 64) - 1), position
    raise WireError("has a number of more than ten bytes")
