"""From the operator's list of places to a post that is ready to tell."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from gitops_models.delivery.notify.apprise import AppriseNotifier
from gitops_models.delivery.notify.base import Patience
from gitops_models.delivery.notify.chat import ChatNotifier, slack, teams
from gitops_models.delivery.notify.command import CommandNotifier
from gitops_models.delivery.notify.hidden import channel_of, password_of
from gitops_models.delivery.notify.notices import Route
from gitops_models.delivery.notify.outbox import Outbox
from gitops_models.delivery.notify.post import Post
from gitops_models.delivery.notify.webhook import WebhookNotifier, read_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from gitops_models.delivery.notify.base import Notifier
    from gitops_models.delivery.notify.settings import Notification
    from gitops_models.delivery.notify.ways import Smtp

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
    if place.slack is not None:
        return ChatNotifier(place.id, routes, place.slack, place.timeout, slack)
    if place.teams is not None:
        return ChatNotifier(place.id, routes, place.teams, place.timeout, teams)
    if place.smtp is not None:
        return _mailer(place.id, routes, place.smtp, place.timeout)
    if place.apprise is not None:
        return AppriseNotifier(place.id, routes, place.apprise, place.timeout)
    return CommandNotifier(place.id, routes, place.command or (), place.timeout, now)


def _mailer(name: str, routes: frozenset[Route], place: Smtp, timeout: float) -> Notifier:
    from gitops_models.delivery.notify.smtp import SmtpNotifier  # noqa: PLC0415 - mail and ssl only where they serve

    return SmtpNotifier(name, routes, place, timeout)


def try_secrets(place: Notification) -> None:
    """Read what a place needs to be told, without telling it. Raises GM-R703, GM-R711 and GM-R712."""
    if place.webhook is not None:
        read_secret(place.webhook)
    for chat in (place.slack, place.teams):
        if chat is not None:
            channel_of(chat)
    if place.smtp is not None and place.smtp.user is not None:
        password_of(place.smtp)
    if place.apprise is not None:
        AppriseNotifier(place.id, frozenset(), place.apprise, place.timeout).opened()
