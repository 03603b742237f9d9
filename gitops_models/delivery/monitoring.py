"""From the operator's file to a monitor that is ready to run."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from gitops_models.delivery.assemble import open_reconciler, remote_of, remote_source
from gitops_models.delivery.follow import Followed
from gitops_models.delivery.journal import Journal
from gitops_models.delivery.monitor import Equipment, Monitor
from gitops_models.delivery.notify.assemble import open_post
from gitops_models.delivery.overrides import override_files, read_overrides
from gitops_models.delivery.restorations import RESTORATIONS, Restorations, restored
from gitops_models.delivery.serving.endpoints import Endpoints
from gitops_models.delivery.serving.triggers import TriggerFigures
from gitops_models.delivery.targets.registry import open_target
from gitops_models.delivery.triggers.acting import Actor
from gitops_models.delivery.triggers.receiver import receiving
from gitops_models.delivery.triggers.sources.alerts import Alerts
from gitops_models.delivery.triggers.sources.assemble import open_sources
from gitops_models.delivery.triggers.telling import AREA, alarms_of
from gitops_models.delivery.watch import Watch
from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from gitops_models.delivery.config import ReconcilerFile
    from gitops_models.delivery.notify.post import Post
    from gitops_models.delivery.overrides import Overrides
    from gitops_models.delivery.reconciler import Reconciler
    from gitops_models.delivery.results import Report
    from gitops_models.delivery.targets.base import Target
    from gitops_models.delivery.triggers.acting import Hands
    from gitops_models.delivery.triggers.reports import MonitorReport
    from gitops_models.delivery.triggers.settings import MonitorPart
    from gitops_models.delivery.values import ModelStage
    from gitops_models.verification.history import History

_OWN = "monitor"


@dataclass(frozen=True)
class Opened:
    """A monitor, what ends its wait, who tells people, where figures are shown, the port that takes alerts."""

    monitor: Monitor
    wake: Event
    post: Post | None
    endpoints: Endpoints[TriggerFigures]
    port: int | None


@contextmanager
def open_monitor(
    config: ReconcilerFile,
    *,
    clock: Callable[[], datetime],
    hands: Callable[[MonitorPart, Path, Post | None], Hands],
    lock_wait: float = 5.0,
) -> Iterator[Opened]:
    """Hold the monitor's own state directory, below the reconciler's, and give the monitor.

    ``hands`` gives who proposes, from the monitor's settings, the bare copy it may work in, and who tells people.
    Raises GM-R621 where the file names no monitor, GM-R605 where alerts cannot be received, and what
    ``open_reconciler`` raises.
    """
    part = config.monitor
    if part is None:
        raise GmError("GM-R621", "there is no `monitor:`")
    state = Path(config.state) / _OWN
    folder = Path(config.state) / RESTORATIONS
    own = config.model_copy(
        update={"state": str(state), "key": part.key, "name": part.name, "email": part.email, "notifications": ()}
    )
    with open_reconciler(own, clock=clock, lock_wait=lock_wait) as reconciler:
        post = _post(config, state, clock)
        alerts, wake = Alerts(state / "alerts.json"), Event()
        endpoints = Endpoints(part.listen, clock, TriggerFigures(), wake)
        kit = Equipment(
            follow=reconciler.load_history,
            held=partial(_held, config, folder, clock),
            targets=reconciler.targets,
            sources=open_sources(config.sources, alerts),
            actor=Actor(
                Restorations(folder),
                hands(part, state / "mirror.git", post),
                partial(_bring, config, folder, reconciler),
            ),
            memory=state / "triggers.json",
            clock=clock,
            rate=part.at_most,
            every=timedelta(seconds=config.interval),
            tell=_both(endpoints.counted, _teller(post, state)),
        )
        with _receiving(part, alerts, wake, clock) as port:
            yield Opened(Monitor(kit), wake, post, endpoints, port)


@contextmanager
def _receiving(part: MonitorPart, alerts: Alerts, wake: Event, clock: Callable[[], datetime]) -> Iterator[int | None]:
    if part.receive is None:
        yield None
        return

    def hear(body: bytes) -> None:
        alerts.hear(body, clock())
        wake.set()

    with receiving(part.receive, hear) as port:
        yield port


def _held(config: ReconcilerFile, folder: Path, clock: Callable[[], datetime], history: History) -> Overrides:
    """Return what is served instead of what Git says: overrides of people, restorations."""
    files = partial(override_files, (), Path(config.overrides) if config.overrides else None)
    said = read_overrides(files, history, targets=[place.id for place in config.targets], at=clock())
    return restored(folder, history)(said)


def _bring(config: ReconcilerFile, folder: Path, reconciler: Reconciler, history: History, at: ModelStage) -> Report:
    """Reconcile one place to a history that is known already: nothing is fetched but bytes that are missing.

    Journal and bytes are those of whoever reconciles there, who ends what is begun here and fetches ahead; nobody else
    writes at a target meanwhile.
    """
    from gitops_models.artifacts.content import ContentStore  # noqa: PLC0415 - only where something is done

    state = Path(config.state)
    narrow = replace(
        reconciler,
        journal=Journal(state / "journal"),
        source_for=remote_source(remote_of(config), ContentStore(state / "content")),
        targets=_only(config, reconciler.targets, at),
        load_history=lambda: Followed(history),
        restorations=folder,
        watch=None,
        gauges=None,
        mirror=None,
        garbage=None,
    )
    return narrow.run()


def _only(config: ReconcilerFile, targets: Sequence[Target], at: ModelStage) -> list[Target]:
    known = {target.id for target in targets}
    places = [place for place in config.targets if place.id in known]
    return [
        open_target(place.model_copy(update={"models": (at.model,), "stages": (at.stage,)}))
        for place in places
        if place.stages is None or at.stage in place.stages
    ]


def _post(config: ReconcilerFile, state: Path, clock: Callable[[], datetime]) -> Post | None:
    return open_post(config.notifications, state / "notifications", clock=clock) if config.notifications else None


def _both(
    figures: TriggerFigures, tell: Callable[[MonitorReport, History], None]
) -> Callable[[MonitorReport, History], None]:
    def both(report: MonitorReport, history: History) -> None:
        figures.looked(report)
        tell(report, history)

    return both


def _teller(post: Post | None, state: Path) -> Callable[[MonitorReport, History], None]:
    if post is None:
        return lambda _report, _history: None
    watch = Watch(post, state / "alarms.json")
    return lambda report, history: watch.tell(history.repository.id, alarms_of(report), {AREA})
