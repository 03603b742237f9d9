"""Zip archives: plain ones, NumPy's npz and PyTorch's, which is a zip of one pickle and raw data beside it."""

from __future__ import annotations

import errno
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from gitops_models.artifacts.safe_names import relpath_problem
from gitops_models.artifacts.scan.source import TooMuch, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.artifacts.scan.member import Member

BEGIN = b"PK\x03\x04"
_END = struct.Struct("<4s4H2LH")  # signature, two disks, two counts, length and place of the directory, comment
_LOCATOR = struct.Struct("<4sLQL")  # signature, disk, place of the next, disks
_WIDE = struct.Struct("<4sQ2H2L4Q")  # signature, its length, versions, disks, counts, length and place of the directory
_LARGEST_DIRECTORY = 16 << 20
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_PLAIN = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
# What zipfile raises over bytes that somebody chose; a name that is not UTF-8 is a ValueError.
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OverflowError, RuntimeError, ValueError)
_CHUNK = 1 << 20
_ZIP64 = 0xFFFFFFFF


class Zip:
    """The members of a zip archive that has nothing before, between or behind what its directory names."""

    def __init__(self, member: Member) -> None:
        """Read the directory; Unread where readers could disagree about it, TooMuch."""
        self._member = member
        _check_end(member)
        try:
            self._file = zipfile.ZipFile(member.stream)
        except _DAMAGED as error:
            raise Unread("is a damaged zip archive") from error
        except OSError as error:
            raise _no_place(error, "is a damaged zip archive") from error
        self.entries = self._file.infolist()
        _check_entries(self.entries)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of files."""
        return tuple(entry.filename for entry in self.entries if not entry.is_dir())

    def unpack(self, name: str) -> Member:
        """Unpack one file; Unread where it is damaged, TooMuch."""
        try:
            return self._member.unpacked(name, self._pieces(name))
        except _DAMAGED as error:
            raise Unread(f"has a damaged member {name}") from error
        except OSError as error:
            raise _no_place(error, f"has a damaged member {name}") from error

    def _pieces(self, name: str) -> Iterator[bytes]:
        with self._file.open(name) as stream:
            while data := stream.read(_CHUNK):
                yield data


def _no_place(error: OSError, what: str) -> Exception:
    """Tell an offset that no file has from a disk that fails."""
    return Unread(what) if error.errno in {None, errno.EINVAL} else error


def ends_as_zip(member: Member) -> bool:
    """Whether a reader that looks for the directory at the end would find one."""
    tail = member.at(max(0, member.size - _END.size - 0xFFFF), _END.size + 0xFFFF)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        return False
    size, offset, comment = _END.unpack_from(tail, at)[5:]
    end = member.size - len(tail) + at
    fits = size + offset <= end or _ZIP64 in {size, offset}
    return bool(len(tail) - at - _END.size == comment and fits)


def _check_end(member: Member) -> None:
    """The directory lies right before its end, which is the end of the file: no prefix, comment or tail."""
    data = member.at(max(0, member.size - _END.size), _END.size)
    if len(data) != _END.size or not data.startswith(b"PK\x05\x06"):
        raise Unread("is a zip archive with something behind its directory")
    fields = _END.unpack(data)
    at = member.size - _END.size
    wide = _wide_end(member, at)
    if wide is not None:
        _check_same(fields, wide)
        fields, at = (*fields[:5], *wide, fields[7]), at - _WIDE.size - _LOCATOR.size
    size, offset, comment = fields[5:]
    if size > _LARGEST_DIRECTORY:
        raise TooMuch("is a zip archive with too large a directory")
    if comment or size + offset != at:
        raise Unread("is a zip archive with something beside what its directory names")


def _wide_end(member: Member, at: int) -> tuple[int, int] | None:
    """Give length and place of the directory as zip64 says them (PyTorch always does), None without zip64."""
    if at < _WIDE.size + _LOCATOR.size:
        return None
    locator = _LOCATOR.unpack(member.at(at - _LOCATOR.size, _LOCATOR.size))
    if locator[0] != b"PK\x06\x07":
        return None
    begins = at - _LOCATOR.size - _WIDE.size
    record = _WIDE.unpack(member.at(begins, _WIDE.size))
    if record[0] != b"PK\x06\x06" or locator[2] != begins or record[1] != _WIDE.size - 12:
        raise Unread("is a zip archive whose two ends disagree")
    return record[8], record[9]


def _check_same(fields: tuple[Any, ...], wide: tuple[int, int]) -> None:
    for narrow, said in zip(fields[5:7], wide, strict=True):
        if narrow not in {said, _ZIP64}:
            raise Unread("is a zip archive whose two ends disagree")


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    """One spelling of each name, inside of the archive, packed in a way that is looked into."""
    seen = {entry.filename.lower() for entry in entries}
    if len(seen) != len(entries):
        raise Unread("is a zip archive with two members of one name")
    for entry in entries:
        if problem := relpath_problem(entry.filename.removesuffix("/")):
            raise TooMuch(f"is a zip archive with a member whose name {problem}")
        if entry.orig_filename != entry.filename or entry.flag_bits & _ENCRYPTED:
            raise Unread("is a zip archive with a member that is hidden or encrypted")
        if entry.compress_type not in _PLAIN or _is_link(entry):
            raise Unread("is a zip archive with a member that is packed in an unusual way")


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(entry.external_attr >> 16)
