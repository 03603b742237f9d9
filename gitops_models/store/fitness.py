"""Whether a repository can be judged at all: what git hides or leaves out would change the verdict.

A shallow clone ends history early (anchors come out silently wrong), a partial clone fetches during a judgement,
replacement refs and grafts show another history than the signed one, and libgit2 cannot open SHA-256 repositories.
"""

import os
from pathlib import Path

import pygit2

from gitops_models.errors import GmError

_SIGNS = (
    ("object format", "GM-S005", "its objects are named by SHA-256"),
    ("objectformat", "GM-S005", "its objects are named by SHA-256"),
    ("partialclone", "GM-S004", "it is a partial clone: objects are missing here"),
    ("refstorage", "GM-S007", "its refs are stored in a format that libgit2 cannot read"),
    ("unsupported", "GM-S007", "its format is newer than libgit2 knows"),
)


def open_libgit2(path: Path) -> pygit2.Repository:
    """Open exactly ``path`` (no search in its parents); GM-S001, S002, S004, S005 or S007 with the reason."""
    try:
        return pygit2.Repository(str(path), pygit2.enums.RepositoryOpenFlag.NO_SEARCH)
    except (pygit2.GitError, KeyError, ValueError) as error:
        raise _refusal(path, str(error)) from error


def _refusal(path: Path, reason: str) -> GmError:
    if "not found" in reason.lower():
        return GmError("GM-S001", f"{path} is not a Git repository", where=str(path))
    for sign, code, why in _SIGNS:
        if sign in reason.lower():
            return GmError(code, f"{path} cannot be used: {why}", where=str(path))
    hint = None
    if "owned" in reason:
        hint = f"it belongs to another user; if you trust it: git config --global --add safe.directory {path}"
    return GmError("GM-S002", f"{path} cannot be opened: {reason}", where=str(path), hint=hint)


def common_dir(git_dir: Path) -> Path:
    """Give the directory that linked work trees share (gitrepository-layout: the file ``commondir``)."""
    pointer = git_dir / "commondir"
    if not pointer.is_file():
        return git_dir
    return Path(os.path.realpath(git_dir / pointer.read_text().strip()))


def refuse_embedded(git_dir: Path) -> None:
    """Raise GM-S220 when the repository's own directory came as tracked files of another repository.

    Git cannot commit a directory called ``.git``, but it does commit one that looks like a bare repository, whose
    settings (a credential helper, an ssh command) would then run with whoever stands in it (Git's
    ``safe.bareRepository``). gm overrides the settings that it knows; this keeps the others out.
    """
    inside = Path(os.path.realpath(git_dir))
    if ".git" in inside.parts:
        return
    outer = pygit2.discover_repository(str(inside.parent))
    if outer is None or Path(os.path.realpath(outer)) == inside:
        return
    around = open_libgit2(Path(outer))
    top = Path(os.path.realpath(around.workdir)) if around.workdir else None
    if top is None or not inside.is_relative_to(top):
        return
    if _tracks(around, f"{inside.relative_to(top).as_posix()}/"):
        raise GmError("GM-S220", f"{git_dir} is made of tracked files of {top}", where=str(git_dir))


def _tracks(repository: pygit2.Repository, prefix: str) -> bool:
    try:
        return any(entry.path.startswith(prefix) for entry in repository.index)
    except (pygit2.GitError, ValueError):  # damaged, or a path that is no text: who knows what it tracks
        return True


def check(libgit2: pygit2.Repository, common: Path) -> None:
    """Raise GM-S003, S004 or S006 when part of history is missing or replaced."""
    where = str(common)
    if libgit2.is_shallow:
        raise GmError("GM-S003", "this is a shallow clone: history is cut off", where=where)
    if _partial(common):
        raise GmError("GM-S004", "this is a partial clone: objects are missing here", where=where)
    if _not_empty(common / "info" / "grafts"):
        raise GmError("GM-S006", "info/grafts changes the parents of commits", where=where)
    if _replaced(common):
        raise GmError("GM-S006", "refs/replace shows other objects than the signed ones", where=where)


def _partial(common: Path) -> bool:
    packs = common / "objects" / "pack"
    return packs.is_dir() and any(path.suffix == ".promisor" for path in packs.iterdir())


def _not_empty(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _replaced(common: Path) -> bool:
    loose = common / "refs" / "replace"
    if loose.is_dir() and any(entry.is_file() for entry in loose.rglob("*")):
        return True
    packed = common / "packed-refs"
    return packed.is_file() and b" refs/replace/" in packed.read_bytes()
