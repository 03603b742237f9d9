"""Which format a file has by its first bytes, whatever its name says."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from gitops_models.artifacts.formats.gguf import BEGIN as GGUF
from gitops_models.artifacts.formats.safetensors import looks_like_safetensors

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = 1024
_NEWEST_PROTOCOL = 5
_MAGIC = (
    (b"PK\x03\x04", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"]\x00\x00", "lzma"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"ZF", "zfile"),
    (b"\x93NUMPY", "npy"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"\x7fELF", "elf"),
    (b"MZ", "pe"),
    (b"\xfe\xed\xfa", "macho"),
    (b"\xcf\xfa\xed\xfe", "macho"),
    (GGUF, "gguf"),
)
_ZLIB = frozenset({b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"})
_LOOKS: dict[str, Callable[[bytes], bool]] = {
    "zlib": lambda head: head[:2] in _ZLIB,
    "pickle": lambda head: head[:1] == b"\x80" and len(head) > 1 and head[1] <= _NEWEST_PROTOCOL,
    "tflite": lambda head: head[4:8] == b"TFL3",
    "safetensors": looks_like_safetensors,
    "xgboost-json": lambda head: head.startswith(b'{"learner"'),
}


def detect(head: bytes) -> str | None:
    """Name the format that the first bytes of a file give away, None where they do not.

    ONNX has none that do, nor has a pickle of protocol 0 or 1; both are found by reading them.
    """
    found = next((name for begin, name in _MAGIC if head.startswith(begin)), None)
    return found or next((name for name, fits in _LOOKS.items() if fits(head)), None)


def detect_stream(stream: IO[bytes]) -> str | None:
    """Do the same for an open file, which is left at its start."""
    stream.seek(0)
    head = stream.read(HEAD)
    stream.seek(0)
    return detect(head)
