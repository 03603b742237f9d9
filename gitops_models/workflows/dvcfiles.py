"""The clone's own side of DVC: settings and state that must not have come with the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.text import visible
from gitops_models.store.worktree import tracked_paths

if TYPE_CHECKING:
    from gitops_models.store.repository import Store

FOLDER = ".dvc"
# What DVC keeps on one machine. Settings in config.local may name commands; the cache and tmp are written to.
OWN = tuple(f"{FOLDER}/{name}" for name in ("config.local", "cache", "tmp"))


def own_settings(store: Store) -> bytes | None:
    """The content of ``.dvc/config.local``, None where there is none.

    Raises GM-A610 when Git tracks it: then it is not the clone's own but somebody else's, who could name a program.
    """
    refuse_brought(store)
    local = (store.work_tree or store.git_dir) / FOLDER / "config.local"
    return local.read_bytes() if local.is_file() else None


def refuse_brought(store: Store) -> None:
    """Raise GM-A610 when files that DVC keeps on one machine only are tracked by Git."""
    for path in tracked_paths(store, FOLDER):
        if path == FOLDER or any(path == own or path.startswith(f"{own}/") for own in OWN):
            raise GmError("GM-A610", f"{visible(path)} is tracked by Git", where=visible(path))
