"""DVC pointers: the small files in Git that say by which hash a remote knows an artifact's bytes.

Written so that an unmodified ``dvc pull`` accepts them; read with an allow-list of fields, because DVC's full format
can move files, run commands and set executable bits (treeverse/dvc#11101).
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from gitops_models.artifacts.safe_names import check_file_name, name_problem
from gitops_models.errors import GmError
from gitops_models.registry import yamls
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from gitops_models.artifacts.digests import DirectoryHashes, FileHashes

MAX_POINTER_BYTES = 64 << 10
_MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?", re.ASCII)
_FILE_FIELDS = frozenset({"md5", "size", "hash", "path"})
_SUFFIX = ".dvc"


@dataclass(frozen=True, slots=True)
class Pointer:
    """One artifact: its file name beside the pointer, DVC hash (``….dir`` for a directory) and size in bytes."""

    name: str
    md5: str
    size: int
    nfiles: int | None = None

    @property
    def is_dir(self) -> bool:
        """Whether the hash names a directory manifest."""
        return self.md5.endswith(".dir")


def make_pointer(name: str, hashes: FileHashes | DirectoryHashes) -> Pointer:
    """Give the pointer of freshly hashed bytes under the artifact's file name; GM-A105."""
    from gitops_models.artifacts.digests import DirectoryHashes  # noqa: PLC0415 - who reads a pointer hashes nothing

    check_file_name(name)
    nfiles = hashes.nfiles if isinstance(hashes, DirectoryHashes) else None
    return Pointer(name, hashes.md5, hashes.size, nfiles)


def render_pointer(pointer: Pointer) -> bytes:
    """Give the ``.dvc`` file as DVC 3 writes it."""
    out: dict[str, Any] = {"md5": pointer.md5, "size": pointer.size}
    if pointer.nfiles is not None:
        out["nfiles"] = pointer.nfiles
    return yamls.dump({"outs": [out | {"hash": "md5", "path": pointer.name}]})


def parse_pointer(data: bytes, where: str) -> Pointer:
    """Read a pointer as data; ``where`` is its path, whose file name must be the artifact's name plus ``.dvc``.

    GM-A201 malformed, GM-A202 a field beyond the allow-list, GM-A203 a path that is not a plain file name.
    """
    if len(data) > MAX_POINTER_BYTES:
        raise GmError("GM-A201", f"pointer is larger than {MAX_POINTER_BYTES} bytes", where=where)
    out = _only_out(_load(data, where), where)
    pointer = Pointer(_name(out, where), _md5(out, where), _count(out, "size", where), _nfiles(out, where))
    file_name = PurePosixPath(where).name
    if file_name.endswith(_SUFFIX) and file_name != pointer.name + _SUFFIX:
        raise GmError("GM-A203", f"pointer is about {pointer.name!a}, not about its own name", where=where)
    return pointer


def _load(data: bytes, where: str) -> dict[str, Any]:
    try:
        return yamls.load(data, where)
    except GmError as error:
        raise GmError("GM-A201", f"pointer is not plain YAML: {error.message}", where=where) from error


def _only_out(document: dict[str, Any], where: str) -> dict[str, Any]:
    _refuse_others(document, frozenset({"outs"}), where)
    outs = document.get("outs")
    if not isinstance(outs, list) or len(outs) != 1 or not isinstance(outs[0], dict):
        raise GmError("GM-A201", "pointer must have exactly one output", where=where)
    out: dict[str, Any] = outs[0]
    is_dir = str(out.get("md5")).endswith(".dir")
    _refuse_others(out, _FILE_FIELDS | ({"nfiles"} if is_dir else set()), where)
    if out.get("hash") != "md5":
        raise GmError("GM-A201", "pointer must say `hash: md5` (DVC 3)", where=where)
    return out


def _refuse_others(mapping: dict[str, Any], allowed: frozenset[str], where: str) -> None:
    others = sorted(ascii(key) for key in mapping.keys() - allowed)
    if others:
        raise GmError("GM-A202", f"pointer has {', '.join(others)}", where=where)


def _name(out: dict[str, Any], where: str) -> str:
    name = out.get("path")
    if not isinstance(name, str):
        raise GmError("GM-A201", "pointer has no path", where=where)
    problem = name_problem(name)
    if problem:
        raise GmError("GM-A203", f"pointer path {name!a} {problem}", where=where)
    return name


def _md5(out: dict[str, Any], where: str) -> str:
    md5 = out.get("md5")
    if not isinstance(md5, str) or not _MD5.fullmatch(md5):
        raise GmError("GM-A201", "pointer has no MD5 of 32 lower case hex digits", where=where)
    return md5


def _count(out: dict[str, Any], field: str, where: str) -> int:
    value = out.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise GmError("GM-A201", f"pointer needs a {field} that is a whole number", where=where)
    return value


def _nfiles(out: dict[str, Any], where: str) -> int | None:
    return _count(out, "nfiles", where) if str(out.get("md5")).endswith(".dir") else None
