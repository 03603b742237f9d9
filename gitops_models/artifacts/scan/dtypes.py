"""NumPy dtypes as pickles spell them: how many bytes one element has, and whether it is an object.

A dtype that says one thing by its name and another by its state could have bytes of the file taken for addresses of
objects. Only what NumPy itself writes is accepted (numpy/_core/src/multiarray/descriptor.c: ``arraydescr_reduce``).
"""

from __future__ import annotations

import re
from typing import Any

from gitops_models.artifacts.scan.source import Unread
from gitops_models.artifacts.scan.values import Dtype, Table, Unknown

_NAME = re.compile(r"([biufcSUVMm?O])([0-9]{0,9})")
_SIZES = {
    "b": {1},
    "i": {1, 2, 4, 8},
    "u": {1, 2, 4, 8},
    "f": {2, 4, 8, 12, 16},
    "c": {8, 16, 24, 32},
    "M": {8},
    "m": {8},
}
_POINTER = 8
_OBJECT_FLAGS = 63
_TEXT_FLAGS = 8  # NPY_NEEDS_INIT
_RECORD_FLAGS = 0x08 | 0x10 | 0x80  # needs init, needs the interpreter, aligned: none says that objects are inside
_LARGEST = 1 << 31
_UNITS = frozenset((b"Y", b"M", b"W", b"D", b"h", b"m", b"s", b"ms", b"us", b"ns", b"ps", b"fs", b"as", b"generic"))


def make_dtype(arguments: tuple[Any, ...]) -> Dtype:
    """Read ``numpy.dtype(name, False, True)``; Unread for anything else."""
    name = arguments[0] if arguments else None
    if len(arguments) != 3 or arguments[1:] != (False, True) or not isinstance(name, str):  # noqa: PLR2004 - as it is written
        raise Unread("has a dtype in an unusual form")
    return parse_dtype(name)


def parse_dtype(name: str) -> Dtype:
    """Read a name such as ``f8`` or ``U12``; Unread for one that NumPy does not write."""
    found = _NAME.fullmatch(name)
    if not found:
        raise Unread("has a dtype that is not known")
    kind, digits = found.groups()
    size = int(digits) if digits else None
    if kind == "O":
        return Dtype(kind, _POINTER, objects=True)
    if kind == "U":
        return Dtype(kind, None if size is None else 4 * size, objects=False)
    if kind in "SV":
        return Dtype(kind, size, objects=False)
    if kind == "?":
        return Dtype(kind, 1, objects=False)
    if size not in _SIZES[kind]:
        raise Unread("has a dtype that is not known")
    return Dtype(kind, size, objects=False)


def build_dtype(dtype: Dtype, state: Any) -> None:
    """Give a dtype its state; Unread where the state is not that of such a dtype."""
    if dtype.built or not isinstance(state, tuple) or not _is_form(dtype, state):
        raise Unread("has a dtype in an unusual form")
    dtype.built = True
    _, order, subtype, names, fields, size, alignment, flags = state[:8]
    if order not in {"<", ">", "|", "="} or subtype is not None or not isinstance(flags, int):
        raise Unread("has a dtype in an unusual form")
    if names is not None or fields is not None:
        _check_record(dtype, names, fields, size, flags)
        return
    if dtype.kind in "SUV":
        expected: tuple[Any, ...] = (dtype.size, flags if flags in {0, _TEXT_FLAGS} else None)
        if (size, flags) != expected:
            raise Unread("has a dtype that contradicts itself")
        return
    if (size, alignment) != (-1, -1) or flags != (_OBJECT_FLAGS if dtype.objects else 0):
        raise Unread("has a dtype that contradicts itself")


def _is_form(dtype: Dtype, state: tuple[Any, ...]) -> bool:
    """Whether a state has the parts that its kind has; NumPy crashes over a time without its unit."""
    if dtype.kind not in "Mm":
        return len(state) == 8 and state[0] == 3  # noqa: PLR2004 - as it is written
    if len(state) != 9 or state[0] != 4 or not isinstance(state[8], tuple) or len(state[8]) != 2:  # noqa: PLR2004 - as above
        return False
    names, unit = state[8]
    empty = names is None or (isinstance(names, Table) and not names.items and names.whole)
    if not empty or not isinstance(unit, tuple):
        return False
    known = isinstance(unit[0], Unknown) or unit[0] in _UNITS if unit else False
    return known and len(unit) == 4 and all(type(part) is int and 0 < part < _LARGEST for part in unit[1:])  # noqa: PLR2004 - four


def _check_record(dtype: Dtype, names: Any, fields: Any, size: Any, flags: int) -> None:
    if dtype.kind != "V" or not isinstance(names, tuple) or not isinstance(fields, Table) or not fields.whole:
        raise Unread("has a record dtype in an unusual form")
    if size != dtype.size or flags & ~_RECORD_FLAGS or set(fields.items) != set(names):
        raise Unread("has a record dtype that contradicts itself")
    for field in fields.items.values():
        if not _fits(field, size):
            raise Unread("has a record dtype with a field that does not fit")


def _fits(field: Any, size: int) -> bool:
    """Whether a field is plain data inside the record."""
    if not isinstance(field, tuple) or len(field) != 2:  # noqa: PLR2004 - dtype and offset
        return False
    inner, offset = field
    if not isinstance(inner, Dtype) or not inner.built or inner.objects or inner.size is None:
        return False
    return type(offset) is int and offset >= 0 and offset + inner.size <= min(size, _LARGEST)
