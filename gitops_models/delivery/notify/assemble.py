"""From the operator's list of places to a post that is ready to tell."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from gitops_models.delivery.notify.base import Patience
from gitops_models.delivery.notify.command import CommandNotifier
from gitops_models.delivery.notify.notices import Route
from gitops_models.delivery.notify.outbox import Outbox
from gitops_models.delivery.notify.post import Post
from gitops_models.delivery.notify.webhook import WebhookNotifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from gitops_models.delivery.notify.base import Notifier
    from gitops_models.delivery.notify.settings import Notification

USUAL_PATIENCE = Patience(wait=time.sleep, now=time.monotonic)


def open_post(
    places: Sequence[Notification],
    state: Path,
    *,
    clock: Callable[[], datetime],
    repository: str = "unknown",
    patience: Patience = USUAL_PATIENCE,
) -> Post:
    """Return the post that tells ``places`` with its outbox in the directory ``state``, which is made when needed."""
    return Post(
        [notifier_of(place, clock=clock, now=patience.now) for place in places],
        Outbox(state),
        clock,
        lambda: secrets.token_hex(16),
        patience,
        repository=repository,
    )


def notifier_of(place: Notification, *, clock: Callable[[], datetime], now: Callable[[], float]) -> Notifier:
    """Return what delivers to one place."""
    routes = frozenset(Route(route) for route in place.routes)
    if place.webhook is not None:
        return WebhookNotifier(place.id, routes, place.webhook, place.timeout, clock)
    return CommandNotifier(place.id, routes, place.command or (), place.timeout, now)
