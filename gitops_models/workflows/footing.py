"""The ground a proposal stands on: a clone whose local line and governed files are what the remote has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.paths import GM_YAML
from gitops_models.store.history import is_ancestor
from gitops_models.store.worktree import dirty_paths

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_models.workflows.session import Session

SHOWN = 8
URGENT = frozenset({"rollback", "quarantine", "cause"})


def firm(session: Session, event: str, model: str) -> None:
    """Raise GM-C205 for local edits of governed files, GM-C206 for a local line with commits that the remote lacks.

    Getting back to a safe state never waits for a tidy clone: proposals are made from the remote's line anyway.
    """
    if event not in URGENT:
        refuse_diverged(session)
        refuse_local_edits(session, [f"{session.accepted.layout.models}/{model}"])


def refuse_local_edits(session: Session, folders: Iterable[str]) -> None:
    """Raise GM-C205 when this clone has uncommitted edits below ``folders`` or in the policy's documents."""
    dirty = dirty_paths(session.store, [*folders, "policies", GM_YAML])
    if dirty:
        raise GmError("GM-C205", "governed files have local edits", where=dirty[0], details=tuple(dirty[1:SHOWN]))


def refuse_diverged(session: Session) -> None:
    """Raise GM-C206 when the local line has commits that are not on the remote's."""
    local = session.store.ref(f"refs/heads/{session.line}")
    if session.remote is None or local is None or is_ancestor(session.store, local, session.history.tip):
        return
    there = f"{session.remote}/{session.line}"
    raise GmError(
        "GM-C206",
        f"the local {session.line} has commits that {session.remote} does not have",
        where=local,
        hint=f"push them, or keep them on a branch: git branch mine && git reset --keep {there}",
    )
