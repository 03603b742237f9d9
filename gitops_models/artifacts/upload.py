"""Bytes into the repository's DVC cache and its DVC remote, through DVC's own object databases.

One DVC configuration per call, imported late and in this process; no ``dvc add``, no ``dvc push``. What DVC calls
exist-means-complete is not believed: an object already there must have the right size, in a local remote the right
sha256, and each object that was sent is looked at again afterwards (POLICY.md, storage copy re-hashed).
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from gitops_models.artifacts.databases import open_databases
from gitops_models.artifacts.digests import DirectoryHashes, FileHashes
from gitops_models.artifacts.files import Stamp, stamp_of
from gitops_models.artifacts.hashing import Progress
from gitops_models.artifacts.objects import Database, Source
from gitops_models.errors import GmError
from gitops_models.registry.canonical import sha256_hex
from gitops_models.registry.values import dataclass


@dataclass(frozen=True, slots=True)
class UploadItem:
    """One artifact as it was hashed: nothing else is sent."""

    path: Path
    hashes: FileHashes | DirectoryHashes


@dataclass(frozen=True, slots=True)
class UploadReport:
    """What the remote has now: its address, objects sent and objects found there already."""

    remote: str
    sent: int
    reused: int


def upload(
    repo_root: Path, items: Iterable[UploadItem], *, progress: Progress | None = None, remote: str | None = None
) -> UploadReport:
    """Store ``items`` in the cache and the (default or named) remote of the DVC repository at ``repo_root``.

    Cheap for objects that are there. Interrupted at any point it leaves whole objects only, and a directory's manifest
    only after all its files. GM-A301..A306 configuration, GM-A322 credentials, GM-A323 failed, GM-A324 the copy
    differs, GM-A325 MD5 collision, GM-A106 a file changed since it was hashed.
    """
    files, manifests = _sources(tuple(items))
    cache, storage = open_databases(repo_root, remote)
    reused = 0
    for group in (files, manifests):
        cache.put(cache.absent(group), None)
        absent = storage.absent(group)
        reused += len(group) - len(absent)
        storage.put(absent, progress)
        _refuse_changed(group, lambda sources: _forget((cache, storage), sources))
        storage.verify(absent)
    return UploadReport(storage.address, len(files) + len(manifests) - reused, reused)


def _sources(items: tuple[UploadItem, ...]) -> tuple[list[Source], list[Source]]:
    """Files first, manifests after them: DVC takes a manifest's presence for its files' presence."""
    files = {source.oid: source for item in items for source in _files(item)}
    manifests = {item.hashes.md5: _manifest(item.hashes) for item in items if isinstance(item.hashes, DirectoryHashes)}
    return list(files.values()), list(manifests.values())


def _files(item: UploadItem) -> Iterator[Source]:
    if isinstance(item.hashes, FileHashes):
        yield _file(item.path, item.hashes)
        return
    for relpath, hashes in item.hashes.files:
        yield _file(item.path / relpath, hashes)


def _file(path: Path, hashes: FileHashes) -> Source:
    return Source(hashes.md5, hashes.size, hashes.sha256, path, hashes.stamp)


def _manifest(hashes: DirectoryHashes) -> Source:
    return Source(hashes.md5, len(hashes.manifest), sha256_hex(hashes.manifest), data=hashes.manifest)


def _refuse_changed(sources: list[Source], forget: Callable[[list[Source]], None]) -> None:
    changed = [source for source in sources if source.path and not _is_as_hashed(source.path, source.stamp)]
    if changed:
        forget(changed)
        where = str(changed[0].path)
        raise GmError("GM-A106", f"{where} changed between hashing and upload", where=where)


def _is_as_hashed(path: Path, stamp: Stamp | None) -> bool:
    try:
        return stamp_of(path.lstat()) == stamp
    except OSError:
        return False


def _forget(databases: tuple[Database, ...], sources: list[Source]) -> None:
    for database in databases:
        database.drop_sent(sources)
