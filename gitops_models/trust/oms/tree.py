"""A model's directory: which files are there, and their digests, read without following any link.

Every file is opened part by part below the directory's own descriptor (``O_NOFOLLOW``), so a path that is swapped for
a link while gm reads is refused, not followed.
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.trust.oms.names import Resource

__all__ = ["ModelFile", "hash_resource", "list_model", "under"]

_CHUNK = 1024 * 1024
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


@dataclass(frozen=True)
class ModelFile:
    """A regular file: its path in the model and its size in bytes."""

    path: str
    size: int


def list_model(root: Path, ignored: Sequence[str]) -> Iterator[ModelFile]:
    """Yield every file below ``root`` that is not at or below a path of ``ignored``.

    Raises GM-T728 for a link, a socket or a device. What is ignored is not looked at.
    """
    left_out = frozenset(ignored)
    pending = [""]
    while pending:
        folder = pending.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if path in left_out:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    pending.append(path)
                else:
                    yield _regular(entry, path)


def under(path: str, ignored: Sequence[str]) -> bool:
    """Whether ``path`` is, or lies below, one of ``ignored``."""
    return any(path == each or path.startswith(f"{each}/") for each in ignored)


def hash_resource(root: int, resource: Resource, algorithm: str) -> bytes:
    """Return the digest of a file or shard below the open directory ``root``, at most 1 MiB in memory.

    Raises GM-T726 when the file is gone and GM-T728 when it is no regular file any more.
    """
    with ExitStack() as opened:
        descriptor = _open_below(root, resource.path.split("/"), opened)
        return _hash(descriptor, resource, algorithm)


def _regular(entry: "os.DirEntry[str]", path: str) -> ModelFile:
    shown = os.fsencode(path).decode("utf-8", "backslashreplace")  # a name that is no text can be signed by nobody
    if not entry.is_file(follow_symlinks=False):
        raise GmError("GM-T728", "neither a file nor a directory", where=shown)
    return ModelFile(shown, entry.stat(follow_symlinks=False).st_size)


def _open_below(root: int, parts: Sequence[str], opened: ExitStack) -> int:
    folder = root
    try:
        for part in parts[:-1]:
            folder = _kept(os.open(part, _DIRECTORY, dir_fd=folder), opened)
        descriptor = _kept(os.open(parts[-1], _FILE, dir_fd=folder), opened)
    except FileNotFoundError as error:
        raise GmError("GM-T726", "the signed file is gone", where="/".join(parts)) from error
    except OSError as error:
        raise GmError("GM-T728", f"cannot be opened as a file: {error.strerror}", where="/".join(parts)) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise GmError("GM-T728", "not a regular file", where="/".join(parts))
    return descriptor


def _kept(descriptor: int, opened: ExitStack) -> int:
    opened.callback(os.close, descriptor)
    return descriptor


def _hash(descriptor: int, resource: Resource, algorithm: str) -> bytes:
    digest = hashlib.new(algorithm)
    offset, left = resource.start, None if resource.end is None else resource.end - resource.start
    while chunk := os.pread(descriptor, _CHUNK if left is None else min(_CHUNK, left), offset):
        digest.update(chunk)
        offset += len(chunk)
        left = None if left is None else left - len(chunk)
    return digest.digest()
