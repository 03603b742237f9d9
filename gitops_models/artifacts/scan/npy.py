"""NumPy's npy files (numpy/lib/_format_impl.py): a header that is a Python literal, then raw data or a pickle."""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING

from gitops_models.artifacts.scan.dtypes import parse_dtype
from gitops_models.artifacts.scan.outcome import Outcome, unread
from gitops_models.artifacts.scan.serial import look_pickle
from gitops_models.artifacts.scan.source import Unread

if TYPE_CHECKING:
    from gitops_models.artifacts.scan.member import Member

BEGIN = b"\x93NUMPY"
OBJECTS = "npy-objects"
"""An array of objects is a pickle, and so not free of code as the other arrays are."""
_LONGEST_HEADER = 1 << 16
_MOST_DIGITS = 19  # of a number of 63 bits
_MOST_DIMENSIONS = 64
_NAME = r"'[<>|=]?[a-zA-Z?][0-9]*(?:\[[a-zA-Z0-9]+\])?'"
_RECORD = rf"\[(?:\('[^'\\]*', {_NAME}\)(?:, )?)+\]"
_HEADER = re.compile(
    rf"\{{'descr': (?P<descr>{_NAME}|{_RECORD}), 'fortran_order': (?:True|False), "
    r"'shape': \((?P<shape>[0-9, ]*)\),? *\} *\n?"
)
_ONE = re.compile(r"'[<>|=]?([a-zA-Z?][0-9]*)(?:\[[a-zA-Z0-9]+\])?'(?=\)|$)")


def look_npy(member: Member) -> Outcome:
    """Read the header, and hold the length of the file to it; an array of objects is followed as the pickle it is."""
    try:
        size, objects, begins = _layout(member)
    except Unread as problem:
        return Outcome("npy", (unread(member.path, problem),))
    if objects:
        inner = look_pickle(member, begins)
        return Outcome(OBJECTS, inner.findings, inner.imports)
    if member.size - begins != size:
        return Outcome("npy", (unread(member.path, Unread("is not as long as its header says"), begins),))
    return Outcome("npy")


def _layout(member: Member) -> tuple[int, bool, int]:
    """Give the bytes of data, whether they are objects, and where they begin."""
    source = member.source()
    source.skip(len(BEGIN))
    major, minor = source.read(2)
    if major not in {1, 2, 3} or minor:
        raise Unread("is of a version of npy that is not known")
    length = int.from_bytes(source.read(2 if major == 1 else 4), "little")
    if length > _LONGEST_HEADER:
        raise Unread("has a header of absurd length")
    found = _HEADER.fullmatch(source.read(length).decode("latin-1"))
    if not found:
        raise Unread("has a header that NumPy does not write")
    kinds = [parse_dtype(name) for name in _ONE.findall(found["descr"])]
    parts = [part for part in found["shape"].replace(" ", "").split(",") if part]
    if any(len(part) > _MOST_DIGITS for part in parts) or len(parts) > _MOST_DIMENSIONS:
        raise Unread("has a shape that no array has")
    shape = [int(part) for part in parts]
    one = sum(kind.size or 0 for kind in kinds)
    return prod(shape) * one, any(kind.objects for kind in kinds), source.position
