"""PyTorch's files (torch/serialization.py): a zip of one pickle, whose persistent ids name raw data beside it.

The older form without a zip, five pickles and then raw data, is not looked into: save it again. Neither is TorchScript,
which is a program.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gitops_models.artifacts.scan.allow import TORCH
from gitops_models.artifacts.scan.allow.torch import STORAGES
from gitops_models.artifacts.scan.calls import Judge
from gitops_models.artifacts.scan.outcome import Outcome, unread
from gitops_models.artifacts.scan.pickles import Machine
from gitops_models.artifacts.scan.report import CODE, Finding
from gitops_models.artifacts.scan.source import Unread
from gitops_models.artifacts.scan.values import Imported, Made

if TYPE_CHECKING:
    from gitops_models.artifacts.scan.member import Member
    from gitops_models.artifacts.scan.zips import Zip

_PICKLE = re.compile(r"([^/]+)/data\.pkl")
_PART = re.compile(
    r"data\.pkl|data/[0-9]+|version|byteorder|\.data/serialization_id|\.format_version|\.storage_alignment"
)
_PROGRAM = re.compile(r"[^/]+/(code/.*|constants\.pkl)")
_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # the pickle of torch.serialization.MAGIC_NUMBER
_UNTYPED = Imported("torch.storage", "UntypedStorage")


def root_of(archive: Zip) -> str | None:
    """Give the folder that everything of a PyTorch file lies in, None for another zip."""
    found = [match[1] for name in archive.names if (match := _PICKLE.fullmatch(name))]
    return found[0] if len(found) == 1 else None


def is_legacy(head: bytes) -> bool:
    """Whether a file is of the form before PyTorch 1.6."""
    return head.startswith(_LEGACY)


def look_torch(member: Member, archive: Zip, root: str) -> Outcome:
    """Follow the pickle of a PyTorch file; every other member is raw data of a known name."""
    strange = [name for name in archive.names if not _is_part(name, root)]
    if any(_PROGRAM.fullmatch(name) for name in strange):
        return Outcome("torchscript", (Finding(member.path, CODE, "is TorchScript, which is a program"),))
    if strange:
        return Outcome(
            "torch", (unread(member.path, Unread(f"has a member {strange[0]} that PyTorch does not write")),)
        )
    inner = archive.unpack(f"{root}/data.pkl")
    stored = {name.rpartition("/")[2] for name in archive.names if name.startswith(f"{root}/data/")}
    with inner.stream:
        return _follow(replace(inner, allow=frozenset(inner.allow) | TORCH), stored)


def _is_part(name: str, root: str) -> bool:
    return name.startswith(f"{root}/") and _PART.fullmatch(name.removeprefix(f"{root}/")) is not None


def _follow(member: Member, stored: set[str]) -> Outcome:
    judge = Judge(member.path, member.allow)
    machine = Machine(member.source(), judge, persistent=lambda what: _storage(what, stored))
    try:
        machine.run()
        if machine.wrapped or machine.source.maybe():
            judge.fail(Unread("has something after its end"))
    except Unread as problem:
        judge.fail(problem)
    return Outcome("torch", judge.findings_of(), tuple(judge.imports))


def _storage(what: Any, stored: set[str]) -> Made:
    """Give the raw data that a persistent id names: ('storage', class, key, place, number of elements)."""
    if not isinstance(what, tuple) or len(what) != 5 or what[0] != "storage":  # noqa: PLR2004 - as it is written
        raise Unread("asks for a persistent id that is no storage")
    _, kind, key, place, count = what
    known = isinstance(kind, Imported) and (kind == _UNTYPED or (kind.module == "torch" and kind.name in STORAGES))
    if not known or key not in stored or not isinstance(place, str) or type(count) is not int or count < 0:
        raise Unread("asks for a storage that is not in the file")
    return Made(kind)
