"""One object of a DVC file system as a stream from a byte on: in ranges where the driver can, else skipped over."""

import asyncio
import contextlib
import re
from collections.abc import Coroutine
from typing import Any

from gitops_models.artifacts.ahead import Chunks
from gitops_models.artifacts.cloud_errors import OtherRangeError, is_range_refused
from gitops_models.artifacts.hashing import CHUNK

_PARTIAL = 206
_CONTENT_RANGE = re.compile(r"bytes (\d+)-")


def open_at(system: Any, path: str, offset: int) -> Chunks:
    """Open ``path`` of a DVC file system from ``offset`` on; raises what its driver raises, or OtherRangeError."""
    try:
        return _open(system, path, offset)
    except Exception as error:
        if offset and is_range_refused(error):
            raise OtherRangeError(f"it has fewer than {offset} bytes") from error
        raise


def _open(system: Any, path: str, offset: int) -> Chunks:
    if system.protocol in {"http", "https"}:
        return _open_http(system.fs, path, offset)
    if system.protocol == "s3":
        return _open_s3(system.fs, path, offset)
    stream: Any = system.open(path, "rb")
    if offset:
        stream.seek(offset)
    opened: Chunks = stream
    return opened


class _Body:
    """The body of one answer of S3, as it comes: s3fs's own files hold 50 MiB of each object and lose it on a cut."""

    def __init__(self, inner: Any, body: Any) -> None:
        self._inner = inner
        self._body = body

    def read(self, size: int, /) -> bytes:
        async def take() -> bytes:
            return bytes(await self._body.read(size))

        found: bytes = self._wait(take())
        return found

    def close(self) -> None:
        async def end() -> None:
            self._body.close()

        self._wait(end())

    def _wait(self, coming: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coming, self._inner.loop).result()


def _open_s3(inner: Any, path: str, offset: int) -> Chunks:
    bucket, key, _ = inner.split_path(path)
    wanted = {"Range": f"bytes={offset}-"} if offset else {}
    answer = inner.call_s3("get_object", Bucket=bucket, Key=key, **wanted, **inner.req_kw)
    body = _Body(inner, answer["Body"])
    try:
        said = answer.get("ContentRange")
        _skip(body, offset - (_first(said) if said else 0))
    except BaseException:
        body.close()
        raise
    return body


def _open_http(inner: Any, path: str, offset: int) -> Chunks:
    """As one answer (fsspec's own ranges fail at the second block of a server that knows none), uncompressed."""
    headers = {"Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    stream: Any = inner.open(path, "rb", block_size=0, size=1, headers=headers)  # a size saves asking for it
    try:
        _skip(stream, offset - _start(stream.r))
    except BaseException:
        with contextlib.suppress(Exception):  # the first error is the one to show
            stream.close()
        raise
    opened: Chunks = stream
    return opened


def _start(answer: Any) -> int:
    """Say at which byte the answer begins: a server that knows no ranges sends everything."""
    return _first(answer.headers.get("Content-Range", "")) if answer.status == _PARTIAL else 0


def _first(content_range: str) -> int:
    found = _CONTENT_RANGE.match(content_range)
    if not found:
        raise OtherRangeError("the server answered a range without saying which")
    return int(found[1])


def _skip(stream: Chunks, count: int) -> None:
    if count < 0:
        raise OtherRangeError("the server answered another range than was asked for")
    while count and (chunk := stream.read(min(count, CHUNK))):
        count -= len(chunk)
