"""A version's bytes in a directory: all of them and verified, or nothing at all."""

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.artifacts.compare import Difference, compare_version
from gitops_models.artifacts.content import ContentStore
from gitops_models.artifacts.files import fsync_directory
from gitops_models.artifacts.gather import Placed, gather
from gitops_models.artifacts.hashing import Progress
from gitops_models.artifacts.partial import LOST
from gitops_models.artifacts.pointers import Pointer
from gitops_models.artifacts.readers import Reader
from gitops_models.artifacts.transfer import write_all
from gitops_models.errors import GmError

if TYPE_CHECKING:
    from gitops_models.registry.documents import Lineage

_MODE = 0o644
_AT_ONCE = 1 << 26
_BUILT, _CONTENT = "version", "content"


def fetch_version(
    lineage: "Lineage",
    pointers: Mapping[str, Pointer],
    reader: Reader,
    dest: Path,
    content: ContentStore | None = None,
    *,
    progress: Progress | None = None,
    beside: Mapping[str, bytes] | None = None,
) -> Path:
    """Put each artifact of ``lineage`` at ``dest/<its path>`` and give ``dest`` back.

    Everything is verified by sha256 and size in a sibling directory, which then takes the name ``dest`` in one rename;
    killed at any point it leaves the old state and a sibling, with which the next call goes on (without ``content``;
    else it has nothing of worth and is removed). A ``dest`` that is already this version is verified and left alone;
    another one is GM-A402. Other errors: those of ``gather``, GM-A401.
    ``beside`` holds small files, by name, that lie beside the artifacts and are no business of the lineage.
    """
    extra = {} if beside is None else beside
    if _is_there(lineage, dest, progress, extra):
        return dest
    with _sibling(dest, resume=content is None) as work:
        built = work / _BUILT
        store = content or ContentStore(work / _CONTENT)
        placed = gather(lineage, pointers, reader, store, progress)
        _build(placed, store, built, owned=content is None)
        _write(built, extra)
        _take_name(built, dest, lineage, extra)
    return dest


def _is_there(lineage: "Lineage", dest: Path, progress: Progress | None, beside: Mapping[str, bytes]) -> bool:
    if not os.path.lexists(dest) or (dest.is_dir() and not dest.is_symlink() and not any(dest.iterdir())):
        return False
    found = compare_version(lineage, dest, ignore=frozenset(beside), progress=progress)
    differences = (*found, *_other(dest, beside))
    if not differences:
        _add(dest, beside)
        return True
    details = tuple(f"{item.path}: {item.kind} ({item.detail})" for item in differences)
    message = f"{dest} is not {lineage.model}@{lineage.version}"
    raise GmError("GM-A402", message, where=str(dest), details=details)


def _build(placed: tuple[Placed, ...], store: ContentStore, built: Path, *, owned: bool) -> None:
    """Lay the verified objects out under their paths; objects of a store that is ours alone are moved, not copied."""
    taken: dict[str, Path] = {}
    folders = {built}
    try:
        for item in placed:
            target = built / item.path
            target.parent.mkdir(parents=True, exist_ok=True)
            folders.update(folder for folder in target.parents if folder.is_relative_to(built))
            sha256 = item.sha256
            source = taken.get(sha256, store.path(sha256))
            _place(source, target, move=owned and sha256 not in taken)
            taken.setdefault(sha256, target if owned else source)
        for folder in folders:
            fsync_directory(folder)
    except OSError as error:
        raise GmError("GM-A401", f"files cannot be written: {error.strerror}", where=str(built)) from error


def _write(folder: Path, beside: Mapping[str, bytes]) -> None:
    try:
        for name, data in beside.items():
            with (folder / name).open("xb") as written:
                written.write(data)
                written.flush()
                os.fsync(written.fileno())
    except OSError as error:
        raise GmError("GM-A401", f"files cannot be written: {error.strerror}", where=str(folder)) from error


