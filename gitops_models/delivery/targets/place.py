"""One ``<root>/<model>/<stage>`` of a directory target: its paths and what it says about itself.

``store/<sha256>[.<generation>]/`` read-only files; ``current`` and ``previous`` links into it; ``deployed.json`` for
people and scripts; ``quarantine/`` for what must not be served again.
"""

import json
import os
from datetime import UTC
from pathlib import Path
from typing import Any

from gitops_models.delivery import durable
from gitops_models.delivery.engines import UNSETTLED
from gitops_models.delivery.targets.base import Stamp
from gitops_models.delivery.targets.tree import read_tree
from gitops_models.delivery.values import (
    Deployment,
    LinkState,
    ModelStage,
    Noted,
    Observation,
    StoredEntry,
    entry_digest,
)
from gitops_models.errors import GmError

_STORE = "store"
_NOTHING = "-"
_MOST_TAKEN = 32
_LONGEST_NOTE = 80 * (_MOST_TAKEN + 1)


class Place:
    """The directory of one model and stage below ``root``. Methods raise ``OSError`` as the file system gives it."""

    def __init__(self, root: Path, at: ModelStage) -> None:
        self.at = at
        self.path = root / at.model / at.stage
        self.store = self.path / _STORE
        self.quarantine = self.path / "quarantine"
        self.current = self.path / "current"
        self.previous = self.path / "previous"
        self.deployed = self.path / "deployed.json"
        self.told = self.path / "told"

    def check(self) -> None:
        """Refuse a model, stage, store or quarantine directory that is a link or a file: GM-R301."""
        for path in (self.path.parent, self.path, self.store, self.quarantine):
            if path.is_symlink() or (path.exists() and not path.is_dir()):
                raise GmError("GM-R301", f"{path.name} is not a real directory", where=str(path))

    def observe(self) -> Observation:
        """Hash what a reader gets now."""
        self.check()
        state, link = self._read_link(self.current)
        return Observation(
            at=self.at,
            link_state=state,
            link=link,
            files=() if link is None else read_tree(self.store / link),
            entries=self.entries(),
            previous=self._previous(),
            noted=self._noted(),
            leftovers=self._leftovers(),
        )

    def live_entry(self) -> str | None:
        """Return the store entry that ``current`` names, unread."""
        return self._read_link(self.current)[1]

    def entries(self) -> tuple[StoredEntry, ...]:
        """List the store's entries, unread."""
        if not self.store.is_dir():
            return ()
        found = ((entry.name, entry.stat(follow_symlinks=False).st_mtime_ns) for entry in os.scandir(self.store))
        return tuple(StoredEntry(name, stored) for name, stored in sorted(found) if entry_digest(name))

    def point(self, link: Path, entry: str) -> None:
        """Make ``link`` name the store entry, whatever stands there now."""
        self._clear(link)
        durable.point(link, f"{_STORE}/{entry}")

    def unlink(self, link: Path) -> None:
        """Take ``link`` away, whatever stands there now."""
        self._clear(link)
        durable.remove_file(link)

    def discard(self, name: str) -> None:
        """Delete the store entry or leftover ``name`` (relative to the place); killed midway it is a leftover."""
        path = self.path / name
        if path.name.startswith("."):
            return durable.remove_tree(path)
        doomed = durable.temporary_of(path)
        durable.remove_tree(doomed)
        path.rename(doomed)
        return durable.remove_tree(doomed)

    def set_aside(self, path: Path) -> None:
        """Move ``path`` into the quarantine directory under a name that is free."""
        durable.make_directory(self.quarantine)
        taken = {entry.name for entry in self.quarantine.iterdir()}
        names = (path.name if n == 0 else f"{path.name}-{n}" for n in range(len(taken) + 1))
        durable.move(path, self.quarantine / next(name for name in names if name not in taken))

    def _clear(self, link: Path) -> None:
        """Keep what somebody put in place of ``link``: rename(2) replaces no directory, and a file may matter."""
        if os.path.lexists(link) and not link.is_symlink():
            self.set_aside(link)

    def note(self, deployment: Deployment, stamp: Stamp, validated: str | None = None) -> None:
        """Write ``deployed.json``; ``validated`` is when what is served had passed its checks."""
        said = {
            "apiVersion": "gitops-models/v1",
            "kind": "Deployed",
            "model": deployment.model,
            "stage": deployment.stage,
            "version": deployment.label,
            "sha256": deployment.digest,
            "lineage_sha256": deployment.lineage_sha256,
            "commit": stamp.commit,
            "at": stamp.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "validated": validated,
        }
        durable.write_file(self.deployed, json.dumps(said, indent=2).encode() + b"\n")

    def tell(self, entry: str | None) -> None:
        """Keep what the engine was told to serve, ``UNSETTLED`` while it is being told, and what it took before."""
        taken = [digest for digest in (entry_digest(entry), *self.taken()) if digest]
        if self.told.is_dir() and not self.told.is_symlink():
            self.set_aside(self.told)
        durable.make_directory(self.path)
        lines = (entry or _NOTHING, *dict.fromkeys(taken[:_MOST_TAKEN]))
        durable.write_file(self.told, "".join(f"{line}\n" for line in lines).encode())

    def read_told(self) -> str | None:
        """Return what the engine was last told; ``UNSETTLED`` for anything but the name of an entry."""
        first = self._said()[0]
        if first == _NOTHING:
            return None
        return first if entry_digest(first) else UNSETTLED

    def taken(self) -> tuple[str, ...]:
        """The digests that the engine took, the newest first."""
        return tuple(line for line in self._said()[1:] if entry_digest(line))

    def _said(self) -> list[str]:
        if not os.path.lexists(self.told):
            return [_NOTHING]
        if self.told.is_symlink() or not self.told.is_file():
            return [UNSETTLED]
        with self.told.open("rb") as file:
            return file.read(_LONGEST_NOTE).decode("ascii", "replace").splitlines() or [UNSETTLED]

    def _read_link(self, link: Path) -> tuple[LinkState, str | None]:
        if not link.is_symlink():
            return (LinkState.FOREIGN if link.exists() else LinkState.MISSING), None
        folder, _, name = str(link.readlink()).partition("/")
        if folder != _STORE or entry_digest(name) is None or (self.store / name).is_symlink():
            return LinkState.FOREIGN, None
        return LinkState.STORE, name

    def _previous(self) -> str | None:
        """Read the entry that ``previous`` names; a word that is no entry's name where it is something else."""
        state, name = self._read_link(self.previous)
        return name if state is not LinkState.FOREIGN else LinkState.FOREIGN.value

    def _noted(self) -> Noted | None:
        if self.deployed.is_symlink() or not self.deployed.is_file():
            return None
        try:
            said: Any = json.loads(self.deployed.read_bytes())
            validated = said.get("validated")
            since = validated if isinstance(validated, str) else None
            return Noted(str(said["version"]), str(said["sha256"]), str(said["lineage_sha256"]), since)
        except (ValueError, KeyError, TypeError, AttributeError):
            return Noted("", "", "")  # unreadable is as wrong as another version's

    def _leftovers(self) -> tuple[str, ...]:
        """Name what killed runs left: our temporary names, and in the store every hidden one (those of fetching)."""
        beside = sorted(self.path.iterdir()) if self.path.is_dir() else []
        within = sorted(self.store.glob(".*")) if self.store.is_dir() else []
        left = [path for path in beside if durable.is_temporary(path.name)] + within
        return tuple(str(path.relative_to(self.path)) for path in left)
