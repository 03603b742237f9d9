"""Opening and keeping files without following links: the few system calls on which every digest rests."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from gitops_models.errors import GmError

# O_NONBLOCK: a FIFO put in the place of a file must not hang the reader.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LIST = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC

Stamp = tuple[int, int, int, int, int]
"""Device, inode, size, mtime and ctime in ns: equal stamps mean that nobody wrote in between."""

_OPEN_CODES = {
    errno.ENOENT: ("GM-A101", "does not exist"),
    errno.ENOTDIR: ("GM-A101", "does not exist"),
    errno.ELOOP: ("GM-A102", "is a symbolic link"),
    errno.EMLINK: ("GM-A102", "is a symbolic link"),
    errno.ENXIO: ("GM-A103", "is not a regular file"),
    errno.EACCES: ("GM-A104", "may not be read"),
    errno.EPERM: ("GM-A104", "may not be read"),
}


def read_error(error: OSError, where: str) -> GmError:
    """Give the coded form of ``error``, which opening or reading ``where`` raised."""
    code, what = _OPEN_CODES.get(error.errno or 0, ("GM-A109", f"cannot be read: {error.strerror}"))
    return GmError(code, f"{where} {what}", where=where)


def stamp_of(status: os.stat_result) -> Stamp:
    """Tell what identifies one state of one file."""
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def open_regular(path: str | Path, *, dir_fd: int | None = None, where: str | None = None) -> BinaryIO:
    """Open a regular file for reading, unbuffered, never through a link; GM-A101..A104, A109."""
    shown = where or str(path)
    try:
        descriptor = os.open(path, _READ, dir_fd=dir_fd)
    except OSError as error:
        raise read_error(error, shown) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise GmError("GM-A103", f"{shown} is not a regular file", where=shown)
    return os.fdopen(descriptor, "rb", buffering=0)


@contextlib.contextmanager
def open_directory(path: str | Path, *, dir_fd: int | None = None, where: str | None = None) -> Iterator[int]:
    """Give a descriptor of a directory, never through a link; GM-A101..A104, A109."""
    shown = where or str(path)
    try:
        descriptor = os.open(path, _LIST, dir_fd=dir_fd)
    except OSError as error:
        raise read_error(error, shown) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def fsync_directory(path: Path) -> None:
    """Make a rename inside ``path`` survive a power cut."""
    _fsync(path, os.O_DIRECTORY)


def fsync_file(path: Path) -> None:
    """Make the content and the mode of the regular file ``path`` survive a power cut."""
    _fsync(path, os.O_NOFOLLOW)


def _fsync(path: Path, flag: int) -> None:
    descriptor = os.open(path, os.O_RDONLY | flag | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
