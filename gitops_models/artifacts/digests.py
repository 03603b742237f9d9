"""Digests of files and directories: one pass, bounded memory, no link followed, no change overlooked."""

import os
import stat
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from typing import BinaryIO

from gitops_models.artifacts.files import Stamp, open_directory, open_regular, read_error, stamp_of
from gitops_models.artifacts.hashing import CHUNK, PairHasher, Progress, md5_of_bytes
from gitops_models.artifacts.manifests import MAX_FILES, ManifestEntry, render_manifest
from gitops_models.artifacts.safe_names import check_file_name
from gitops_models.errors import GmError
from gitops_models.registry.canonical import FileDigest, tree_digest
from gitops_models.registry.values import dataclass

MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class FileHashes:
    """One file: bytes, sha256 and MD5 in hex, and the state of the file that was read."""

    size: int
    sha256: str
    md5: str
    stamp: Stamp = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class DirectoryHashes:
    """One directory: its files by relative path, their total size, tree digest, DVC hash and ``.dir`` bytes."""

    files: tuple[tuple[str, FileHashes], ...]
    size: int
    sha256: str
    md5: str
    manifest: bytes = field(repr=False)

    @property
    def nfiles(self) -> int:
        """How many files the directory holds."""
        return len(self.files)

    @property
    def listing(self) -> tuple[FileDigest, ...]:
        """The rows that the tree digest is made of."""
        return tuple(FileDigest(path, hashes.size, hashes.sha256) for path, hashes in self.files)


def hash_path(path: Path, progress: Progress | None = None) -> FileHashes | DirectoryHashes:
    """Hash a file or a directory, whichever ``path`` is; GM-A1nn."""
    if path.is_dir() and not path.is_symlink():
        return hash_directory(path, progress)
    return hash_file(path, progress)


def hash_file(path: Path, progress: Progress | None = None) -> FileHashes:
    """Size, sha256 and MD5 of a regular file; GM-A101..A106, A109."""
    with open_regular(path) as stream:
        return _hash_stream(stream, str(path), progress)


def hash_directory(path: Path, progress: Progress | None = None) -> DirectoryHashes:
    """Hash every file below ``path``; the result is what ``dvc add`` would compute, plus sha256; GM-A1nn.

    Executable bits and empty folders are not part of an artifact, as in DVC's own manifests.
    """
    files: list[tuple[str, FileHashes]] = []
    with open_directory(path) as descriptor:
        for found in _hash_tree(descriptor, "", path, progress):
            files.append(found)
            if len(files) > MAX_FILES:
                raise GmError("GM-A108", f"more than {MAX_FILES} files", where=str(path))
    if not files:
        raise GmError("GM-A107", f"{path} has no files", where=str(path))
    return _directory(files)


def _directory(files: list[tuple[str, FileHashes]]) -> DirectoryHashes:
    manifest = render_manifest(ManifestEntry(path, hashes.md5) for path, hashes in files)
    ordered = tuple(sorted(files, key=lambda item: item[0].encode()))
    return DirectoryHashes(
        files=ordered,
        size=sum(hashes.size for _, hashes in files),
        sha256=tree_digest(FileDigest(path, hashes.size, hashes.sha256) for path, hashes in files),
        md5=f"{md5_of_bytes(manifest)}.dir",
        manifest=manifest,
    )


def _hash_stream(stream: BinaryIO, where: str, progress: Progress | None) -> FileHashes:
    before = stamp_of(os.fstat(stream.fileno()))
    size = before[2]
    with PairHasher(size_hint=size) as hasher:
        try:
            while hasher.size <= size and (chunk := stream.read(CHUNK)):  # a file that only grows must not hold us
                hasher.update(chunk)
                if progress:
                    progress(len(chunk))
        except OSError as error:
            raise read_error(error, where) from error
    if stamp_of(os.fstat(stream.fileno())) != before or hasher.size != size:
        raise GmError("GM-A106", f"{where} changed while it was read", where=where)
    return FileHashes(hasher.size, hasher.sha256, hasher.md5, before)


def _hash_tree(folder: int, prefix: str, root: Path, progress: Progress | None) -> Iterator[tuple[str, FileHashes]]:
    where = str(root / prefix)
    if prefix.count("/") > MAX_DEPTH:
        raise GmError("GM-A108", f"more than {MAX_DEPTH} folders deep", where=where)
    before = stamp_of(os.fstat(folder))
    for entry in _entries(folder, where):
        relpath = prefix + check_file_name(entry.name, where=where)
        shown = str(root / relpath)
        if entry.is_dir(follow_symlinks=False):
            with open_directory(entry.name, dir_fd=folder, where=shown) as inner:
                yield from _hash_tree(inner, f"{relpath}/", root, progress)
            continue
        _refuse_special(entry, shown)
        with open_regular(entry.name, dir_fd=folder, where=shown) as stream:
            yield relpath, _hash_stream(stream, shown, progress)
    if stamp_of(os.fstat(folder)) != before:
        raise GmError("GM-A106", f"{where} changed while it was read", where=where)


def _entries(folder: int, where: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        raise read_error(error, where) from error


def _refuse_special(entry: os.DirEntry[str], where: str) -> None:
    mode = entry.stat(follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        raise GmError("GM-A102", f"{where} is a symbolic link", where=where)
    if not stat.S_ISREG(mode):
        raise GmError("GM-A103", f"{where} is not a regular file", where=where)
