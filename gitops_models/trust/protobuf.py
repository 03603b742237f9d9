"""The protobuf wire format (https://protobuf.dev/programming-guides/encoding/), as far as a log entry uses it."""

from collections.abc import Mapping

__all__ = ["Fields", "read_fields"]

_VARINT, _BYTES = 0, 2
_LONGEST = 10


class Fields:
    """The fields of one message by number; reading one that is not there once and as expected is a ``ValueError``."""

    def __init__(self, fields: Mapping[int, list[int | bytes]]) -> None:
        self._fields = fields

    def __contains__(self, number: int) -> bool:
        return number in self._fields

    def all(self, number: int) -> list[bytes]:
        """Return every value of a repeated field of bytes."""
        return [_as_bytes(value, number) for value in self._fields.get(number, ())]

    def data(self, number: int) -> bytes:
        """Return a field of bytes."""
        return _as_bytes(self._one(number), number)

    def text(self, number: int) -> str:
        """Return a field of text."""
        return self.data(number).decode()

    def message(self, number: int) -> "Fields":
        """Return a field that is a message itself."""
        return read_fields(self.data(number))

    def number(self, number: int) -> int:
        """Return a field that is a number; zero is not written."""
        value = self._one(number) if number in self else 0
        if isinstance(value, int):
            return value
        raise ValueError(f"field {number} is no number")

    def _one(self, number: int) -> int | bytes:
        values = self._fields.get(number, [])
        if len(values) != 1:
            raise ValueError(f"field {number} is there {len(values)} times")
        return values[0]


def read_fields(data: bytes) -> Fields:
    """Return the fields of a message of varints and byte strings; ``ValueError`` for anything else."""
    fields: dict[int, list[int | bytes]] = {}
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        value: int | bytes
        value, at = _varint(data, at)
        if key & 7 == _BYTES:
            end = at + value
            value, at = data[at:end], end
        elif key & 7 != _VARINT:
            raise ValueError(f"wire type {key & 7}")
        fields.setdefault(key >> 3, []).append(value)
    if at != len(data):
        raise ValueError("cut short")
    return Fields(fields)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(data[at : at + _LONGEST]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:  # noqa: PLR2004 - the bit that says that more follows
            return value, at + place + 1
    raise ValueError("a number without an end")


def _as_bytes(value: int | bytes, number: int) -> bytes:
    if isinstance(value, bytes):
        return value
    raise ValueError(f"field {number} is no byte string")
