"""From the reconciler's file to a reconciler that is ready to run."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.delivery.checks.assemble import checks_for, metric_sources
from gitops_models.delivery.follow import Follower
from gitops_models.delivery.garbage import Garbage
from gitops_models.delivery.journal import Journal
from gitops_models.delivery.lookouts import usual_lookouts
from gitops_models.delivery.memos import Memos
from gitops_models.delivery.mirror import REMOTE, open_mirror
from gitops_models.delivery.mirroring import Mirroring
from gitops_models.delivery.notify.assemble import open_post
from gitops_models.delivery.overrides import override_files
from gitops_models.delivery.prefetch import Prefetch
from gitops_models.delivery.reconciler import Reconciler
from gitops_models.delivery.recorder import LedgerRecorder, NoRecorder, Recorder
from gitops_models.delivery.restorations import RESTORATIONS
from gitops_models.delivery.serving.endpoints import Endpoints
from gitops_models.delivery.serving.metrics import Gauges
from gitops_models.delivery.shards import WHOLE, parse_shard
from gitops_models.delivery.sources import artifact_source
from gitops_models.delivery.targets.registry import open_target
from gitops_models.delivery.upstreams import Upstreams
from gitops_models.delivery.visit import Manner
from gitops_models.delivery.watch import Watch
from gitops_models.errors import GmError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from gitops_models.artifacts.content import ContentStore
    from gitops_models.artifacts.remotes import RemoteSpec
    from gitops_models.delivery.config import ReconcilerFile
    from gitops_models.delivery.mirroring import DeploymentMirror
    from gitops_models.delivery.targets.base import ByteSource, Target
    from gitops_models.store.repository import Store
    from gitops_models.trust.ledger import Ledger, Scribe
    from gitops_models.trust.signing import Signer
    from gitops_models.trust.united import UnitedLedger
    from gitops_models.verification.history import History


@contextmanager
def open_reconciler(
    config: ReconcilerFile,
    *,
    clock: Callable[[], datetime],
    target: str | None = None,
    overrides: Sequence[Path] = (),
    lock_wait: float = 5.0,
    show: Callable[[str], DeploymentMirror] | None = None,
    retry: bool = False,
) -> Iterator[Reconciler]:
    """Hold the state directory of ``config`` and give its reconciler, for one run or many.

    ``overrides`` are files with override statements beside those of the directory that ``config`` names.
    ``show`` gives the mirror of an address where ``config`` names one; it is called when there is something to show.
    ``target`` selects one target by id (GM-R104 where there is none), ``retry`` tries again what failed for good.
    Raises what ``open_mirror`` and reading the key raise.
    """
    from gitops_models.artifacts.content import ContentStore  # noqa: PLC0415 - a command that fails early pays nothing
    from gitops_models.trust.signing import key_signer  # noqa: PLC0415 - as above
    from gitops_models.trust.united import UnitedLedger  # noqa: PLC0415 - as above

    targets, state = targets_of(config, only=target), Path(config.state)
    content = ContentStore(state / "content")
    signer = key_signer(Path(config.key)) if config.key else None
    scribe = _scribe(config, signer, clock)
    places, endpoints = config.upstreams, Endpoints(config.listen, clock, Gauges())
    url = next(place.address for place in places if place.first)
    with open_mirror(state, url, lock_wait=lock_wait) as store:
        ledger = UnitedLedger(store, REMOTE, others=[one.name for one in places if not one.first], scribe=scribe)
        yield Reconciler(
            targets=targets,
            load_history=_follower(config, store, ledger, clock),
            source_for=remote_source(remote_of(config), content),
            journal=Journal(state / "journal"),
            recorder=recorder_for(ledger, signer),
            clock=clock,
            overrides=partial(override_files, overrides, Path(config.overrides) if config.overrides else None),
            restorations=state / RESTORATIONS,
            checks=checks_for(config.checks, sources=metric_sources(config)),
            watch=_watch(config, clock, ledger),
            gauges=endpoints.figures,
            wake=endpoints.wake,
            listen=endpoints.listen,
            mirror=Mirroring(partial(show, url), state / "shown.json", clock) if show and config.mirror else None,
            manner=Manner(config.workers, parse_shard(config.shard or str(WHOLE)), config.site),
            memos=memos_in(state, targets, retry=retry),
            rehash=timedelta(seconds=config.rehash),
            prefetch=Prefetch(clock) if config.prefetch else None,
            garbage=Garbage(content, targets_of(config), clock),
        )


def _scribe(config: ReconcilerFile, signer: Signer | None, clock: Callable[[], datetime]) -> Scribe | None:
    from gitops_models.trust.ledger import Scribe  # noqa: PLC0415 - as in open_reconciler

    return Scribe(signer, config.name, config.email, now=lambda: clock().timestamp()) if signer else None


def _follower(config: ReconcilerFile, store: Store, ledger: UnitedLedger, clock: Callable[[], datetime]) -> Follower:
    return Follower(
        store,
        ledger,
        line=config.line,
        pin=config.pin,
        clock=clock,
        checkpoints=config.checkpoints,
        upstreams=Upstreams(store, ledger, config.line, config.upstreams),
    )


def memos_in(state: Path, targets: Sequence[Target], *, retry: bool = False) -> Memos:
    """Return what the state directory remembers of places; with ``retry`` nothing of what failed for good."""
    memos = Memos(state / "places")
    for target in targets if retry else ():
        memos.forget(target.id)
    return memos


def targets_of(config: ReconcilerFile, *, only: str | None = None) -> Sequence[Target]:
    """Return the targets of ``config``, or the one whose id is ``only`` (GM-R104)."""
    chosen = [place for place in config.targets if only in (None, place.id)]
    if not chosen:
        known = ", ".join(place.id for place in config.targets)
        raise GmError("GM-R104", f"no target is called {only}", hint=f"known targets: {known}")
    return [open_target(place) for place in chosen]


def recorder_for(ledger: Ledger, signer: Signer | None) -> Recorder:
    """Return a recorder into ``ledger``, or one that records nothing where there is nobody to sign."""
    return LedgerRecorder(ledger, signer) if signer else NoRecorder()


def remote_source(spec: RemoteSpec, content: ContentStore | None) -> Callable[[History], ByteSource]:
    """Return what ``Reconciler.source_for`` wants: versions of a history, read from the DVC remote ``spec``."""
    from gitops_models.artifacts.readers import open_remote  # noqa: PLC0415 - as in open_reconciler

    return lambda history: artifact_source(history, lambda: open_remote(spec), content)


def _watch(config: ReconcilerFile, clock: Callable[[], datetime], ledger: Ledger) -> Watch | None:
    """Return what tells the places that the operator named; None where there are none."""
    if not config.notifications:
        return None
    state = Path(config.state)
    post = open_post(config.notifications, state / "notifications", clock=clock)
    return Watch(post, state / "alarms.json", usual_lookouts(ledger, clock))


def remote_of(config: ReconcilerFile) -> RemoteSpec:
    """Return the artifact remote of an operator's file."""
    from gitops_models.artifacts.remotes import RemoteSpec  # noqa: PLC0415 - as in open_reconciler

    return RemoteSpec(config.artifacts.url, config.artifacts.options)
