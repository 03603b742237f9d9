"""Watching what is served, from an operator's file: the monitor with the verbs that propose."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.delivery.config import read_config
from gitops_models.delivery.monitoring import open_monitor
from gitops_models.workflows.automation import Automation, artifacts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.delivery.config import ReconcilerFile
    from gitops_models.delivery.monitoring import Opened
    from gitops_models.delivery.notify.post import Post
    from gitops_models.delivery.triggers.settings import MonitorPart
    from gitops_models.workflows.clock import Clock


@contextmanager
def monitor_from_file(config: Path, clock: Clock, *, lock_wait: float = 5.0) -> Iterator[Opened]:
    """The monitor that an operator's file describes. Raises what ``open_monitor`` does."""
    document = read_config(config)
    hands = partial(_hands, document, clock)
    with open_monitor(document, clock=clock.now, hands=hands, lock_wait=lock_wait) as opened:
        yield opened


def _hands(document: ReconcilerFile, clock: Clock, part: MonitorPart, mirror: Path, post: Post | None) -> Automation:
    return Automation(mirror, Path(part.key), part.name, part.email, clock, artifacts_of(document), post)
