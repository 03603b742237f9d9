"""Making what is served equal what was accepted, from a clone or from an operator's file."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops_models.artifacts.content import ContentStore
from gitops_models.delivery.assemble import memos_in, open_reconciler, recorder_for
from gitops_models.delivery.checks.assemble import checks_for
from gitops_models.delivery.config import read_config
from gitops_models.delivery.follow import Follower
from gitops_models.delivery.garbage import Garbage
from gitops_models.delivery.journal import Journal
from gitops_models.delivery.mirror import REMOTE, open_mirror
from gitops_models.delivery.overrides import override_files, read_overrides
from gitops_models.delivery.prefetch import Prefetch
from gitops_models.delivery.reconciler import Reconciler, survey
from gitops_models.delivery.results import Report
from gitops_models.delivery.shards import WHOLE
from gitops_models.delivery.sources import artifact_source
from gitops_models.delivery.targets.directory import DirectoryTarget
from gitops_models.delivery.visit import Manner
from gitops_models.errors import GmError
from gitops_models.registry.canonical import sha256_hex
from gitops_models.registry.values import dataclass
from gitops_models.store.config import remote_address, user_config
from gitops_models.store.repository import Store
from gitops_models.trust.ledger import Ledger, Scribe
from gitops_models.trust.memory import memory_path, require_memory, write_durably
from gitops_models.trust.usersigner import record_signer_from_config
from gitops_models.workflows.automation import automation_of
from gitops_models.workflows.mirrored import deployment_mirror
from gitops_models.workflows.notices import watch_of
from gitops_models.workflows.remotes import reader_of
from gitops_models.workflows.session import default_remote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_models.delivery.shards import Shard
    from gitops_models.trust.signing import Signer
    from gitops_models.workflows.clock import Clock
    from gitops_models.workflows.session import Session

LOCAL_TARGET = "local"


@dataclass(frozen=True)
class Place:
    """A directory that this clone deploys to: ``stages`` and ``artifacts`` (a URL) narrow the defaults.

    ``overrides`` are files with override statements that hold there.
    """

    directory: Path
    stages: tuple[str, ...] = ()
    artifacts: str | None = None
    target: str = LOCAL_TARGET
    overrides: tuple[Path, ...] = ()


@contextmanager
def reconciler_for_directory(
    repo: Path, place: Place, clock: Clock, *, shard: Shard | None = None, retry: bool = False
) -> Iterator[Reconciler]:
    """A reconciler that needs no configuration: this clone's remote and pin, its DVC remote, one directory.

    Raises GM-T502 without a pin: nothing is deployed on a history that nobody vouched for.
    """
    store = Store.discover(repo)
    memory = require_memory(memory_path(store.common_dir))
    directory = place.directory.absolute()
    state = store.common_dir / "gm" / "reconcile" / sha256_hex(str(directory).encode())[:16]
    signer, scribe = _scribe(store, clock)
    remember_place(store, place)
    with open_mirror(state, _address(store)) as mirror:
        ledger = Ledger(mirror, REMOTE, scribe=scribe)
        content = ContentStore(state / "content")
        targets = [DirectoryTarget(directory, id=place.target, stages=place.stages or None)]
        yield Reconciler(
            targets=targets,
            load_history=Follower(mirror, ledger, line=memory.line, pin=memory.pin.commit, clock=clock.now),
            source_for=lambda history: artifact_source(
                history, lambda: reader_of(history.state.snapshot, store, place.artifacts), content
            ),
            journal=Journal(state / "journal"),
            recorder=recorder_for(ledger, signer),
            clock=clock.now,
            overrides=partial(override_files, place.overrides, None),
            checks=checks_for(()),
            watch=watch_of(store, clock, ledger, state / "alarms.json"),
            manner=Manner(shard=shard or WHOLE),
            memos=memos_in(state, targets, retry=retry),
            prefetch=Prefetch(clock.now),
            garbage=Garbage(content, targets, clock.now),
        )


@contextmanager
def reconciler_from_file(
    config: Path,
    clock: Clock,
    target: str | None,
    overrides: tuple[Path, ...] = (),
    *,
    shard: Shard | None = None,
    retry: bool = False,
) -> Iterator[tuple[Reconciler, int]]:
    """The reconciler that an operator's file describes, and its interval in seconds.

    With a key it proposes the rollback of what does not pass its checks.
    """
    document = read_config(config)
    if shard is not None:
        document = document.model_copy(update={"shard": str(shard)})
    opening = open_reconciler(
        document,
        clock=clock.now,
        target=target,
        overrides=overrides,
        show=deployment_mirror,
        retry=retry,
    )
    with opening as reconciler:
        yield replace(reconciler, proposer=automation_of(document, clock)), document.interval


def look(session: Session) -> Report:
    """How every directory that this clone deploys to stands against the accepted state; changes nothing."""
    reports = [_look(session, place) for place in places(session.store) if place.directory.is_dir()]
    return Report(
        session.history.tip,
        session.clock.now(),
        tuple(result for report in reports for result in report.results),
        tuple(problem for report in reports for problem in report.problems),
        notes=tuple(note for report in reports for note in report.notes),
    )


def _look(session: Session, place: Place) -> Report:
    target = DirectoryTarget(place.directory, id=place.target, stages=place.stages or None)
    history, now = session.history, session.clock.now()
    held = read_overrides(lambda: place.overrides, history, targets=[target.id], at=now)
    return survey([target], history, at=now, held=held)


def places(store: Store) -> Sequence[Place]:
    """The directories that this clone deployed to, in the order of their paths."""
    try:
        rows = json.loads(_places_file(store).read_bytes())
        found = [_place(row) for row in rows]
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        # Only a note for `gm status`: deploying writes it anew.
        raise GmError(
            "GM-R106", "the list of deployed directories is unreadable", where=str(_places_file(store))
        ) from error
    return sorted(found, key=lambda place: place.directory)


def remember_place(store: Store, place: Place) -> None:
    """Note the directory, so that ``gm status`` can look at it."""
    directory = place.directory.absolute()
    known = {found.directory: found for found in _readable_places(store)}
    known[directory] = Place(directory, place.stages, target=place.target, overrides=place.overrides)
    rows = [
        {
            "directory": str(found.directory),
            "stages": list(found.stages),
            "target": found.target,
            "overrides": [str(path) for path in found.overrides],
        }
        for found in known.values()
    ]
    write_durably(_places_file(store), json.dumps(rows).encode())


def _place(row: dict[str, Any]) -> Place:
    overrides = tuple(Path(path) for path in row.get("overrides", ()))
    return Place(Path(row["directory"]), tuple(row["stages"]), target=row["target"], overrides=overrides)


def _readable_places(store: Store) -> Sequence[Place]:
    try:
        return places(store)
    except GmError:
        return ()


def _places_file(store: Store) -> Path:
    return store.common_dir / "gm" / "places.json"


def _address(store: Store) -> str:
    """Where the mirror fetches from: the clone's remote, or the clone itself where it has none."""
    remote = default_remote(store)
    address = remote_address(store, remote) if remote else str(store.common_dir)
    if "://" in address or ":" in address.split("/", 1)[0]:
        return address
    return str(((store.work_tree or store.git_dir) / address).resolve())


def _scribe(store: Store, clock: Clock) -> tuple[Signer | None, Scribe | None]:
    """Who signs deployment records: the user's key where Git has one; without it nothing is recorded."""
    config = user_config(store)
    name, email = config.get("user.name"), config.get("user.email")
    if not config.get("user.signingkey") or not name or not email:
        return None, None
    signer = record_signer_from_config(config.get)
    if signer is None:
        return None, None
    return signer, Scribe(signer, name, email, now=lambda: clock.now().timestamp())
