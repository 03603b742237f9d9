"""What a reconciler looks at beside what it serves, where somebody is to be told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gitops_models.delivery.alarms import PROPOSALS, ROLLBACKS, stalled_alarms
from gitops_models.delivery.mirror import REMOTE
from gitops_models.delivery.watch import Lookout

if TYPE_CHECKING:
    from collections.abc import Collection

    from gitops_models.delivery.alarms import Alarm
    from gitops_models.store.repository import Store
    from gitops_models.verification.history import History

EVERY = timedelta(minutes=1)
SECONDS = 20.0


def stalled_rollbacks(store: Store) -> Lookout:
    """Look for rollback proposals that stay open; only their names are read, nothing of them is fetched."""

    def look(_history: History) -> Collection[Alarm]:
        from gitops_models.store.transport import ls_remote  # noqa: PLC0415 - GitPython is loaded to reach a remote

        return stalled_alarms(ls_remote(store, REMOTE, ROLLBACKS, timeout=SECONDS))

    return Lookout(PROPOSALS, EVERY, look)
