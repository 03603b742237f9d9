"""Arrays as joblib writes them: a small object in the pickle, and behind it the raw bytes (joblib/numpy_pickle.py).

joblib reads the bytes and goes on with the next opcode; ``pickle`` takes them for opcodes. So a file is followed both
ways. From joblib 1.2 on, a count below 0x28 stands before the bytes, which is no opcode: ``pickle`` ends there.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from gitops_models.artifacts.scan.pickles import Machine
from gitops_models.artifacts.scan.source import Unread
from gitops_models.artifacts.scan.values import Dtype, Imported, Made, Table

if TYPE_CHECKING:
    from gitops_models.artifacts.scan.calls import Judge

_FIELDS = frozenset({"subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes"})
_NO_OPCODE = 0x28
_MOST_DIMENSIONS = 64
_ARRAY = Imported("numpy", "ndarray")


def read_array(machine: Machine, wrapper: Made) -> Made:
    """Leave out the bytes of the array that ``wrapper`` stands for; those of objects are a pickle of their own."""
    dtype, count = _layout(wrapper.arguments[0])
    source = machine.source
    if dtype.objects:
        _read_objects(machine.judge, machine)
        return Made(_ARRAY)
    padding = source.read(1)[0]
    if padding >= _NO_OPCODE:
        raise Unread("has a joblib array that pickle would read as opcodes")
    source.skip(padding)
    source.skip(count * (dtype.size or 0))
    return Made(_ARRAY)


def _read_objects(judge: Judge, machine: Machine) -> None:
    """Follow them as joblib does: with a fresh machine, which knows of no arrays."""
    Machine(machine.source, judge, arrays=_no_array).run()


def _no_array(_machine: Machine, _wrapper: Made) -> Any:
    raise Unread("has a joblib array inside the objects of another")


def _layout(state: Table) -> tuple[Dtype, int]:
    """Give the dtype and the number of elements; Unread for anything that joblib does not write."""
    items = state.items
    if not state.whole or set(items) != _FIELDS or items["order"] not in {"C", "F"}:
        raise Unread("has a joblib array in an unusual form")
    dtype, shape = items["dtype"], items["shape"]
    if not isinstance(dtype, Dtype) or not dtype.built or items["subclass"] != _ARRAY:
        raise Unread("has a joblib array in an unusual form")
    return dtype, _count(shape)


def _count(shape: Any) -> int:
    if not isinstance(shape, tuple) or len(shape) > _MOST_DIMENSIONS:
        raise Unread("has a joblib array in an unusual form")
    if not all(type(size) is int and 0 <= size < 1 << 63 for size in shape):
        raise Unread("has a joblib array in an unusual form")
    return prod(shape)
