"""The bytes that are looked into: read forwards, counted, never more at once than asked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

_SKIPPED_AT_ONCE = 1 << 20
_LONGEST_LINE = 16 << 20  # CPython has no bound; a text may be one long line


class Unread(Exception):  # noqa: N818 - a reason, which the scanner turns into a finding
    """The bytes cannot be understood to their end, so what loading them does is unknown."""


class Broken(Unread):
    """No loader gets any further than this: what lies behind is read by none of them."""


class TooMuch(Unread):
    """Looking further would take more than a scan may."""


class Source:
    """A stream that must give what is asked of it. ``position`` counts the bytes that were read."""

    def __init__(self, stream: IO[bytes], go_on: Callable[[], None] | None = None) -> None:
        """Read ``stream``; ``go_on`` raises TooMuch once nobody waits any more."""
        self._stream = stream
        self.go_on = go_on or _always
        self.position = 0

    def read(self, size: int) -> bytes:
        """Give exactly ``size`` bytes (the caller bounds them); Unread where the file ends before."""
        data = self._stream.read(size)
        self.position += len(data)
        if len(data) != size:
            raise Broken("ends in the middle of a value")
        return data

    def maybe(self) -> bytes:
        """Give the next byte, nothing at the end."""
        data = self._stream.read(1)
        self.position += len(data)
        return data

    def back(self, byte: bytes) -> None:
        """Undo ``maybe``."""
        self._stream.seek(-len(byte), os.SEEK_CUR)
        self.position -= len(byte)

    def line(self) -> bytes:
        """Give one line without its LF; TooMuch where it is longer than any file has.

        At the end of the file CPython takes away the last byte, whatever it is, and goes on.
        """
        data = self._stream.readline(_LONGEST_LINE)
        self.position += len(data)
        if not data:
            raise Broken("has a line that does not end")
        if len(data) == _LONGEST_LINE and not data.endswith(b"\n"):
            raise TooMuch("has a longer line than is looked into")
        return data[:-1]

    def skip(self, size: int) -> None:
        """Leave ``size`` bytes out; Unread where there are fewer."""
        left = size
        while left:
            self.go_on()
            data = self._stream.read(min(left, _SKIPPED_AT_ONCE))
            if not data:
                raise Broken("ends in the middle of a value")
            self.position += len(data)
            left -= len(data)


def _always() -> None:
    """Go on."""
