"""The content store: bytes by their sha256 in a directory that gm owns, each complete and verified or not there."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from gitops_models.artifacts.files import fsync_directory, open_regular
from gitops_models.artifacts.hashing import Progress, sha256_of
from gitops_models.artifacts.transfer import Expected, Received, receive
from gitops_models.errors import GmError

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE = 0o444


class ContentStore:
    """Objects at ``<root>/<2 hex>/<62 hex>``, mode 0444.

    A writer killed at any point leaves at most a file in ``<root>/tmp``, which the next writer removes, and in
    ``<root>/partial`` what had arrived, with which the next one goes on.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.partial = root / "partial"
        self._temporary = root / "tmp"
        self._swept = False

    def path(self, sha256: str) -> Path:
        """Where the object lies or would lie."""
        return self.root / sha256[:2] / sha256[2:]

    def get(self, sha256: str, progress: Progress | None = None) -> Path | None:
        """Give the path of the object after hashing it again; None when it is absent or was spoiled (then removed)."""
        path = self.path(sha256)
        try:
            with open_regular(path) as stream:
                actual, _ = sha256_of(stream, progress)
        except GmError as error:
            if error.code == "GM-A101":
                return None
            actual = ""
        if actual == sha256:
            return path
        path.unlink(missing_ok=True)
        return None

    def add(self, stream: BinaryIO, sha256: str, size: int, *, where: str, progress: Progress | None = None) -> Path:
        """Store exactly these bytes; GM-A312..A314 when they are others, GM-A401 when they cannot be stored."""
        expected = Expected(where, limit=size, sha256=sha256, size=size)
        self.add_expected(stream, expected, progress)
        return self.path(sha256)

    def add_expected(self, stream: BinaryIO, expected: Expected, progress: Progress | None = None) -> Received:
        """Store what ``stream`` gives under its own sha256 once it is what was expected; errors as ``add``."""
        with self.writing() as (sink, temporary):
            received = receive(stream, sink, expected, progress)
            self.keep(sink, temporary, received.sha256)
        return received

    def keep(self, sink: int, temporary: Path, sha256: str) -> None:
        """Give the file ``temporary``, open as ``sink``, the name of its digest; GM-A401."""
        final = self.path(sha256)
        try:
            os.fchmod(sink, _MODE)
            os.fsync(sink)
            if not final.parent.is_dir():
                final.parent.mkdir(exist_ok=True)
                fsync_directory(self.root)
            temporary.rename(final)
            fsync_directory(final.parent)
        except OSError as error:
            raise GmError("GM-A401", f"content cannot be stored: {error.strerror}", where=str(final)) from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[tuple[int, Path]]:
        """Give a new locked temporary file; gone afterwards unless it was renamed."""
        try:
            self._temporary.mkdir(parents=True, exist_ok=True)
            self._sweep()
            sink, temporary = self._create()
        except OSError as error:
            raise GmError("GM-A401", f"content cannot be stored: {error.strerror}", where=str(self.root)) from error
        try:
            yield sink, temporary
        finally:
            temporary.unlink(missing_ok=True)
            os.close(sink)

    def _create(self) -> tuple[int, Path]:
        while True:
            temporary = self._temporary / secrets.token_hex(8)
            sink = os.open(temporary, _NEW, 0o600)
            fcntl.flock(sink, fcntl.LOCK_EX)
            if os.fstat(sink).st_nlink:  # else a sweeper came between the two calls
                return sink, temporary
            os.close(sink)

    def _sweep(self) -> None:
        """Remove what killed writers left: files whose lock nobody holds."""
        if self._swept:
            return
        self._swept = True
        for leftover in self._temporary.iterdir():
            with contextlib.suppress(FileNotFoundError, GmError, BlockingIOError), open_regular(leftover) as stream:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                leftover.unlink()
