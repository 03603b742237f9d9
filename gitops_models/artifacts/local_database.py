"""A DVC object database that is a directory of this machine (a cache, or a local remote)."""

import contextlib
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gitops_models.artifacts.digests import hash_file
from gitops_models.artifacts.files import open_regular
from gitops_models.artifacts.hashing import Progress, sha256_of
from gitops_models.artifacts.objects import Source
from gitops_models.errors import GmError

# Above this DVC's attempt to share blocks with the source (reflink) is worth the file that it makes and removes.
_CLONE_FROM = 1 << 20


class LocalDatabase:
    """DVC's ``LocalHashFileDB``; with ``rehash`` objects found there are believed only after reading them."""

    def __init__(self, odb: Any, address: str, *, rehash: bool) -> None:
        self.address = address
        self._odb = odb
        self._rehash = rehash
        self._sent: set[str] = set()
        self._made: set[Path] = set()

    def absent(self, sources: Sequence[Source]) -> list[Source]:
        """Those without a regular file of the right size (and bytes)."""
        return [source for source in sources if not self._has(source)]

    def put(self, sources: Sequence[Source], progress: Progress | None) -> None:
        """Store each by DVC's own file system class, which copies to a temporary name and renames."""
        for source in sources:
            path = self._path(source)
            try:
                self._make(path.parent)
                self._put_one(source, str(path))
            except OSError as error:
                raise GmError("GM-A323", f"object cannot be stored: {error.strerror}", where=str(path)) from error
            self._odb.protect(str(path))
            self._sent.add(source.oid)
            if progress:
                progress(source.size)

    def verify(self, sources: Sequence[Source]) -> None:
        """Read each again and compare its sha256."""
        if not self._rehash:
            return
        spoiled = [source for source in sources if not self._has_sha256(source)]
        if spoiled:
            self.drop_sent(spoiled)
            where = str(self._path(spoiled[0]))
            raise GmError("GM-A324", f"stored object {where} is not what was sent", where=where)

    def drop_sent(self, sources: Sequence[Source]) -> None:
        """Remove those that were put here by this object."""
        for source in sources:
            if source.oid in self._sent:
                self._sent.discard(source.oid)
                self._path(source).unlink(missing_ok=True)

    def _make(self, folder: Path) -> None:
        if folder not in self._made:
            self._odb.makedirs(str(folder))
            self._made.add(folder)

    def _put_one(self, source: Source, path: str) -> None:
        if source.path is None:
            self._odb.add_bytes(source.oid, source.data)
        elif source.size >= _CLONE_FROM:
            self._odb.fs.put_file(str(source.path), path)
        else:
            with open_regular(source.path) as stream:
                self._odb.fs.put_file(stream, path, size=source.size)

    def _path(self, source: Source) -> Path:
        return Path(self._odb.oid_to_path(source.oid))

    def _has(self, source: Source) -> bool:
        path = self._path(source)
        with contextlib.suppress(OSError):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_size == source.size:
                return not self._rehash or self._is_same(source)
        return False

    def _is_same(self, source: Source) -> bool:
        if self._has_sha256(source):
            return True
        if self._has_md5(source):
            where = str(self._path(source))
            raise GmError("GM-A325", f"{where} holds other bytes with the same MD5", where=where)
        return False

    def _has_sha256(self, source: Source) -> bool:
        with contextlib.suppress(GmError), open_regular(self._path(source)) as stream:
            return sha256_of(stream)[0] == source.sha256
        return False

    def _has_md5(self, source: Source) -> bool:
        with contextlib.suppress(GmError):
            return hash_file(self._path(source)).md5 == source.oid.removesuffix(".dir")
        return False
