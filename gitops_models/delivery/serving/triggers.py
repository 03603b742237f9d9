"""The figures of a monitor: how each trigger stands, and what it had proposed."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from gitops_models.delivery.serving.figures import Figures, counter, gauge
from gitops_models.delivery.serving.metrics import PROPOSALS
from gitops_models.delivery.triggers.decide import Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.metrics_core import Metric

    from gitops_models.delivery.triggers.reports import MonitorReport
    from gitops_models.errors import GmError


class TriggerFigures(Figures):
    """Keeps the last report of a monitor and counts the rollbacks that it opened."""

    def __init__(self, tick: Callable[[], float] = time.monotonic) -> None:
        super().__init__(tick)
        self._report: MonitorReport | None = None
        self._problem: GmError | None = None
        self._known: frozenset[str] = frozenset()
        self._proposals: Counter[str] = Counter()

    def looked(self, report: MonitorReport) -> None:
        """Take what a run came to."""
        opened = {row.acted.proposal: row.trigger.cause or "" for row in report.rows if row.acted.proposal}
        self._proposals = self._proposals + Counter(opened[one] for one in opened if one not in self._known)
        self._known |= set(opened)
        self._report, self._problem = report, None
        self._alive = self._tick()

    def failed(self, error: GmError) -> None:
        """Take note of a run that had no history to go by."""
        self._problem = error
        self._alive = self._tick()

    def reasons(self) -> tuple[str, ...]:
        """Return why the monitor cannot be relied on: the repository, or a place that it cannot settle."""
        if self._problem is not None:
            return (self._problem.code,)
        if self._report is None:
            return ("no run has ended yet",)
        return tuple(dict.fromkeys(f"{place}: {error.code}" for place, error in self._report.problems))

    def collect(self) -> Iterator[Metric]:
        """Give the families of metrics; called by the registry."""
        yield from super().collect()
        report = self._report
        rows = [
            ((row.at.model, row.at.stage, row.trigger.name, standing.value), float(standing is row.decision.standing))
            for row in (report.rows if report else ())
            for standing in Standing
        ]
        labels = ("model", "stage", "trigger", "state")
        yield gauge("gm_trigger_state", "How each trigger stands: 1 at its state.", labels, rows)
        yield counter("gm_rollback_proposals", PROPOSALS, "cause", self._proposals)
        at = [((), report.at.timestamp())] if report and not report.problems else []
        yield gauge("gm_last_success_timestamp_seconds", "When the repository was last reached.", (), at)
