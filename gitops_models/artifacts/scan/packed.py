"""What gzip, zlib, bzip2, xz and lzma packed: unpacked piece by piece, one stream that ends where the file ends."""

from __future__ import annotations

import bz2
import lzma
import zlib
from typing import TYPE_CHECKING, Any

from gitops_models.artifacts.scan.source import Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitops_models.artifacts.scan.member import Member

_CHUNK = 1 << 16
_PIECE = 1 << 20
_MEMORY = 128 << 20  # a preset of xz needs 65 MiB at most
# "BZh9" read as a pickle begins with a text of 800 MB; no larger file may be both.
_LARGEST_BZ2 = 800 << 20

_MAKE: dict[str, Callable[[], Any]] = {
    "gzip": lambda: zlib.decompressobj(wbits=31),
    "zlib": lambda: zlib.decompressobj(wbits=15),
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY),
    "lzma": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_MEMORY),
}
PACKINGS = frozenset(_MAKE)


def unpack(member: Member, packing: str) -> Member:
    """Give what a packed member holds; Unread where it is damaged or something follows, TooMuch."""
    if packing == "bz2" and member.size > _LARGEST_BZ2:
        raise Unread("is too large to be told from a pickle")
    try:
        return member.unpacked(packing, _pieces(member, _MAKE[packing]()))
    except (zlib.error, lzma.LZMAError, EOFError, ValueError) as error:
        raise Unread(f"is damaged {packing} data") from error
    except OSError as error:
        if error.errno is not None:  # the disk's own, not bz2's word for damage
            raise
        raise Unread(f"is damaged {packing} data") from error


def _pieces(member: Member, packed: Any) -> Iterator[bytes]:
    member.stream.seek(0)
    while not packed.eof:
        yield packed.decompress(_next(member, packed), _PIECE)
    if packed.unused_data or member.stream.read(1):
        raise Unread("has something after its packed data")


def _next(member: Member, packed: Any) -> bytes:
    """Give what to unpack next: zlib hands back what it has not used, bzip2 and lzma keep it themselves."""
    tail: bytes = getattr(packed, "unconsumed_tail", b"")
    if tail or not getattr(packed, "needs_input", True):
        return tail
    data = member.stream.read(_CHUNK)
    if not data:
        raise Unread("ends before its packed data does")
    return data
