"""Removing from the content store what nobody needs any more. What is needed is said by the caller, as digests.

An object that a running download may be about to use is young: what is younger than ``SPARE`` stays.
"""

import contextlib
import fcntl
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from gitops_models.artifacts.content import ContentStore
from gitops_models.artifacts.files import open_regular
from gitops_models.artifacts.gather import read_listing
from gitops_models.errors import GmError
from gitops_models.registry.canonical import tree_digest

SPARE = timedelta(hours=1)
ABANDONED = timedelta(days=7)
"""A download that nobody went on with for so long is given up."""
_FOLDER = re.compile(r"[0-9a-f]{2}", re.ASCII)
_NAME = re.compile(r"[0-9a-f]{62}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MAX_LISTING = 128 << 20
_MAX_NEEDS = 1 << 20


@dataclass(frozen=True, slots=True)
class Collected:
    """How many objects were removed (or would be), how many stay, and their bytes."""

    removed: int = 0
    removed_bytes: int = 0
    kept: int = 0
    kept_bytes: int = 0

    def __add__(self, other: "Collected") -> "Collected":
        return Collected(
            self.removed + other.removed,
            self.removed_bytes + other.removed_bytes,
            self.kept + other.kept,
            self.kept_bytes + other.kept_bytes,
        )


def note_needs(content: ContentStore, name: str, artifacts: Collection[str]) -> None:
    """Keep which artifacts the deployment ``name`` (a digest) is made of: bytes in a target name only their whole.

    A hint: without it the artifacts of a version that is no longer wanted may be fetched again.
    """
    path = _needs(content) / name
    with contextlib.suppress(OSError):
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{sha256}\n" for sha256 in sorted(artifacts)), "ascii")


def collect(
    content: ContentStore,
    artifacts: Collection[str],
    deployments: Collection[str],
    *,
    at: datetime,
    spare: timedelta = SPARE,
    dry_run: bool = False,
) -> Collected:
    """Remove every object but ``artifacts``, what ``deployments`` were noted to need, and the files of directories.

    GM-A401 where the store cannot be changed.
    """
    needed = set(artifacts)
    for name in deployments:
        needed |= _noted(content, name)
    needed |= {sha256 for artifact in tuple(needed) for sha256 in _members(content, artifact)}
    try:
        found = Collected()
        for path, sha256, status in _objects(content.root):
            old = status.st_mtime <= (at - spare).timestamp()
            remove = old and sha256 not in needed
            if remove and not dry_run:
                path.unlink(missing_ok=True)
            size = status.st_size
            found += Collected(removed=1, removed_bytes=size) if remove else Collected(kept=1, kept_bytes=size)
        if not dry_run:
            _forget(content, deployments, at)
    except OSError as error:
        raise GmError("GM-A401", f"content cannot be removed: {error.strerror}", where=str(content.root)) from error
    return found


def _objects(root: Path) -> Iterator[tuple[Path, str, os.stat_result]]:
    folders = sorted(root.iterdir()) if root.is_dir() else []
    for folder in folders:
        if _FOLDER.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
            for path in sorted(folder.iterdir()):
                if _NAME.fullmatch(path.name):
                    with contextlib.suppress(FileNotFoundError):
                        yield path, folder.name + path.name, path.lstat()


def _members(content: ContentStore, sha256: str) -> Iterator[str]:
    """Give the files of a directory, where the object is the listing of one."""
    with contextlib.suppress(GmError, OSError), open_regular(content.path(sha256)) as stream:
        if os.fstat(stream.fileno()).st_size > _MAX_LISTING or stream.read(1) != b"[":
            return
        files = read_listing(b"[" + stream.read())
        if files and tree_digest(files) == sha256:
            yield from (file.sha256 for file in files)


def _needs(content: ContentStore) -> Path:
    return content.root / "needs"


def _noted(content: ContentStore, name: str) -> set[str]:
    with contextlib.suppress(GmError, OSError), open_regular(_needs(content) / name) as stream:
        lines = stream.read(_MAX_NEEDS).decode("ascii", "replace").splitlines()
        return {line for line in lines if _DIGEST.fullmatch(line)}
    return set()


def _forget(content: ContentStore, deployments: Collection[str], at: datetime) -> None:
    """Drop notes of deployments that are gone, and downloads that nobody went on with."""
    for path in _files(_needs(content)):
        if path.name not in deployments:
            path.unlink(missing_ok=True)
    long_ago = (at - ABANDONED).timestamp()
    for path in _files(content.partial):
        if path.lstat().st_mtime < long_ago:
            _unlink_unless_locked(path)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _unlink_unless_locked(path: Path) -> None:
    with contextlib.suppress(GmError, BlockingIOError), open_regular(path) as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
