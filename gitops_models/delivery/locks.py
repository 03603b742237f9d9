"""One writer at a time: an advisory lock that the kernel releases when its holder dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitops_models.errors import GmError

_PAUSE_SECONDS = 0.05


@contextmanager
def exclusive(path: Path, *, what: str, wait: float = 5.0) -> Iterator[None]:
    """Hold the lock file ``path`` (created when missing) for the duration of the block.

    Waits at most ``wait`` seconds for another holder, then raises GM-R101 naming ``what``; GM-R302 where the file
    cannot be made. It is never removed: a waiter would hold a lock on an unlinked file while a newcomer locks a new
    one.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise GmError("GM-R302", f"{what} cannot be locked: {error.strerror}", where=str(path)) from error
    try:
        _acquire(descriptor, deadline=time.monotonic() + wait, what=what, where=path)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, *, deadline: float, what: str, where: Path) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise GmError("GM-R101", f"another reconciler works on {what}", where=str(where)) from error
            time.sleep(_PAUSE_SECONDS)
        except OSError as error:
            raise GmError("GM-R302", f"{what} cannot be locked: {error.strerror}", where=str(where)) from error
        else:
            return
