"""Tar archives (POSIX.1-2001 ustar and pax, GNU long names), walked header by header and never unpacked to disk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitops_models.artifacts.safe_names import relpath_problem
from gitops_models.artifacts.scan.source import TooMuch, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.artifacts.scan.member import Member

BLOCK = 512
_CHUNK = 1 << 20
_LONGEST_NAME = 64 << 10
_NUMBER = re.compile(rb" *([0-7]{1,12})[ \0]*")
_FILES, _FOLDER, _NAMES = b"0\0", b"5", b"xL"
_DECIDES = re.compile(rb" (size|linkpath|GNU\.sparse[^=]*)=")


def is_tar(head: bytes) -> bool:
    """Whether a file begins with a tar header whose sum is right."""
    block = head[:BLOCK]
    return len(block) == BLOCK and block[257:262] == b"ustar" and _sum(block) == _number(block[148:156])


def tar_members(member: Member) -> Iterator[Member]:
    """Give each file of the archive; Unread for what is damaged, hidden or no plain file, TooMuch."""
    at, name = 0, ""
    while at + BLOCK <= member.size:
        block = member.at(at, BLOCK)
        if not any(block):
            break
        if not is_tar(block):
            raise Unread("has a damaged header")
        size, kind = _number(block[124:136]), block[156:157]
        at += BLOCK
        if size is None or at + size > member.size:
            raise Unread("has a member that is longer than the archive")
        if kind in _NAMES and kind:
            name = _long_name(member.at(at, min(size, _LONGEST_NAME + 1)), kind)
        else:
            yield from _one(member, _checked(name or _name(block)), kind, at, size)
            name = ""
        at += -(-size // BLOCK) * BLOCK
    _check_rest(member, at)


def _one(member: Member, name: str, kind: bytes, at: int, size: int) -> Iterator[Member]:
    if kind == _FOLDER and not size:
        return
    if kind not in {b"0", b"\0"}:
        raise Unread(f"has a member {name} that is no plain file")
    yield member.unpacked(name, _pieces(member, at, size))


def _pieces(member: Member, at: int, size: int) -> Iterator[bytes]:
    for start in range(at, at + size, _CHUNK):
        yield member.at(start, min(_CHUNK, at + size - start))


def _long_name(data: bytes, kind: bytes) -> str:
    """Read a name that is too long for a header: GNU's as it is, pax's as a field."""
    if len(data) > _LONGEST_NAME or _DECIDES.search(data):
        raise Unread("has an extended header that decides more than a name")
    if kind == b"L":
        return data.rstrip(b"\0").decode("utf-8", "replace")
    found = re.search(rb" path=([^\n]*)\n", data)
    return found[1].decode("utf-8", "replace") if found else ""


def _name(block: bytes) -> str:
    prefix = block[345:500] if block[257:263] == b"ustar\0" else b""
    parts = [part.partition(b"\0")[0].decode("utf-8", "replace") for part in (prefix, block[:100])]
    return "/".join(part for part in parts if part)


def _checked(name: str) -> str:
    if problem := relpath_problem(name.removeprefix("./").removesuffix("/") or "."):
        if name in {".", "./"}:
            return name
        raise TooMuch(f"has a member whose name {problem}")
    return name


def _number(field: bytes) -> int | None:
    found = _NUMBER.fullmatch(field)
    return int(found[1], 8) if found else None


def _sum(block: bytes) -> int:
    return sum(block[:148]) + sum(block[156:]) + 8 * ord(" ")


def _check_rest(member: Member, at: int) -> None:
    """Behind the end of the archive lie zeros."""
    while data := member.at(at, _CHUNK):
        if any(data):
            raise Unread("has something after its end")
        at += len(data)
