"""The directory target: files under ``<root>/<model>/<stage>/``, switched by the rename of one link.

A reader that resolves ``current`` once sees one version whole: entries of the store are complete before the link
names them and are never changed afterwards. A corrupted entry is not repaired in place, where a reader would see a
mix; a new generation ``<sha256>.<n>`` is built, the link moves to it and the bad one goes to ``quarantine/``.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from gitops_models.delivery import durable
from gitops_models.delivery.locks import exclusive
from gitops_models.delivery.plan import DEFAULT_KEEP, plan
from gitops_models.delivery.targets.base import ByteSource, Stamp
from gitops_models.delivery.targets.place import Place
from gitops_models.delivery.targets.tree import read_tree
from gitops_models.delivery.values import (
    Action,
    Deployment,
    Desired,
    ModelStage,
    Note,
    Observation,
    Retire,
    Switch,
    Tidy,
    holds,
    next_generation,
)
from gitops_models.errors import GmError

LOCK_NAME = ".gm.lock"
OWNER_NAME = ".gm.repository"


class DirectoryTarget:
    """Serves models from a directory of this machine. ``root`` is made when missing."""

    def __init__(
        self,
        root: Path,
        *,
        id: str = "directory",  # noqa: A002 - the word of the document
        stages: Collection[str] | None = None,
        models: Collection[str] | None = None,
        keep: int = DEFAULT_KEEP,
        lock_wait: float = 5.0,
    ) -> None:
        self.root = root
        self.id = id
        self.stages = stages
        self.models = models
        self._keep = keep
        self._lock_wait = lock_wait

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other writers out by a lock in ``root``, so that two state directories exclude each other too."""
        with _file_errors(self.root):
            durable.make_directory(self.root)
        with exclusive(self.root / LOCK_NAME, what=f"target {self.id}", wait=self._lock_wait):
            yield

    def claim(self, repository: str, *, dry_run: bool = False) -> None:
        """Keep the repository's id in ``root``; GM-R105 where another one's stands there."""
        path = self.root / OWNER_NAME
        with _file_errors(self.root):
            owner = path.read_text("utf-8").strip() if path.is_file() else None
            if owner is None and not dry_run:
                durable.write_file(path, f"{repository}\n".encode())
        if owner not in (None, repository):
            raise GmError("GM-R105", f"target {self.id} serves the models of repository {owner}", where=str(self.root))

    def occupied(self) -> tuple[ModelStage, ...]:
        """Every ``<model>/<stage>`` that has a store or a ``current``."""
        with _file_errors(self.root):
            found = (ModelStage(stage.parent.name, stage.name) for stage in self.root.glob("[!.]*/[!.]*"))
            return tuple(sorted(at for at in found if _is_ours(Place(self.root, at))))

    def observe(self, at: ModelStage) -> Observation:
        """Hash what a reader gets. Raises GM-R301 for unsafe directories, GM-R302 where reading fails."""
        place = Place(self.root, at)
        with _file_errors(place.path):
            return place.observe()

    def plan(self, desired: Desired, seen: Observation) -> tuple[Action, ...]:
        """See ``delivery.plan``."""
        return plan(desired, seen, keep=self._keep)

    def stage(self, deployment: Deployment, source: ByteSource) -> str:
        """Return a store entry that holds the bytes, hashed just now: one that is there, or one built from ``source``.

        Raises GM-R202 where ``source`` brought other bytes, GM-R302 where the directory cannot be written.
        """
        place = Place(self.root, deployment.at)
        with _file_errors(place.path):
            place.check()
            return _sound_entry(place, deployment) or _build_entry(place, deployment, source)

    def apply(self, action: Action, source: ByteSource, stamp: Stamp) -> None:
        """Do one action; the old version stays live until the new one is whole and flushed."""
        if isinstance(action, Switch):
            return self._switch(action, source, stamp)
        if isinstance(action, Retire):
            return self.retire(action.at, previous=action.previous)
        if isinstance(action, Note):
            return self._note(action, stamp)
        return self._tidy(action)

    def restore(self, seen: Observation) -> None:
        """Point ``current`` where ``seen`` saw it, or take it away where there was nothing of ours."""
        place = Place(self.root, seen.at)
        with _file_errors(place.path):
            if seen.link is not None:
                place.point(place.current, seen.link)
            else:
                place.unlink(place.current)

    def retire(self, at: ModelStage, *, previous: str | None = None) -> None:
        """Take ``current`` and the note away; the bytes stay in the store."""
        place = Place(self.root, at)
        with _file_errors(place.path):
            _set_previous(place, previous)
            place.unlink(place.current)
            durable.remove_file(place.deployed)

    def _switch(self, action: Switch, source: ByteSource, stamp: Stamp) -> None:
        entry = action.entry or self.stage(action.deployment, source)
        place = Place(self.root, action.deployment.at)
        with _file_errors(place.path):
            # Before the switch: killed in between, the next run makes the same plan again.
            _set_previous(place, action.previous)
            place.point(place.current, entry)
            place.note(action.deployment, stamp)
            for other in place.entries():
                if other.name != entry and other.digest == action.deployment.digest:
                    place.set_aside(place.store / other.name)

    def _note(self, action: Note, stamp: Stamp) -> None:
        place = Place(self.root, action.deployment.at)
        with _file_errors(place.path):
            place.note(action.deployment, stamp)

    def _tidy(self, action: Tidy) -> None:
        place = Place(self.root, action.at)
        with _file_errors(place.path):
            if action.drop_previous:
                place.unlink(place.previous)
            for name in action.quarantine:
                place.set_aside(place.store / name)
            for name in (*action.leftovers, *(f"store/{name}" for name in action.prune)):
                place.discard(name)


def _is_ours(place: Place) -> bool:
    """Never a ``current`` that some other deployment tool made: only what has a note or an entry of ours."""
    return place.deployed.is_file() or bool(place.entries())


def _set_previous(place: Place, entry: str | None) -> None:
    if entry is None:
        place.unlink(place.previous)
    else:
        place.point(place.previous, entry)


def _sound_entry(place: Place, deployment: Deployment) -> str | None:
    """Find an entry of the store that really holds the bytes, made the newest."""
    for entry in place.entries():
        if entry.digest == deployment.digest and holds(read_tree(place.store / entry.name), deployment.digest):
            _make_newest(place, entry.name)
            return entry.name
    return None


def _build_entry(place: Place, deployment: Deployment, source: ByteSource) -> str:
    durable.make_directory(place.store)
    entry = place.store / next_generation((entry.name for entry in place.entries()), deployment.digest)
    building = durable.temporary_of(entry)
    durable.remove_tree(building)
    building.mkdir()
    source(deployment, building)
    files = read_tree(building)
    if not holds(files, deployment.digest):
        durable.remove_tree(building)
        raise GmError(
            "GM-R202", f"the bytes brought for {deployment.source}@{deployment.version} are others", where=str(entry)
        )
    durable.seal_tree(building)
    building.rename(entry)
    _make_newest(place, entry.name)
    durable.sync_directory(place.store)
    return entry.name


def _make_newest(place: Place, name: str) -> None:
    """Date the entry after all others: the order in which versions were live, independent of any clock."""
    newest = max((entry.stored_ns for entry in place.entries() if entry.name != name), default=0) + 1
    os.utime(place.store / name, ns=(newest, newest))


@contextmanager
def _file_errors(where: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise GmError("GM-R302", f"{error.strerror or error}", where=str(error.filename or where)) from error
