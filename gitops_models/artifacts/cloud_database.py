"""A DVC object database anywhere else (S3, GCS, Azure, SSH, HTTP, …): whole by the size that the remote reports."""

import contextlib
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gitops_models.artifacts.cloud_errors import cloud_error, means_missing
from gitops_models.artifacts.cloud_sessions import close_session, open_session
from gitops_models.artifacts.hashing import Progress
from gitops_models.artifacts.objects import Source
from gitops_models.errors import GmError


class CloudDatabase:
    """DVC's ``HashFileDB`` over one of its file systems."""

    def __init__(self, odb: Any, address: str) -> None:
        self.address = address
        self._odb = odb
        self._sent: set[str] = set()
        weakref.finalize(self, close_session, odb.fs)

    def absent(self, sources: Sequence[Source]) -> list[Source]:
        """Those that the remote does not have in the right size."""
        sizes = self._sizes(sources)
        return [source for source in sources if sizes[source.oid] not in {source.size, "unknown"}]

    def put(self, sources: Sequence[Source], progress: Progress | None) -> None:
        """Send files in parallel as DVC does; bytes at hand become a file first (HTTP takes nothing else)."""
        with tempfile.TemporaryDirectory(prefix="gm-") as folder:
            files = {source.oid: str(_as_file(source, Path(folder))) for source in sources}
            if files:
                self._coded(lambda: self._add(files))
        for source in sources:
            self._sent.add(source.oid)
            if progress:
                progress(source.size)

    def verify(self, sources: Sequence[Source]) -> None:
        """Ask the remote for the size of each again."""
        missing = self.absent(sources)
        if missing:
            self.drop_sent(missing)
            where = f"{self.address}:{missing[0].oid}"
            raise GmError("GM-A324", f"stored object {missing[0].oid} has another size than was sent", where=where)

    def drop_sent(self, sources: Sequence[Source]) -> None:
        """Delete those that were put here by this object."""
        for source in sources:
            if source.oid in self._sent:
                self._sent.discard(source.oid)
                with contextlib.suppress(Exception):  # the first error is the one to show
                    self._odb.delete(source.oid)

    def _add(self, files: Mapping[str, str]) -> None:
        from dvc.fs import localfs  # noqa: PLC0415 - DVC takes 0.4 s to import

        failures: list[BaseException] = []
        self._odb.add(
            list(files.values()),
            localfs,
            list(files),
            check_exists=False,
            batch_size=self._odb.fs.jobs,
            on_error=lambda _oid, error: failures.append(error),
        )
        if failures:
            raise failures[0]

    def _sizes(self, sources: Sequence[Source]) -> dict[str, int | str | None]:
        """Size by object id: None for absent, "unknown" when the remote does not say."""
        if not sources:
            return {}
        paths = [self._odb.oid_to_path(source.oid) for source in sources]
        self._coded(lambda: open_session(self._odb.fs))
        self._odb.fs.fs.invalidate_cache()
        answers = self._coded(lambda: self._odb.fs.info(paths, return_exceptions=True))
        return {source.oid: self._size(answer) for source, answer in zip(sources, answers, strict=True)}

    def _size(self, answer: Any) -> int | str | None:
        if isinstance(answer, Exception):
            if means_missing(answer):
                return None
            raise cloud_error(answer, self.address) from answer
        size = answer.get("size")
        return "unknown" if size is None else int(size)

    def _coded(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as error:
            coded = cloud_error(error, self.address)
            if coded.code != "GM-A321":
                raise coded from error
            raise GmError("GM-A323", f"the remote took no objects: {error}", where=self.address) from error


def _as_file(source: Source, folder: Path) -> Path:
    if source.path is not None:
        return source.path
    path = folder / source.oid
    path.write_bytes(source.data)
    return path
