"""The header of a GGUF file (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): keys, then tensor infos.

A language model takes token numbers and gives a score for each token of its vocabulary; both are read from the keys.
"""

from __future__ import annotations

import mmap
import os
import struct
from dataclasses import field
from math import prod
from typing import TYPE_CHECKING, Any

from gitops_models.artifacts.files import open_regular
from gitops_models.artifacts.formats.safetensors import HeaderError
from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from pathlib import Path

BEGIN = b"GGUF"
_VERSIONS = frozenset({2, 3})
_MOST_KEYS = 100_000
_MOST_TENSORS = 1_000_000
_MOST_ELEMENTS = 8_000_000
_MOST_DIMENSIONS = 8
_LONGEST_TEXT = 16 << 20
_STRING, _ARRAY = 8, 9
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_DEEPEST = 4


@dataclass
class GgufInfo:
    """Keys (arrays as their length), the texts among them, and the number of elements of all tensors."""

    keys: dict[str, Any] = field(default_factory=dict)
    parameters: int = 0
    tensors: int = 0

    @property
    def architecture(self) -> str | None:
        """The kind of model, ``llama`` say."""
        found = self.keys.get("general.architecture")
        return found if isinstance(found, str) else None

    @property
    def vocabulary(self) -> int | None:
        """How many tokens it knows."""
        found = self.keys.get(f"{self.architecture}.vocab_size", self.keys.get("tokenizer.ggml.tokens"))
        return found if isinstance(found, int) else None


def read_gguf(path: Path) -> GgufInfo:
    """Read the header of the file at ``path``; GM-A101..A104, A109 as any file, GM-A501 when it is not one."""
    with open_regular(path) as stream:
        if not os.fstat(stream.fileno()).st_size:
            raise GmError("GM-A501", f"{path} is empty", where=str(path))
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as data:
            problem = ""
            try:
                return parse_gguf(data)
            except HeaderError as error:
                problem = str(error)
    raise GmError("GM-A501", f"{path} is not a GGUF model: it {problem}", where=str(path))


def parse_gguf(data: bytes | memoryview) -> GgufInfo:
    """Read a header from bytes at hand; HeaderError."""
    reader = _Reader(memoryview(data))
    if reader.take(4) != BEGIN or reader.number("<I") not in _VERSIONS:
        raise HeaderError("is of a version that is not known")
    tensors, keys = reader.number("<Q"), reader.number("<Q")
    if tensors > _MOST_TENSORS or keys > _MOST_KEYS:
        raise HeaderError("has an absurd number of keys or tensors")
    info = GgufInfo(tensors=tensors)
    for _ in range(keys):
        name = reader.text()
        if name in info.keys:
            raise HeaderError("has a key twice")
        info.keys[name] = reader.value(reader.number("<I"), 0)
    for _ in range(tensors):
        info.parameters += _tensor(reader)
    return info


def _tensor(reader: _Reader) -> int:
    """Read one tensor info and give its number of elements: name, dimensions, type, offset."""
    reader.text()
    rank = reader.number("<I")
    if rank > _MOST_DIMENSIONS:
        raise HeaderError("has a tensor of absurd shape")
    shape = [reader.number("<Q") for _ in range(rank)]
    reader.number("<I")
    offset = reader.number("<Q")
    if offset > len(reader.data):
        raise HeaderError("has a tensor that lies behind its end")
    return prod(shape)


class _Reader:
    """Takes values from the front."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self._at = 0
        self._elements = _MOST_ELEMENTS

    def take(self, size: int) -> bytes:
        if size > len(self.data) - self._at:
            raise HeaderError("ends inside its header")
        self._at += size
        return bytes(self.data[self._at - size : self._at])

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def text(self) -> str:
        size = self.number("<Q")
        if size > _LONGEST_TEXT:
            raise HeaderError("has a text of absurd length")
        try:
            return self.take(size).decode()
        except UnicodeDecodeError as error:
            raise HeaderError("has a text that is not UTF-8") from error

    def value(self, kind: int, depth: int) -> Any:
        """Read one value; of an array only its length is kept."""
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            return self._array(depth)
        if kind not in _SCALARS:
            raise HeaderError("has a value of an unknown type")
        return self.number(_SCALARS[kind])

    def _array(self, depth: int) -> int:
        kind, count = self.number("<I"), self.number("<Q")
        self._elements -= count
        if self._elements < 0 or depth > _DEEPEST:
            raise HeaderError("has an array of absurd size")
        if kind in _SCALARS:
            self.take(count * struct.calcsize(_SCALARS[kind]))
        else:
            for _ in range(count):
                self._skip(kind, depth)
        return int(count)

    def _skip(self, kind: int, depth: int) -> None:
        if kind == _STRING:  # token texts need not be UTF-8
            self.take(self.number("<Q"))
            return
        self.value(kind, depth + 1)
