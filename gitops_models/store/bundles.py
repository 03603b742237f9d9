"""Git bundles (gitformat-bundle(5)): refs and a pack in one file, from somewhere that anybody may write to.

Git's own ``fetch`` from a bundle checks no object before git 2.46. So the header is read here, strictly; the pack goes
through ``index-pack --strict`` into a repository of its own, with limits; and from there an ordinary fetch, which
checks objects and their connections again, brings the refs that were asked for. Nothing else of the bundle counts.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass
from gitops_models.store.gitcli import failed, run
from gitops_models.store.names import check_ref
from gitops_models.store.refusals import DISK, said_lines
from gitops_models.store.transport import fetch
from gitops_models.store.worktree import init

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gitops_models.store.repository import Store

__all__ = ["MAX_BYTES", "Bundle", "bring", "open_bundle", "write_bundle"]

MAX_BYTES = 512 * 2**20
_MAX_HEADER = 8 * 2**20
_MAX_ALLOCATION = 256 * 2**20
_TIMEOUT = 300.0
_SIGNATURES = (b"# v2 git bundle", b"# v3 git bundle")
_PREREQUISITE = re.compile(rb"-([0-9a-f]{40})(?: .*)?")
_REF = re.compile(rb"([0-9a-f]{40}) (\S+)")


@dataclass(frozen=True)
class Bundle:
    """An open bundle: the commits it builds on, its refs, and where in ``descriptor`` the pack begins."""

    name: str
    descriptor: int
    prerequisites: tuple[str, ...]
    refs: Mapping[str, str]
    pack: int

    def missing(self, store: Store) -> tuple[str, ...]:
        """The commits that the bundle builds on and ``store`` does not have."""
        return tuple(oid for oid in self.prerequisites if not store.has(oid))


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """Open the bundle at ``path`` and read its header.

    Raises GM-S211 for anything but a regular file (no link is followed) of at most 512 MiB, GM-S212 for a header of
    another form, of SHA-256 names or of a partial pack.
    """
    descriptor = _open(path)
    try:
        yield _read(path.name, descriptor)
    finally:
        os.close(descriptor)


def bring(store: Store, bundle: Bundle, refspecs: Sequence[str], *, wanted: Callable[[str], bool]) -> None:
    """Fetch ``refspecs`` of the refs whose names are ``wanted``, after every object was checked.

    Raises GM-S213 where commits that it builds on are missing, GM-S208 where its objects fail Git's checks, GM-C003
    where the disk is full or broken.
    """
    if missing := bundle.missing(store):
        raise GmError("GM-S213", f"{visible(bundle.name)} builds on {missing[0]}", where=bundle.name, details=missing)
    with _workshop(store) as workshop:
        _unpack(workshop, bundle)
        _set_refs(workshop, {name: oid for name, oid in bundle.refs.items() if wanted(name)})
        try:
            fetch(store, str(workshop.git_dir), refspecs)
        except GmError as error:
            raise _damaged(bundle, error.message, error.details) from error


def write_bundle(store: Store, path: Path, refs: Mapping[str, str]) -> None:
    """Write ``refs`` and everything they reach to ``path``, which is replaced whole. Raises GM-S216."""
    draft = path.absolute().with_name(f".{path.name}.new")
    try:
        with _workshop(store) as workshop:
            _set_refs(workshop, refs)
            done = run(workshop.git, ["bundle", "create", "--quiet", str(draft), "--all"])
        if done.status:
            raise GmError("GM-S216", failed("bundle", done).message, where=str(path))
        draft.replace(path)
    except OSError as error:
        raise GmError("GM-S216", f"{path.name}: {error.strerror}", where=str(path)) from error
    finally:
        draft.unlink(missing_ok=True)


def _open(path: Path) -> int:
    try:
        # Never waits at a FIFO, never follows a link that was put there.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise GmError("GM-S211", f"{visible(path.name)} cannot be opened: {error.strerror}", where=path.name) from error
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_size <= MAX_BYTES:
        return descriptor
    os.close(descriptor)
    what = f"has {found.st_size} bytes" if stat.S_ISREG(found.st_mode) else "is no regular file"
    raise GmError("GM-S211", f"{visible(path.name)} {what}", where=path.name)


def _read(name: str, descriptor: int) -> Bundle:
    head, end, _ = os.pread(descriptor, _MAX_HEADER, 0).partition(b"\n\n")
    signature, *lines = head.split(b"\n")
    if not end or signature not in _SIGNATURES:
        raise GmError("GM-S212", f"{visible(name)} has no header of a bundle", where=name)
    prerequisites: list[str] = []
    refs: dict[str, str] = {}
    for line in lines:
        if line == b"@object-format=sha1" and signature == _SIGNATURES[1]:
            continue
        if match := _PREREQUISITE.fullmatch(line):
            prerequisites.append(match[1].decode())
            continue
        oid, ref = _ref(name, line)
        if refs.setdefault(ref, oid) != oid:
            raise GmError("GM-S212", f"{visible(name)} names {ref} twice", where=name)
    return Bundle(name, descriptor, tuple(prerequisites), refs, len(head) + len(end))


def _ref(name: str, line: bytes) -> tuple[str, str]:
    match = _REF.fullmatch(line)
    try:
        return match[1].decode(), check_ref(match[2].decode())  # type: ignore[index]  # no match is caught below
    except (TypeError, UnicodeDecodeError, GmError) as error:
        shown = visible(line[:80].decode("utf-8", "replace"))
        raise GmError("GM-S212", f"{visible(name)}: `{shown}` does not belong in a header", where=name) from error


@contextmanager
def _workshop(store: Store) -> Iterator[Store]:
    """A repository of its own for a moment, which sees the objects of ``store`` and adds none to it."""
    with tempfile.TemporaryDirectory(prefix="gm-bundle-") as folder:
        workshop = init(Path(folder, "bundle.git"), bare=True)
        alternates = workshop.git_dir / "objects" / "info" / "alternates"
        alternates.write_text(f"{store.common_dir.resolve() / 'objects'}\n")
        yield workshop


def _unpack(workshop: Store, bundle: Bundle) -> None:
    options = ["--stdin", "--fix-thin", "--strict", f"--max-input-size={MAX_BYTES}"]
    command = workshop.git.command(["-c", "core.bigFileThreshold=16m", "index-pack", *options])
    os.lseek(bundle.descriptor, bundle.pack, os.SEEK_SET)
    try:
        done = subprocess.run(
            command,
            stdin=bundle.descriptor,
            capture_output=True,
            # What a few bytes of zlib unpack to is bounded too.
            env={**workshop.git.env, "GIT_ALLOC_LIMIT": str(_MAX_ALLOCATION)},
            cwd=workshop.git.cwd,
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise _damaged(bundle, f"not unpacked within {_TIMEOUT:g} s") from late
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace")
        lines = said_lines(said)
        if DISK.search(said):
            raise GmError("GM-C003", f"{visible(bundle.name)} cannot be unpacked here: {lines[0]}", details=lines)
        raise _damaged(bundle, lines[-1] if lines else "git index-pack fails", lines)


def _damaged(bundle: Bundle, why: str, details: Sequence[str] = ()) -> GmError:
    return GmError("GM-S208", f"{visible(bundle.name)}: {why}", where=bundle.name, details=details)


def _set_refs(workshop: Store, refs: Mapping[str, str]) -> None:
    """Write all refs at once (the names were checked); there may be one for every change that ever was."""
    lines = sorted(f"{oid} {check_ref(name)}\n" for name, oid in refs.items() if name != "HEAD")
    (workshop.git_dir / "packed-refs").write_text("# pack-refs with:\n" + "".join(lines))
