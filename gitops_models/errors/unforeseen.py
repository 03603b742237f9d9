"""What an exception that nobody raised on purpose means: the machine that refuses, or a bug."""

from __future__ import annotations

import errno

from gitops_models.errors import GmError

# What people can do something about: room, rights, mounts, limits and broken disks.
_OF_THE_MACHINE = frozenset(
    {
        errno.EACCES, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOLCK, errno.ENOMEM,
        errno.ENOSPC, errno.EPERM, errno.EROFS, errno.ESTALE,
    }
)  # fmt: skip


def unforeseen(error: Exception, *, what: str = "") -> GmError:
    """Return ``error`` as one of ours: itself, GM-C003 for a refusal of this machine, else GM-C001. ``what`` failed."""
    if isinstance(error, GmError):
        return error
    said = f"{what}: " if what else ""
    if is_of_machine(error):
        where = getattr(error, "filename", None)
        reason = getattr(error, "strerror", None) or str(error)
        return GmError("GM-C003", f"{said}{reason}", where=None if where is None else str(where))
    return GmError("GM-C001", f"{said}{type(error).__name__}: {error}")


def is_of_machine(error: BaseException) -> bool:
    """Whether a system call failed for a reason that lies with disk, rights or limits.

    libgit2's errors of this kind come as an ``OSError`` without a number.
    """
    return isinstance(error, OSError) and (error.errno in _OF_THE_MACHINE or (error.errno is None and _is_plain(error)))


def _is_plain(error: OSError) -> bool:
    return type(error) is OSError
