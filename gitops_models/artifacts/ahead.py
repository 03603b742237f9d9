"""A remote's bytes, read a little ahead by a thread of their own, and no patience with a remote that stands still.

The drivers below have time limits of their own kind or none; a thread that is given up ends with its driver's call.
"""

import contextlib
import io
import time
from collections.abc import Callable
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any, Protocol, TypeVar

from gitops_models.artifacts.hashing import CHUNK
from gitops_models.errors import GmError

PATIENCE = 120.0
"""Seconds in which a remote must bring something."""
LEAST = 64 << 10
"""Bytes that it must bring in that time, unless it comes to an end."""
_CHUNKS_AHEAD = 4
_Answer = TypeVar("_Answer")


class Chunks(Protocol):
    """What a driver's stream must do."""

    def read(self, size: int, /) -> bytes:
        """Give up to ``size`` bytes, none at the end."""

    def close(self) -> None:
        """Let go of the connection."""


def within(patience: float, call: Callable[[], _Answer], where: str) -> _Answer:
    """Give what ``call`` gives, or raise GM-A621 after ``patience`` seconds; what it raises is raised here."""
    answers: Queue[tuple[Any, BaseException | None]] = Queue(1)

    def run() -> None:
        try:
            answers.put((call(), None))
        except BaseException as error:  # noqa: BLE001 - raised where the answer is waited for
            answers.put((None, error))

    Thread(target=run, daemon=True).start()
    answer, error = _next(answers, patience, where)
    if error is not None:
        raise error
    given: _Answer = answer
    return given


class Ahead(io.RawIOBase):
    """The stream that ``begin`` opens; ``coded`` gives the coded form of whatever it raises, also in the middle.

    Raises that error when made and when read; ``coded`` is told of GM-A621 too.
    """

    def __init__(
        self,
        begin: Callable[[], Chunks],
        where: str,
        *,
        coded: Callable[[Exception], GmError],
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._where, self._coded, self._patience, self._clock = where, coded, patience, clock
        self._chunks: Queue[bytes | Exception] = Queue(_CHUNKS_AHEAD)
        self._stop = Event()
        self._rest = memoryview(b"")
        self._ended = False
        self._since, self._brought = clock(), 0
        Thread(target=_pump, args=(begin, self._chunks, self._stop), daemon=True).start()
        try:
            self._take()  # an empty chunk: it is open
            self._since = clock()
        except BaseException:
            self.close()
            raise

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Give what is there, waiting for the first byte of it."""
        if not self._rest and not self._ended:
            self._rest = memoryview(self._take())
            self._ended = not self._rest
            self._keep_pace(len(self._rest))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        """Stop reading; the thread closes the stream itself."""
        self._stop.set()
        while True:
            try:
                self._chunks.get_nowait()  # room for the one that the thread may be about to put
            except Empty:
                break
        super().close()

    def _take(self) -> bytes:
        try:
            chunk = _next(self._chunks, self._patience, self._where)
        except GmError as error:
            raise self._coded(error) from error
        if isinstance(chunk, Exception):
            raise self._coded(chunk) from chunk
        return chunk

    def _keep_pace(self, count: int) -> None:
        self._brought += count
        now = self._clock()
        if self._ended or now - self._since < self._patience:
            return
        if self._brought < LEAST:
            message = f"the remote sent {self._brought} bytes in {now - self._since:.0f} seconds"
            raise self._coded(GmError("GM-A621", message, where=self._where))
        self._since, self._brought = now, 0


def _next(answers: "Queue[_Answer]", patience: float, where: str) -> _Answer:
    try:
        return answers.get(timeout=patience)
    except Empty:
        raise GmError("GM-A621", f"the remote sent nothing for {patience:g} seconds", where=where) from None


def _pump(begin: Callable[[], Chunks], chunks: "Queue[bytes | Exception]", stop: Event) -> None:
    try:
        stream = begin()
    except Exception as error:  # noqa: BLE001 - coded where it is read
        chunks.put(error)
        return
    try:
        chunks.put(b"")
        _copy(stream, chunks, stop)
    finally:
        with contextlib.suppress(Exception):  # a goodbye on a dead connection; nothing depends on it
            stream.close()


def _copy(stream: Chunks, chunks: "Queue[bytes | Exception]", stop: Event) -> None:
    try:
        while not stop.is_set():
            chunk = bytes(stream.read(CHUNK))
            chunks.put(chunk)
            if not chunk:
                return
    except Exception as error:  # noqa: BLE001 - coded where it is read
        chunks.put(error)
