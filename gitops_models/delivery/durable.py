"""File operations that a power cut or SIGKILL leaves either undone or done.

Every replacement is made beside its destination, flushed, moved over it by one ``rename`` and the directory flushed
(the order of POSIX.1-2024 ``rename`` and of the ext4 and XFS documentation). Temporary names are fixed: the writers
of a directory are serialised by a lock, and a leftover of a killed one is simply overwritten.
"""

import os
import stat
from pathlib import Path

from gitops_models.artifacts.files import fsync_directory, fsync_file

TEMPORARY = ".new"


def temporary_of(path: Path) -> Path:
    """Return the hidden sibling in which ``path`` is prepared."""
    return path.with_name(f".{path.name}{TEMPORARY}")


def is_temporary(name: str) -> bool:
    """Whether ``name`` is what a killed writer leaves behind."""
    return name.startswith(".") and name.endswith(TEMPORARY)


def make_directory(path: Path) -> None:
    """Create ``path`` and its parents, each flushed into its own parent."""
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(exist_ok=True)
    fsync_directory(path.parent)


def write_file(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Replace the content of ``path`` by ``data``."""
    temporary = temporary_of(path)
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    fsync_directory(path.parent)


def point(link: Path, destination: str) -> None:
    """Make ``link`` a symbolic link to ``destination``; a reader sees the old link or the new one."""
    swing(link, destination)
    fsync_directory(link.parent)


def swing(link: Path, destination: str) -> None:
    """Do it for readers; what a power cut leaves of it is the old link or the new one."""
    temporary = temporary_of(link)
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(destination)
    temporary.replace(link)


def remove_file(path: Path) -> None:
    """Remove the file or link ``path`` if it is there."""
    if not os.path.lexists(path):
        return
    path.unlink()
    fsync_directory(path.parent)


def move(source: Path, destination: Path) -> None:
    """Rename ``source``; a directory is made writable first, because rename(2) has to change its ``..``."""
    if stat.S_ISDIR(source.lstat().st_mode):
        source.chmod(0o755)
    source.rename(destination)
    fsync_directory(destination.parent)
    fsync_directory(source.parent)


def remove_tree(path: Path) -> None:
    """Remove ``path``, a file or a directory whose directories may be read-only. Follows no link."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    path.chmod(0o755)
    for child in sorted(path.iterdir()):
        remove_tree(child)
    path.rmdir()


def seal_tree(path: Path) -> None:
    """Make the tree under ``path``, which holds no link, read-only and flush every file and directory of it."""
    for child in sorted(path.iterdir()):
        if child.is_dir():
            seal_tree(child)
        else:
            child.chmod(0o444)
            fsync_file(child)
    path.chmod(0o555)
    fsync_directory(path)
