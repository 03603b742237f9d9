"""The files of a registration: where each is, what role it has, and its digests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

from gitops_models.artifacts.digests import DirectoryHashes, FileHashes, hash_path
from gitops_models.artifacts.environment import lock_environment
from gitops_models.errors import GmError
from gitops_models.registry.documents.lineage import Role
from gitops_models.registry.values import dataclass
from gitops_models.workflows.code import uncommitted
from gitops_models.workflows.kinds import ENVIRONMENT_LOCK, guess_role

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_models.workflows.register import Registration

ROLES: tuple[str, ...] = get_args(Role)
UNCOMMITTED_DIFF = "uncommitted.diff"


@dataclass(frozen=True)
class Material:
    """One artifact to be: its file name, role, local path and digests."""

    name: str
    role: str
    path: Path
    hashes: FileHashes | DirectoryHashes


def materials(wanted: Registration, folder: Path, *, progress: Callable[[int], None] | None = None) -> list[Material]:
    """Hash every file that is registered, and the derived ones (environment lock, uncommitted difference).

    The derived files are written into ``folder``.

    Raises GM-C201 for a missing file, GM-C204 for two of the same name, GM-A1nn for what cannot be hashed.
    """
    named = [_split(text) for text in wanted.paths] + _made(wanted, folder)
    found: dict[str, Material] = {}
    for role, path in named:
        if not path.exists():
            raise GmError("GM-C201", f"there is no file {path}", where=str(path))
        if path.name in found:
            raise GmError("GM-C204", f"two artifacts are called {path.name}", where=str(path))
        found[path.name] = Material(path.name, role or guess_role(path, wanted.kind), path, hash_path(path, progress))
    return list(found.values())


def _split(text: str) -> tuple[str | None, Path]:
    role, equals, rest = text.partition("=")
    return (role, Path(rest)) if equals and role in ROLES else (None, Path(text))


def _made(wanted: Registration, folder: Path) -> list[tuple[str | None, Path]]:
    """Files that gm makes itself."""
    made: list[tuple[str | None, Path]] = []
    if all(Path(text).name != ENVIRONMENT_LOCK for text in wanted.paths):
        lock = folder / ENVIRONMENT_LOCK
        lock.write_bytes(lock_environment(wanted.code).text)
        made.append(("environment", lock))
    difference = uncommitted(wanted)
    if difference:
        path = folder / UNCOMMITTED_DIFF
        path.write_bytes(difference)
        made.append(("training-code", path))
    return made
