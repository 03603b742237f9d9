"""Looks into one member by what its bytes are, whatever its name says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.artifacts.formats.detect import detect
from gitops_models.artifacts.scan.headers import look_header
from gitops_models.artifacts.scan.npy import look_npy
from gitops_models.artifacts.scan.outcome import Outcome, unread
from gitops_models.artifacts.scan.packed import PACKINGS, unpack
from gitops_models.artifacts.scan.report import CODE, UNKNOWN, Finding
from gitops_models.artifacts.scan.serial import disguised, look_pickle
from gitops_models.artifacts.scan.source import Unread
from gitops_models.artifacts.scan.tars import is_tar, tar_members
from gitops_models.artifacts.scan.torch import is_legacy, look_torch, root_of
from gitops_models.artifacts.scan.zips import Zip, ends_as_zip

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_models.artifacts.scan.member import Member

_PARTS = ("config.json", "metadata.json")
_KERAS = "is a model of Keras, which may hold Python code and is not looked into"


def look(member: Member) -> Outcome:
    """Say what a member is and what speaks against loading it; every other way to read it counts too."""
    try:
        return _look(member)
    except Unread as problem:
        return Outcome(None, (unread(member.path, problem),))
    except (ValueError, ArithmeticError, RecursionError, MemoryError) as error:  # a fault here is no reason to pass
        return Outcome(None, (unread(member.path, Unread(f"could not be looked into: {type(error).__name__}")),))


def _look(member: Member) -> Outcome:
    head = member.head()
    kind = "tar" if is_tar(head) else detect(head)
    outcome = _look_as(member, kind)
    if kind not in {"zip", "torch"} and ends_as_zip(member):
        outcome = outcome.and_(_both(member, "a zip archive"))
    if kind != "pickle" and outcome.format not in {"pickle", "joblib"}:
        outcome = outcome.and_(disguised(member))
    return outcome


def _look_as(member: Member, kind: str | None) -> Outcome:
    try:
        if kind == "tar":
            return _every(member, "tar", tar_members(member))
        if kind == "zip":
            return _look_zip(member)
        if kind in PACKINGS:
            return _look_packed(member, str(kind))
    except Unread as problem:
        return Outcome(kind, (unread(member.path, problem),))
    return _look_plain(member, kind)


def _look_plain(member: Member, kind: str | None) -> Outcome:
    if kind == "npy":
        return look_npy(member)
    if kind == "pickle":
        if is_legacy(member.head()):
            return Outcome("torch", (Finding(member.path, UNKNOWN, "is of PyTorch's old form: save it again"),))
        return look_pickle(member)
    found = look_header(member, kind)
    return found if found is not None else _look_unknown(member)


def _look_unknown(member: Member) -> Outcome:
    """Take what has no known form for a pickle of protocol 0 or 1, if it can be followed to its end."""
    found = look_pickle(member)
    if all(finding.code == CODE for finding in found.findings):
        return found
    what = "is of no format that is looked into"
    return Outcome(None, (Finding(member.path, UNKNOWN, what),), ())


def _look_packed(member: Member, packing: str) -> Outcome:
    """Look inside: joblib packs whole pickles; what is packed otherwise is named after its packing."""
    unpacked = unpack(member, packing)
    with unpacked.stream:
        inner = look(unpacked)
    kind = "joblib" if inner.format in {"pickle", "joblib"} else packing
    return Outcome(kind, inner.findings, inner.imports)


def _look_zip(member: Member) -> Outcome:
    archive = Zip(member)
    root = root_of(archive)
    if root is not None:
        return look_torch(member, archive, root)
    names = archive.names
    if _is_keras(member, names):
        return Outcome("keras", (Finding(member.path, UNKNOWN, _KERAS),))
    kind = "npz" if names and all(name.endswith(".npy") for name in names) else "zip"
    return _every(member, kind, (archive.unpack(name) for name in names))


def _is_keras(member: Member, names: tuple[str, ...]) -> bool:
    """Keras 3 makes of a configuration whatever classes and functions it names (CVE-2024-3660, CVE-2025-1550)."""
    folders = [{name.rpartition("/")[0] for name in names if name.rpartition("/")[2] == part} for part in _PARTS]
    return member.path.lower().endswith(".keras") or bool(folders[0] & folders[1])


def _every(member: Member, kind: str, inner: Iterable[Member]) -> Outcome:
    """Look into every member; an npz is one only if all of them are plain arrays."""
    every = []
    for one in inner:
        with one.stream:
            every.append(look(one))
    if kind == "npz" and any(found.format != "npy" for found in every):
        kind = "zip"
    if not every:
        return Outcome(kind, (Finding(member.path, UNKNOWN, "is an empty archive"),))
    return Outcome(kind).and_(*every)


def _both(member: Member, what: str) -> Outcome:
    return Outcome(None, (unread(member.path, Unread(f"can be read as {what} as well")),))
