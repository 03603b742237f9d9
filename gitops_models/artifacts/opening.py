"""One object of a DVC file system as a stream from a byte on: in ranges where the driver can, else skipped over."""

import contextlib
import re
from typing import Any

from gitops_models.artifacts.ahead import Chunks
from gitops_models.artifacts.hashing import CHUNK

# s3fs asks for 50 MiB at once by default: too much to hold for each object that is read at the same time.
_BLOCK = 4 << 20
_PARTIAL = 206
_CONTENT_RANGE = re.compile(r"bytes (\d+)-")


def open_at(system: Any, path: str, offset: int) -> Chunks:
    """Open ``path`` of a DVC file system from ``offset`` on; raises what its driver raises."""
    if hasattr(system.fs, "set_session"):
        return _open_http(system.fs, path, offset)
    options = {"block_size": _BLOCK} if system.protocol == "s3" else {}
    stream: Any = system.open(path, "rb", **options)
    if offset:
        stream.seek(offset)
    opened: Chunks = stream
    return opened


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
    if answer.status != _PARTIAL:
        return 0
    found = _CONTENT_RANGE.match(answer.headers.get("Content-Range", ""))
    if not found:
        raise OSError("the server answered a range without saying which")
    return int(found[1])


def _skip(stream: Any, count: int) -> None:
    if count < 0:
        raise OSError("the server answered another range than was asked for")
    while count and (chunk := stream.read(min(count, CHUNK))):
        count -= len(chunk)
