"""What has arrived of an object so far: kept where a network failed or a process died, to go on from there."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gitops_models.artifacts.content import ContentStore
from gitops_models.artifacts.hashing import CHUNK, PairHasher, Progress
from gitops_models.errors import GmError

LOST = frozenset({"GM-A321", "GM-A621"})
"""Codes of a network that failed: what arrived before is as good as it was."""
_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Arriving:
    """One locked file that an object grows in."""

    sink: int
    path: Path

    @property
    def size(self) -> int:
        """Bytes so far."""
        return os.fstat(self.sink).st_size

    def clear(self) -> None:
        """Begin anew."""
        os.ftruncate(self.sink, 0)
        os.lseek(self.sink, 0, os.SEEK_SET)

    def feed(self, hasher: PairHasher, progress: Progress | None) -> None:
        """Hash what is there, and stand at its end."""
        os.lseek(self.sink, 0, os.SEEK_SET)
        while chunk := os.read(self.sink, CHUNK):
            hasher.update(chunk)
            if progress:
                progress(len(chunk))


@contextlib.contextmanager
def arriving(content: ContentStore, key: str) -> Iterator[Arriving]:
    """Give the file in which the object that its remote calls ``key`` grows, with what came of it before.

    Somebody else who brings the same object has that file; then this is a new one. It is gone afterwards unless it was
    renamed, or left by a failing network (``LOST``) or an interrupt. GM-A401 where it cannot be made.
    """
    try:
        content.partial.mkdir(parents=True, exist_ok=True)
        path = content.partial / key
        sink = _locked(path)
    except OSError as error:
        raise GmError("GM-A401", f"content cannot be stored: {error.strerror}", where=str(content.root)) from error
    if sink is None:
        with content.writing() as (other, temporary):
            yield Arriving(other, temporary)
        return
    try:
        yield Arriving(sink, path)
    except GmError as error:
        if error.code not in LOST:
            path.unlink(missing_ok=True)
        raise
    except Exception:
        path.unlink(missing_ok=True)
        raise
    finally:
        if not os.fstat(sink).st_size and _is(path, sink):
            path.unlink(missing_ok=True)
        os.close(sink)


def _locked(path: Path) -> int | None:
    """Open and lock ``path``; None where somebody else has it."""
    while True:
        sink = os.open(path, _OPEN, 0o600)
        try:
            fcntl.flock(sink, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is(path, sink):  # else it was finished or removed between the calls
                return sink
        except BlockingIOError:
            os.close(sink)
            return None
        os.close(sink)


def _is(path: Path, sink: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(path.lstat(), os.fstat(sink))
    return False
