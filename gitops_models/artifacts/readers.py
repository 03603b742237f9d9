"""Reading a remote by hash, without DVC's pull, fetch or checkout: open one object, stream it, trust nothing.

Objects of a DVC 3 remote lie at ``files/md5/<2 hex>/<30 hex>[.dir]``.
"""

import io
import stat
import weakref
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, Protocol

from gitops_models.artifacts.ahead import PATIENCE, Ahead, within
from gitops_models.artifacts.cloud_errors import cloud_error, means_missing
from gitops_models.artifacts.files import open_regular
from gitops_models.artifacts.opening import open_at
from gitops_models.artifacts.remotes import RemoteSpec
from gitops_models.errors import GmError

_LOST = frozenset({"GM-A321", "GM-A621"})
_RECONNECT = frozenset({"http", "https", "s3"})  # sshfs keeps a dead connection


class Reader(Protocol):
    """A remote, read by DVC hash (``….dir`` for a manifest), by several threads at once."""

    @property
    def distant(self) -> bool:
        """Whether a network lies between, so that another attempt may bring other bytes."""

    def open(self, md5: str, offset: int = 0) -> BinaryIO:
        """Stream one object from a byte on.

        GM-A311 missing, A315 not a file, A321 unreachable, A322 credentials refused, A621 stalled.
        """

    def size(self, md5: str) -> int | None:
        """Give the object's length in bytes, None when it is not there; errors as ``open``, without A311."""

    def exists(self, md5: str) -> bool:
        """Whether the object is there; errors as ``size``."""

    def where(self, md5: str) -> str:
        """Give the object's address for messages."""


def open_remote(spec: RemoteSpec) -> Reader:
    """Give the reader of ``spec``: a local directory without importing DVC, others through DVC's file systems."""
    if spec.directory is not None:
        return LocalReader(spec.directory)
    return CloudReader(spec)


def object_path(md5: str) -> str:
    """Where an object lies below the remote's address."""
    return f"files/md5/{md5[:2]}/{md5[2:]}"


class LocalReader:
    """A remote that is a directory of this machine."""

    distant = False

    def __init__(self, root: Path) -> None:
        self._root = root

    def where(self, md5: str) -> str:
        """Give the object's path."""
        return str(self._root / object_path(md5))

    def open(self, md5: str, offset: int = 0) -> BinaryIO:
        """Stream one object, never through a link."""
        path = self.where(md5)
        try:
            stream = open_regular(path)
        except GmError as error:
            raise self._translated(error, md5) from error
        stream.seek(offset)
        return stream

    def size(self, md5: str) -> int | None:
        """Give the object's length, None when it is not there."""
        try:
            status = Path(self.where(md5)).lstat()
        except FileNotFoundError:
            self._check_root(md5)
            return None
        except OSError as error:
            raise GmError("GM-A321", f"remote cannot be read: {error.strerror}", where=self.where(md5)) from error
        if not stat.S_ISREG(status.st_mode):
            raise GmError("GM-A315", "object is not a regular file", where=self.where(md5))
        return status.st_size

    def exists(self, md5: str) -> bool:
        """Whether the object is there."""
        return self.size(md5) is not None

    def _translated(self, error: GmError, md5: str) -> GmError:
        where = self.where(md5)
        if error.code == "GM-A101":
            self._check_root(md5)
            return GmError("GM-A311", f"object {md5} is not in the remote", where=where)
        if error.code in {"GM-A102", "GM-A103"}:
            return GmError("GM-A315", "object is not a regular file", where=where)
        return GmError("GM-A321", f"remote cannot be read: {error.message}", where=where)

    def _check_root(self, md5: str) -> None:
        if not self._root.is_dir():
            raise GmError("GM-A321", f"the remote's directory {self._root} is not there", where=self.where(md5))


class CloudReader:
    """Any other DVC remote, through ``dvc.fs`` (credentials as DVC finds them on this machine).

    ``patience`` is how many seconds the remote may stand still.
    """

    distant = True

    def __init__(self, spec: RemoteSpec, *, patience: float = PATIENCE) -> None:
        self._spec = spec
        self._patience = patience
        self._lock = Lock()
        self._fs: Any = None
        self._root = ""

    def where(self, md5: str) -> str:
        """Give the object's address, without user information."""
        return f"{self._spec.shown.rstrip('/')}/{object_path(md5)}"

    def open(self, md5: str, offset: int = 0) -> BinaryIO:
        """Stream one object."""

        def begin() -> Any:
            return open_at(self._connected(), self._path(md5), offset)

        return io.BufferedReader(
            Ahead(begin, self.where(md5), coded=lambda error: self._coded(error, md5), patience=self._patience)
        )

    def size(self, md5: str) -> int | None:
        """Give the object's length, None when it is not there (or the server does not say)."""
        info = self._info(md5)
        size = info.get("size") if info else None
        return int(size) if size is not None else None

    def exists(self, md5: str) -> bool:
        """Whether the object is there."""
        return self._info(md5) is not None  # fs.exists() takes a dead server for "no"

    def _info(self, md5: str) -> Any:
        try:
            return within(self._patience, lambda: self._connected().info(self._path(md5)), self.where(md5))
        except Exception as error:
            coded = self._coded(error, md5)
            if coded.code == "GM-A311":
                return None
            raise coded from error

    def _path(self, md5: str) -> str:
        return f"{self._root}{object_path(md5)}"

    def _coded(self, error: Exception, md5: str) -> GmError:
        """Give the coded form; after a lost connection the next call makes a new one where the driver does not."""
        where = self.where(md5)
        if means_missing(error):
            return GmError("GM-A311", f"object {md5} is not in the remote", where=where)
        coded = cloud_error(error, where)
        if coded.code in _LOST:
            with self._lock:
                if getattr(self._fs, "protocol", None) not in _RECONNECT:
                    self._fs = None
        return coded

    def _connected(self) -> Any:
        with self._lock:
            if self._fs is None:
                self._connect()
            return self._fs

    def _connect(self) -> None:
        from dvc.fs import get_cloud_fs  # noqa: PLC0415 - DVC takes 0.4 s to import

        from gitops_models.artifacts.cloud_sessions import (  # noqa: PLC0415 - as above
            close_session,
            harden,
            open_session,
        )

        kind, config, root = get_cloud_fs({}, url=self._spec.url, **self._spec.options)
        system = kind(**config)
        harden(system, ask=False)
        weakref.finalize(self, close_session, system)
        open_session(system)
        self._root = f"{root.rstrip('/')}/" if root else ""
        self._fs = system
