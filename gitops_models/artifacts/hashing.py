"""The two digests of one stream in one pass: sha256 for trust, MD5 because DVC finds objects by it."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import BinaryIO, Self

CHUNK = 1 << 20
# Below this the hand-over to a second thread costs more than it wins.
_THREAD_FROM = 8 * CHUNK

Progress = Callable[[int], None]
"""Called with the number of bytes done since the last call."""


class PairHasher:
    """sha256 and MD5 side by side; a large stream gets a thread for each (hashlib lets go of the GIL).

    Without ``md5``, where nothing is located by it, the digest of that name stays empty.
    """

    def __init__(self, *, size_hint: int = 0, md5: bool = True) -> None:
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False) if md5 else None
        self._pool = ThreadPoolExecutor(1) if md5 and size_hint >= _THREAD_FROM else None
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown()

    def update(self, chunk: bytes | memoryview) -> None:
        """Feed ``chunk`` to both digests; returns when both have it, so memory stays at one chunk."""
        self.size += len(chunk)
        if not self._md5:
            self._sha256.update(chunk)
            return
        if not self._pool:
            self._md5.update(chunk)
            self._sha256.update(chunk)
            return
        pending = self._pool.submit(self._md5.update, chunk)
        self._sha256.update(chunk)
        pending.result()

    @property
    def sha256(self) -> str:
        """Lower case hex of what was fed so far."""
        return self._sha256.hexdigest()

    @property
    def md5(self) -> str:
        """Lower case hex of what was fed so far."""
        return self._md5.hexdigest() if self._md5 else ""


def chunks(stream: BinaryIO) -> Iterator[memoryview]:
    """Give what comes, as it comes, through one buffer: each piece is good until the next is asked for.

    A new megabyte for each piece costs four times as much as reading it.
    """
    fill = getattr(stream, "readinto1", None) or getattr(stream, "readinto", None)
    if fill is None:
        while chunk := stream.read(CHUNK):
            yield memoryview(chunk)
        return
    buffer = memoryview(bytearray(CHUNK))
    while count := fill(buffer):
        yield buffer[:count]


def sha256_of(stream: BinaryIO, progress: Progress | None = None) -> tuple[str, int]:
    """Give the sha256 (hex) and length of the rest of ``stream``, in bounded memory."""
    digest = hashlib.sha256()
    size = 0
    for chunk in chunks(stream):
        digest.update(chunk)
        size += len(chunk)
        if progress:
            progress(len(chunk))
    return digest.hexdigest(), size


def md5_of_bytes(data: bytes) -> str:
    """Give the MD5 (hex) of bytes at hand."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
