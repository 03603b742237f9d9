"""The directory target: files under ``<root>/<model>/<stage>/``, switched by the rename of one link.

A reader that resolves ``current`` once sees one version whole: entries of the store are complete before the link
names them and are never changed afterwards. A corrupted entry is not repaired in place, where a reader would see a
mix; a new generation ``<sha256>.<n>`` is built, the link moves to it and the bad one goes to ``quarantine/``.

Where an engine serves from it, the engine is told after the link moved, and ``told`` keeps what it was told last: a run
that is killed in between tells it again.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gitops_models.artifacts.files import fsync_directory
from gitops_models.delivery import durable
from gitops_models.delivery.engines import REFUSALS, UNSETTLED, EngineState
from gitops_models.delivery.glimpse import Glimpse, take
from gitops_models.delivery.locks import exclusive
from gitops_models.delivery.plan import DEFAULT_KEEP, plan
from gitops_models.delivery.targets.base import ByteSource, Engine, Order, Stamp
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
    entry_digest,
    holds,
    next_generation,
)
from gitops_models.errors import GmError

LOCK_NAME = ".gm.lock"
OWNER_NAME = ".gm.repository"


class DirectoryTarget:
    """Serves models from a directory of this machine, and through ``engine`` if any. ``root`` is made when missing."""

    def __init__(
        self,
        root: Path,
        *,
        id: str = "directory",  # noqa: A002 - the word of the document
        stages: Collection[str] | None = None,
        models: Collection[str] | None = None,
        keep: int = DEFAULT_KEEP,
        lock_wait: float = 5.0,
        engine: Engine | None = None,
    ) -> None:
        self.root = root
        self.id = id
        self.stages = stages
        self.models = models
        self._keep = keep
        self._lock_wait = lock_wait
        self._engine = engine

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

    def stored(self, at: ModelStage) -> frozenset[str]:
        """Return the deployment digests of the store's entries, unread. Raises GM-R302."""
        place = Place(self.root, at)
        with _file_errors(place.path):
            return frozenset(entry.digest for entry in place.entries())

    def observe(self, at: ModelStage) -> Observation:
        """Hash what a reader gets and ask the engine.

        Raises GM-R301 for unsafe directories, GM-R302 where reading fails, and what asking the engine raises.
        """
        place = Place(self.root, at)
        with _file_errors(place.path):
            seen = place.observe()
            return seen if self._engine is None else replace(seen, engine=_ask(self._engine, place))

    def place_of(self, at: ModelStage) -> Path | None:
        """Return the store entry that ``current`` names."""
        place = Place(self.root, at)
        with _file_errors(place.path):
            entry = place.live_entry()
        return place.store / entry if entry else None

    def folder(self, at: ModelStage, entry: str) -> Path:
        """Return the store entry's directory."""
        return Place(self.root, at).store / entry

    def glimpse(self, at: ModelStage) -> Glimpse | None:
        """Return the signs of the place and of the entry that is live, with what the engine says."""
        place = Place(self.root, at)
        with _file_errors(place.path):
            taken = take(place.path, place.deployed, tree=self.place_of(at))
            return taken if self._engine is None else replace(taken, more=_ask(self._engine, place))

    def holds(self, at: ModelStage, glimpse: Glimpse) -> bool:
        """Whether place, entry and engine still give the same signs; ``False`` where that cannot be told."""
        try:
            same = glimpse.holds()
            return same and (self._engine is None or glimpse.more == _ask(self._engine, Place(self.root, at)))
        except (OSError, GmError):
            return False

    def layout(self) -> object:
        """Return the sign of ``root``, where the models' directories are."""
        return take(self.root).signs

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
        """Point ``current`` where ``seen`` saw it, or take it away where there was nothing of ours; tell the engine."""
        place = Place(self.root, seen.at)
        with _file_errors(place.path):
            if seen.link is None:
                return self._empty(place)
            version = seen.noted.version if seen.noted and seen.noted.digest == entry_digest(seen.link) else ""
            return self._serve(place, seen.link, version)

    def retire(self, at: ModelStage, *, previous: str | None = None) -> None:
        """Take ``current`` and the note away; the bytes stay in the store."""
        place = Place(self.root, at)
        with _file_errors(place.path):
            _set_previous(place, previous)
            self._empty(place)
            # Last: with the note still there, a run that was killed before the engine was told does it again.
            durable.remove_file(place.deployed)

    def _switch(self, action: Switch, source: ByteSource, stamp: Stamp) -> None:
        entry = action.entry or self.stage(action.deployment, source)
        place = Place(self.root, action.deployment.at)
        with _file_errors(place.path):
            # Before the switch: killed in between, the next run makes the same plan again.
            _set_previous(place, action.previous)
            self._serve(place, entry, action.deployment.label)
            place.note(action.deployment, stamp)
            for other in place.entries():
                if other.name != entry and other.digest == action.deployment.digest:
                    place.set_aside(place.store / other.name)

    def _serve(self, place: Place, entry: str, version: str) -> None:
        """Move the link, then have the engine follow; ``told`` says in between that nobody knows what it serves."""
        digest = entry_digest(entry) or ""
        self._unsettle(place)
        place.point(place.current, entry)
        if self._engine is not None:
            _load(self._engine, Order(place.at, version or digest[:12], digest, entry, place.store / entry), place)
            place.tell(entry)

    def _unsettle(self, place: Place) -> None:
        if self._engine is not None:
            place.tell(UNSETTLED)
        else:
            durable.remove_file(place.told)  # of an engine that was here once

    def _empty(self, place: Place) -> None:
        self._unsettle(place)
        place.unlink(place.current)
        if self._engine is not None:
            self._engine.unload(place.at)
            place.tell(None)

    def _note(self, action: Note, stamp: Stamp) -> None:
        place = Place(self.root, action.deployment.at)
        with _file_errors(place.path):
            place.note(action.deployment, stamp, action.validated)

    def _tidy(self, action: Tidy) -> None:
        place = Place(self.root, action.at)
        with _file_errors(place.path):
            if action.drop_previous:
                place.unlink(place.previous)
            for name in action.quarantine:
                place.set_aside(place.store / name)
            for name in (*action.leftovers, *(f"store/{name}" for name in action.prune)):
                place.discard(name)


def _load(engine: Engine, order: Order, place: Place) -> None:
    """Tell it. What refuses a version that it served before is out of order, and the version is not to blame."""
    try:
        engine.load(order)
    except GmError as error:
        if error.code not in REFUSALS or order.digest not in place.taken():
            raise
        raise GmError("GM-R318", f"it served this before: {error.message}", where=error.where) from error


def _ask(engine: Engine, place: Place) -> EngineState:
    said = engine.digest(place.at) if engine.answers else None
    return EngineState(place.read_told(), said, engine.answers)


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
    fsync_directory(place.store)
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
