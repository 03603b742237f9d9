"""The reconciler's own bare copy of the repository. Nobody else writes it, so what a killed run left is removed."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gitops_models.artifacts.files import fsync_directory
from gitops_models.delivery import durable
from gitops_models.delivery.locks import exclusive
from gitops_models.errors import GmError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitops_models.store.repository import Store
    from gitops_models.trust.ledger import Ledger

REMOTE = "origin"
_NAME = "mirror.git"
_LOCK = "lock"


@contextmanager
def open_mirror(state: Path, url: str, *, lock_wait: float = 5.0) -> Iterator[Store]:
    """Hold the state directory and give its mirror of ``url``, made when it is missing.

    Raises GM-R101 where another reconciler holds it, GM-R302 where the directory cannot be written, the store's codes
    where the mirror is damaged (removing ``state`` repairs that and loses only time).
    """
    try:
        durable.make_directory(state)
    except OSError as error:
        raise GmError("GM-R302", f"no state directory: {error.strerror}", where=str(state)) from error
    with exclusive(state / _LOCK, what=f"state directory {state.name}", wait=lock_wait):
        yield _mirror(state, url)


def line_ref(line: str, name: str = REMOTE) -> str:
    """Return the ref under which the mirror holds the protected branch, as ``name`` shows it."""
    return f"refs/remotes/{name}/{line}"


def fetch_line(store: Store, line: str) -> str:
    """Bring the protected branch and the tags here and return the branch's tip. Raises the store's GM-S2xx.

    All objects are checked; nothing is pruned, because a tag that is taken away at the remote is a finding.
    """
    from gitops_models.store.transport import fetch  # noqa: PLC0415 - only to reach a remote

    branch = f"+refs/heads/{line}:{line_ref(line)}"
    fetch(store, REMOTE, [branch, "+refs/tags/*:refs/tags/*"])
    return store.resolve(line_ref(line))


class Origin:
    """The mirror's own remote: asked with one listing, and fetched from where that says something else than before."""

    def __init__(self, store: Store, ledger: Ledger, line: str) -> None:
        self._store = store
        self._ledger = ledger
        self._line = line
        self._heard: bytes | None = None
        self.quiet = False

    def tip(self) -> str:
        """Return the tip of the line there, with line, tags and ledger brought here. Raises the store's GM-S2xx.

        ``quiet`` says afterwards that nothing had to be.
        """
        from gitops_models.store.transport import listing, refs_of  # noqa: PLC0415 - only to reach a remote

        head = f"refs/heads/{self._line}"
        heard = listing(self._store, REMOTE, head, "refs/tags/*", "refs/gm/*")
        here = self._store.ref(line_ref(self._line))
        if here is not None and heard == self._heard and f"{here}\t{head}\n".encode() in heard:
            self.quiet = True
            return here
        self._heard, self.quiet = None, False
        tip = fetch_line(self._store, self._line)
        self._ledger.fetch(refs_of(heard))
        self._heard = heard  # from before the fetch: what came in between is fetched once more
        return tip


def _mirror(state: Path, url: str) -> Store:
    from gitops_models.store.config import set_config, user_config  # noqa: PLC0415 - loads pygit2
    from gitops_models.store.locks import break_stale_locks  # noqa: PLC0415 - as above
    from gitops_models.store.repository import Store  # noqa: PLC0415 - as above

    path = state / _NAME
    if not path.is_dir():
        _make(path)
    store = Store.open(path)
    break_stale_locks(store, exclusive=True)
    _remove_unfinished(path)
    if user_config(store).get(f"remote.{REMOTE}.url") != url:
        set_config(store, f"remote.{REMOTE}.url", url)
    return store


def _make(path: Path) -> None:
    """Build the repository under a temporary name: a half-made one would be taken for a damaged one."""
    from gitops_models.store.worktree import init  # noqa: PLC0415 - loads pygit2

    building = durable.temporary_of(path)
    durable.remove_tree(building)
    init(building, bare=True)
    building.rename(path)
    fsync_directory(path.parent)


def _remove_unfinished(path: Path) -> None:
    """Remove what killed writers of objects and packs leave.

    git removes its own ``tmp_obj_*`` and ``tmp_pack_*`` only after two weeks, in gc, and the ``tmp_object_git2_*`` of
    libgit2 never.
    """
    objects = path / "objects"
    folders = [objects, objects / "pack", *(objects.glob("[0-9a-f][0-9a-f]"))]
    for folder in folders:
        with os.scandir(folder) as entries:
            unfinished = [path / entry.path for entry in entries if entry.name.startswith("tmp_")]
        for left in unfinished:
            durable.remove_tree(left)
