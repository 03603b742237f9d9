"""The words of the Open Inference Protocol (V2): tensors in requests and answers as JSON. Pure.

https://github.com/open-inference/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
A request is a stranger's: every field is held to its type, and a shape is compared with the values that are there
before anything is made of it.
"""

from __future__ import annotations

import json
from math import prod
from typing import TYPE_CHECKING, Any

from gitops_models.errors import GmError
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_RANK = 16
_MOST_TENSORS = 256
_LONGEST_NAME = 256
_SHOWN = 60
_KINDS: dict[str, tuple[type, ...]] = {
    "BOOL": (bool,),
    **dict.fromkeys(("UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64"), (int,)),
    **dict.fromkeys(("FP16", "FP32", "FP64"), (int, float)),
    "BYTES": (str,),
}


@dataclass(frozen=True)
class Tensor:
    """One input or output: its values in row-major order."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: tuple[Any, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as it stands in an answer."""
        return {"name": self.name, "datatype": self.datatype, "shape": list(self.shape), "data": list(self.data)}


@dataclass(frozen=True)
class Request:
    """What is asked: the inputs, and the outputs that are wanted (all where none is named)."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[str, ...] = ()
    id: str | None = None


def parse_json(body: bytes) -> dict[str, Any]:
    """Read a JSON object (RFC 8259: no NaN, no key twice); GM-R334."""
    try:
        value = json.loads(body, parse_constant=_no_number, object_pairs_hook=_no_doubles)
    except (ValueError, RecursionError) as error:
        raise refused(f"no JSON: {str(error)[:_SHOWN]}") from error
    if not isinstance(value, dict):
        raise refused("no JSON object")
    return value


def parse_request(body: bytes) -> Request:
    """Read an inference request; GM-R334 for anything that is not one."""
    value = parse_json(body)
    named = tuple(_text(_member(one, "outputs"), "name") for one in _list(value, "outputs", needed=False))
    inputs = tuple(_tensor(_member(one, "inputs")) for one in _list(value, "inputs"))
    for what, names in (("input", [one.name for one in inputs]), ("output", list(named))):
        if len(set(names)) != len(names):
            raise refused(f"an {what} stands there twice")
    return Request(inputs, named, _text(value, "id") if value.get("id") is not None else None)


def refused(why: str) -> GmError:
    """Return the refusal of a request."""
    return GmError("GM-R334", visible(why))


def _tensor(value: dict[str, Any]) -> Tensor:
    name, datatype = _text(value, "name"), _text(value, "datatype")
    if datatype not in _KINDS:
        raise refused(f"input {name}: unknown datatype {datatype[:_SHOWN]}")
    shape = tuple(_list(value, "shape"))
    if len(shape) > _MOST_RANK or not all(type(size) is int and size >= 0 for size in shape):
        raise refused(f"input {name}: no shape")
    data = tuple(_flat(_list(value, "data"), depth=max(len(shape), 1), name=name))
    if prod(shape) != len(data):
        raise refused(f"input {name}: {len(data)} values do not fill the shape {list(shape)}")
    if not all(type(one) in _KINDS[datatype] for one in data):
        raise refused(f"input {name}: a value is no {datatype}")
    return Tensor(name, datatype, shape, data)


def _flat(data: list[Any], *, depth: int, name: str) -> Iterator[Any]:
    """Walk values that may be nested as deeply as the shape is."""
    for one in data:
        if not isinstance(one, list):
            yield one
        elif depth > 1:
            yield from _flat(one, depth=depth - 1, name=name)
        else:
            raise refused(f"input {name}: values are nested deeper than the shape")


def _list(value: dict[str, Any], key: str, *, needed: bool = True) -> list[Any]:
    found = value.get(key, None if needed else [])
    if not isinstance(found, list) or (key in ("inputs", "outputs") and len(found) > _MOST_TENSORS):
        raise refused(f"{key}: a list is needed")
    return found


def _member(value: Any, key: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise refused(f"{key}: holds something that is no object")
    return value


def _text(value: dict[str, Any], key: str) -> str:
    found = value.get(key)
    if not isinstance(found, str) or not 0 < len(found) <= _LONGEST_NAME:
        raise refused(f"{key}: a text is needed")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found
