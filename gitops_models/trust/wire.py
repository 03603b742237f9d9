"""The SSH wire encoding of RFC 4251 section 5: length-prefixed strings, big-endian integers, minimal mpints."""

from gitops_models.trust.problem import SignatureProblem

__all__ = ["Reader", "mpint", "string"]


class Reader:
    """Takes fields off a byte string; whatever is cut short or left over is a ``GM-T015`` problem."""

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._at = 0
        self._what = what

    def take(self, size: int) -> bytes:
        """Return the next ``size`` bytes."""
        end = self._at + size
        if end > len(self._data):
            raise SignatureProblem("GM-T015", f"the {self._what} is cut short")
        piece = self._data[self._at : end]
        self._at = end
        return piece

    def taken(self, start: int = 0) -> bytes:
        """Return what was taken since the position ``start``."""
        return self._data[start : self._at]

    @property
    def at(self) -> int:
        """Return how many bytes were taken."""
        return self._at

    def u32(self) -> int:
        """Return the next four bytes as an unsigned number."""
        return int.from_bytes(self.take(4), "big")

    def u64(self) -> int:
        """Return the next eight bytes as an unsigned number."""
        return int.from_bytes(self.take(8), "big")

    def strings(self) -> tuple[bytes, ...]:
        """Return everything that is left, as length-prefixed byte strings."""
        found = []
        while self._at < len(self._data):
            found.append(self.string())
        return tuple(found)

    def string(self) -> bytes:
        """Return the next length-prefixed byte string."""
        return self.take(self.u32())

    def mpint(self) -> int:
        """Return the next positive integer in its one shortest form (RFC 4251: no superfluous leading zero)."""
        raw = self.string()
        value = int.from_bytes(raw, "big")
        if not value or mpint(value)[4:] != raw:
            raise SignatureProblem("GM-T015", f"the {self._what} holds a number that is not in its shortest form")
        return value

    def end(self) -> None:
        """Nothing may be left."""
        if self._at != len(self._data):
            raise SignatureProblem("GM-T015", f"the {self._what} has bytes after its last field")


def string(data: bytes) -> bytes:
    """Return ``data`` with its length before it."""
    return len(data).to_bytes(4, "big") + data


def mpint(value: int) -> bytes:
    """Return a positive integer as an RFC 4251 mpint: a zero byte goes first when the top bit is set."""
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big"))
