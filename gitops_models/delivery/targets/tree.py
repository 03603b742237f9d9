"""Read a directory tree as the list of its files and their sha256, without following a link out of it."""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from gitops_models.registry.canonical import FileDigest

NOT_A_FILE = ""


def read_tree(directory: Path) -> tuple[FileDigest, ...]:
    """Every file below ``directory`` with its path relative to it, sorted; ``()`` where there is no directory.

    What is no regular file (link, pipe, device) is listed with the sha256 ``NOT_A_FILE``, so that it never compares
    equal to anything. Raises ``OSError`` where something cannot be read.
    """
    if not directory.is_dir():
        return ()
    return tuple(sorted(_walk(os.fspath(directory), ""), key=lambda file: file.path))


def _walk(directory: str, prefix: str) -> Iterator[FileDigest]:
    with os.scandir(directory) as entries:
        for entry in entries:
            name = prefix + _printable(entry.name)
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, f"{name}/")
            else:
                yield _hash(entry.path, name)


def _hash(path: str, name: str) -> FileDigest:
    if not stat.S_ISREG(os.lstat(path).st_mode):
        return FileDigest(name, 0, NOT_A_FILE)
    # O_NONBLOCK: a pipe put there since must not stop the reconciler.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return FileDigest(name, 0, NOT_A_FILE)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileDigest(name, file.tell(), digest)


def _printable(name: str) -> str:
    """``name`` as text that JSON can carry, also where its bytes are not UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
