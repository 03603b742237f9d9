"""Which file names may travel: a name that is safe on every machine that will ever fetch it."""

import unicodedata

from gitops_models.errors import GmError

MAX_NAME_BYTES = 255
MAX_PATH_BYTES = 4096
# DVC acts on these when it meets them inside a directory, so a later `dvc pull` would not see what was registered.
_RESERVED = frozenset({".git", ".hg", ".dvc", ".dvcignore", ".gitmodules"})
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def name_problem(name: str) -> str | None:
    """Why ``name`` cannot be one component of an artifact's path, or None."""
    if name in {"", ".", ".."}:
        return "is empty or climbs out of its directory"
    if "/" in name or "\\" in name:
        return "has a path separator"
    if name.lower() in _RESERVED:
        return "is a name that Git or DVC acts upon"
    return _character_problem(name)


def _character_problem(name: str) -> str | None:
    if any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in _BIDI for char in name):
        return "has control or undecodable characters"
    if len(name.encode()) > MAX_NAME_BYTES:
        return f"is longer than {MAX_NAME_BYTES} bytes"
    return None


def relpath_problem(path: str) -> str | None:
    """Why ``path`` cannot be a relative path inside a directory artifact, or None."""
    if path.startswith("/"):
        return "is absolute"
    parts = path.split("/")
    problem = next((problem for part in parts if (problem := name_problem(part))), None)
    if problem is None and len(path.encode()) > MAX_PATH_BYTES:
        return f"is longer than {MAX_PATH_BYTES} bytes"
    return problem


def check_file_name(name: str, *, where: str | None = None) -> str:
    """Give ``name`` back, or raise GM-A105."""
    problem = name_problem(name)
    if problem:
        raise GmError("GM-A105", f"file name {name!a} {problem}", where=where)
    return name
