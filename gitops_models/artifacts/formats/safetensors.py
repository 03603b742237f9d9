"""The header of a safetensors file: a length, JSON, and raw data that it accounts for byte by byte.

https://github.com/huggingface/safetensors: u64 little endian, a JSON object, no holes, nothing behind. It names
tensors, not what goes in and out; who writes an Interface as JSON under ``interface`` of ``__metadata__`` has it read.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any

from gitops_models.artifacts.files import open_regular, read_error
from gitops_models.errors import GmError
from gitops_models.registry.strictjson import strict_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LARGEST_HEADER = 32 << 20  # the format allows 100 MB, which no model has needed
_LENGTH = 8
_BITS = {"BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16}
_BITS |= {"BF16": 16, "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64, "F4": 4}
_MOST_DIMENSIONS = 64
_LARGEST = 1 << 62


class HeaderError(ValueError):
    """The bytes are not such a header."""


@dataclass(frozen=True, slots=True)
class SafetensorsInfo:
    """Tensors by name with dtype and shape, free texts, and the number of elements of all."""

    tensors: Mapping[str, tuple[str, tuple[int, ...]]]
    metadata: Mapping[str, str]
    parameters: int


def looks_like_safetensors(head: bytes) -> bool:
    """Whether a file begins as one: a length that is possible, then an opening brace."""
    length = int.from_bytes(head[:_LENGTH], "little")
    return len(head) > _LENGTH and 2 <= length <= LARGEST_HEADER and head[_LENGTH : _LENGTH + 1] == b"{"  # noqa: PLR2004 - {}


def read_safetensors(path: Path) -> SafetensorsInfo:
    """Read the header of the file at ``path``; GM-A101..A104, A109 as any file, GM-A501 when it is not one."""
    with open_regular(path) as stream:
        try:
            size = os.fstat(stream.fileno()).st_size
            length = int.from_bytes(stream.read(_LENGTH), "little")
            header = stream.read(min(length, LARGEST_HEADER + 1))
        except OSError as error:
            raise read_error(error, str(path)) from error
    try:
        return parse_safetensors(length, header, size - _LENGTH - length)
    except HeaderError as error:
        raise GmError("GM-A501", f"{path} is not a safetensors file: it {error}", where=str(path)) from error


def parse_safetensors(length: int, header: bytes, size: int) -> SafetensorsInfo:
    """Read a header of ``length`` bytes before ``size`` bytes of data; HeaderError."""
    if length > LARGEST_HEADER or len(header) != length or size < 0:
        raise HeaderError("has a header longer than the file or than any model needs")
    try:
        value = strict_json(header)
    except (ValueError, RecursionError) as error:
        raise HeaderError("has a header that is no JSON") from error
    if not isinstance(value, dict):
        raise HeaderError("has a header that is no object")
    metadata = value.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise HeaderError("has metadata that is no text")
    tensors = {name: _tensor(entry) for name, entry in value.items()}
    _check_extents([entry["data_offsets"] for entry in value.values()], size)
    return SafetensorsInfo(tensors, metadata, sum(prod(shape) for _, shape in tensors.values()))


def _tensor(entry: Any) -> tuple[str, tuple[int, ...]]:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise HeaderError("has a tensor in an unusual form")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _BITS or not _sizes(shape, _MOST_DIMENSIONS):
        raise HeaderError("has a tensor of an unknown type or shape")
    if not _sizes(offsets, 2) or len(offsets) != 2 or offsets[1] - offsets[0] != -(-prod(shape) * _BITS[dtype] // 8):  # noqa: PLR2004 - begin and end
        raise HeaderError("has a tensor that is not as long as its shape says")
    return dtype, tuple(shape)


def _sizes(value: Any, most: int) -> bool:
    return isinstance(value, list) and len(value) <= most and all(type(n) is int and 0 <= n < _LARGEST for n in value)


def _check_extents(extents: list[list[int]], size: int) -> None:
    """Every byte belongs to one tensor."""
    rows = sorted(extents)
    ends = [end for _, end in rows]
    gaps = any(before[1] != after[0] for before, after in pairwise(rows))
    if (rows and rows[0][0] != 0) or gaps or (ends[-1] if ends else 0) != size:
        raise HeaderError("has data that belongs to no tensor")
