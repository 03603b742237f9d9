"""One stream into one new file: hashed on the way, complete or absent, whatever interrupts it."""

import os
from dataclasses import dataclass
from typing import BinaryIO

from gitops_models.artifacts.hashing import PairHasher, Progress, chunks
from gitops_models.errors import GmError


@dataclass(frozen=True, slots=True)
class Expected:
    """What the bytes must be. ``limit`` bounds a stream of unknown size; ``where`` names their source in messages."""

    where: str
    limit: int
    sha256: str | None = None
    md5: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What the bytes were; ``md5`` is empty where only sha256 was asked for."""

    sha256: str
    md5: str
    size: int


def receive(stream: BinaryIO, sink: int, expected: Expected, progress: Progress | None = None) -> Received:
    """Copy ``stream`` into the descriptor ``sink`` and check it.

    GM-A312 truncated, GM-A313 longer than it may be, GM-A314 other bytes, GM-A401 when ``sink`` cannot be written.
    """
    with hasher_for(expected) as hasher:
        pour(stream, sink, expected, hasher, progress)
        return checked(hasher, expected)


def hasher_for(expected: Expected) -> PairHasher:
    """Give the hasher that ``expected`` needs: MD5 only where there is no sha256 to compare with."""
    return PairHasher(size_hint=bound_of(expected), md5=expected.sha256 is None)


def bound_of(expected: Expected) -> int:
    """Give the most bytes that a stream may have."""
    return expected.limit if expected.size is None else expected.size


def pour(stream: BinaryIO, sink: int, expected: Expected, hasher: PairHasher, progress: Progress | None = None) -> None:
    """Copy ``stream`` to the end of ``sink``, whose bytes so far ``hasher`` knows; GM-A313, GM-A401."""
    bound = bound_of(expected)
    for chunk in chunks(stream):
        hasher.update(chunk)
        if hasher.size > bound:
            raise GmError("GM-A313", f"{expected.where} has more than {bound} bytes", where=expected.where)
        write_all(sink, chunk)
        if progress:
            progress(len(chunk))


def checked(hasher: PairHasher, expected: Expected) -> Received:
    """Give what was received once it is what was expected; GM-A312, GM-A314."""
    received = Received(hasher.sha256, hasher.md5, hasher.size)
    _compare(received, expected)
    return received


def _compare(received: Received, expected: Expected) -> None:
    where = expected.where
    if expected.size is not None and received.size < expected.size:
        raise GmError("GM-A312", f"{where} has {received.size} of {expected.size} bytes", where=where)
    if expected.sha256 is not None and received.sha256 != expected.sha256:
        message = f"{where} has sha256 {received.sha256}, not {expected.sha256}"
        raise GmError("GM-A314", message, where=where)
    if expected.md5 is not None and received.md5 != expected.md5:
        raise GmError("GM-A314", f"{where} has MD5 {received.md5}, not {expected.md5}", where=where)


def write_all(sink: int, data: bytes | memoryview) -> None:
    """Write every byte of ``data``; GM-A401."""
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(sink, view) :]
    except OSError as error:
        raise GmError("GM-A401", f"bytes cannot be written: {error.strerror}") from error
