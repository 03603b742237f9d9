"""What a reconciler looks at beside what it serves, where somebody is to be told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gitops_models.delivery.alarms import PROPOSALS, RATIFICATIONS, ROLLBACKS, overdue_alarms, stalled_alarms
from gitops_models.delivery.mirror import REMOTE
from gitops_models.delivery.watch import Lookout

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from gitops_models.delivery.alarms import Alarm
    from gitops_models.trust.ledger import Ledger
    from gitops_models.verification.history import History

EVERY = timedelta(minutes=1)
SECONDS = 20.0


def stalled_rollbacks(ledger: Ledger) -> Lookout:
    """Look for rollback proposals that stay open; only their names are read, nothing of them is fetched."""

    def look(_history: History) -> Collection[Alarm]:
        from gitops_models.store.transport import ls_remote  # noqa: PLC0415 - only to reach a remote

        return stalled_alarms(ls_remote(ledger.store, REMOTE, ROLLBACKS, timeout=SECONDS))

    return Lookout(PROPOSALS, EVERY, look)


def overdue_ratifications(ledger: Ledger, clock: Callable[[], datetime]) -> Lookout:
    """Look for emergencies that nobody ratified in time."""

    def look(history: History) -> Collection[Alarm]:
        from gitops_models.verification.ratification import ratifications  # noqa: PLC0415 - loads the judge

        return overdue_alarms(ratifications(ledger.store, history, ledger, now=clock()))

    return Lookout(RATIFICATIONS, EVERY, look)


def usual_lookouts(ledger: Ledger, clock: Callable[[], datetime]) -> tuple[Lookout, ...]:
    """Return what every reconciler looks at."""
    return (stalled_rollbacks(ledger), overdue_ratifications(ledger, clock))