def _add(dest: Path, beside: Mapping[str, bytes]) -> None:
    """Put what is missing of ``beside`` into a directory that is there already, each file by one rename."""
    missing = {name: data for name, data in beside.items() if not os.path.lexists(dest / name)}
    if not missing:
        return
    with _sibling(dest) as work:
        _write(work, missing)
        try:
            for name in missing:
                (work / name).rename(dest / name)
            fsync_directory(dest)
        except OSError as error:
            raise GmError("GM-A401", f"files cannot be written: {error.strerror}", where=str(dest)) from error


def _other(dest: Path, beside: Mapping[str, bytes]) -> Iterator[Difference]:
    for name, data in beside.items():
        path = dest / name
        if os.path.lexists(path) and (path.is_symlink() or not path.is_file() or path.read_bytes() != data):
            yield Difference(name, "changed", "is not the one of the version")


def _place(source: Path, target: Path, *, move: bool) -> None:
    if move:
        source.rename(target)
        target.chmod(_MODE)
        return
    with source.open("rb") as read, target.open("xb") as written:
        _copy(read.fileno(), written.fileno())
        os.fsync(written.fileno())


def _copy(source: int, sink: int) -> None:
    """Copy inside the kernel, which shares the blocks where the file system can (XFS, Btrfs); else by hand."""
    with contextlib.suppress(OSError):  # what stays undone the loop below does, or says why it cannot
        while os.copy_file_range(source, sink, _AT_ONCE):
            pass
    while chunk := os.read(source, 1 << 20):
        write_all(sink, chunk)


def _take_name(built: Path, dest: Path, lineage: "Lineage", beside: Mapping[str, bytes]) -> None:
    try:
        built.rename(dest)
        fsync_directory(dest.parent)
    except OSError as error:
        lost_a_race = error.errno in {errno.ENOTEMPTY, errno.EEXIST}
        if lost_a_race and _is_there(lineage, dest, None, beside):
            return
        raise GmError("GM-A401", f"{dest} cannot be made: {error.strerror}", where=str(dest)) from error


@contextlib.contextmanager
def _sibling(dest: Path, *, resume: bool = False) -> Iterator[Path]:
    """Give a locked working directory beside ``dest``; those of killed calls are removed first.

    With ``resume`` what they had fetched is taken over, and stays when the network fails.
    """
    prefix = f".{dest.name}.gm-"
    try:
        dest.parent.mkdir(parents=True, exist_ok=True)
        leftovers = sorted(dest.parent.glob(f"{_glob_escape(prefix)}*"))
        taken = next((found for path in leftovers if (found := _taken_over(path))), None) if resume else None
        for leftover in leftovers:
            _remove_unless_locked(leftover)
        work, lock = taken or _locked_directory(dest.parent, prefix)
    except OSError as error:
        raise GmError("GM-A401", f"{dest} cannot be made: {error.strerror}", where=str(dest)) from error
    keep = False
    try:
        yield work
    except GmError as error:
        keep = resume and error.code in LOST
        raise
    finally:
        if not keep:
            shutil.rmtree(work, ignore_errors=True)
        os.close(lock)


def _taken_over(leftover: Path) -> tuple[Path, int] | None:
    """Lock what a call of this user left that nobody works in; what it holds is hashed again before it counts."""
    with contextlib.suppress(OSError):
        lock = os.open(leftover, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            status = os.fstat(lock)
            if status.st_uid == os.geteuid() and not status.st_mode & 0o077:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if leftover.is_dir():  # else a cleaner came between the calls
                    shutil.rmtree(leftover / _BUILT, ignore_errors=True)
                    return leftover, lock
        except OSError:
            os.close(lock)
            raise
        os.close(lock)
    return None


def _locked_directory(parent: Path, prefix: str) -> tuple[Path, int]:
    while True:
        work = parent / f"{prefix}{secrets.token_hex(6)}"
        work.mkdir(mode=0o700)
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(work, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if work.is_dir():  # else a cleaner came between the calls
                return work, lock
            os.close(lock)


def _remove_unless_locked(leftover: Path) -> None:
    with contextlib.suppress(OSError):
        lock = os.open(leftover, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(leftover, ignore_errors=True)
        finally:
            os.close(lock)


def _glob_escape(text: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in text)
