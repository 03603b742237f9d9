"""Notices that tests send, and the post that takes them, with a clock that waits for nobody."""

from datetime import UTC, datetime

from gitops_models.delivery.notify.assemble import open_post
from gitops_models.delivery.notify.base import Patience
from gitops_models.delivery.notify.notices import Notice

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ROLLBACK = Notice("rollback-initiated", model="fraud", stage="production", version="1.0.0", replaces="1.1.0")
EMERGENCY = Notice("emergency-initiated", model="fraud", incident="INC-1", reason="poisoned labels")


def poster(folder, waits):
    """Opens the post with the places that it is given; what is kept of it is in ``folder``."""

    def made(*places, patience=None):
        usual = Patience(wait=waits.wait, now=waits.now)
        return open_post(places, folder, clock=lambda: NOW, repository="shop", patience=patience or usual)

    return made
