"""The figures of a reconciler in the words of Prometheus (DELIVERY.md section 1).

Metrics are made at each scrape from what was kept of the last run: a version that is no longer served leaves no series.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gitops_models.delivery.serving.figures import Figures, counter, gauge
from gitops_models.delivery.serving.tally import BUCKETS, Tally, health_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.metrics_core import HistogramMetricFamily, Metric

    from gitops_models.delivery.results import Report, State
    from gitops_models.delivery.values import ModelStage
    from gitops_models.errors import GmError
    from gitops_models.verification.history import History

PROPOSALS = "Rollbacks that were proposed without a person."


class Gauges(Figures):
    """Keeps the figures of a reconciler."""

    def __init__(self, tick: Callable[[], float] = time.monotonic) -> None:
        super().__init__(tick)
        self._begun = self._alive
        self.tally = Tally()

    def began(self) -> None:
        """Note that a run begins."""
        self._begun = self._tick()

    def saw(self, report: Report, history: History) -> None:
        """Count a run that came to ``report``."""
        self.tally = self.tally.after(report, history, self._ended())

    def failed(self, error: GmError) -> None:
        """Count a run that had no history to go by."""
        self.tally = self.tally.after_failure(error, self._ended())

    def entered(self, target: str, at: ModelStage, state: State) -> None:
        """Take a state on the way as a sign of life: a run that fetches for long has not gone silent."""
        del target, at, state
        self._alive = self._tick()

    def reasons(self) -> tuple[str, ...]:
        """Return why this reconciler is not ready to be relied on, nothing when it is.

        Ready is who has seen verified history and reached the repository and all targets in the last run; what one
        model is refused for is in its metrics.
        """
        tally = self.tally
        if tally.problem is not None:
            return (tally.problem.code,)
        if tally.report is None:
            return ("no run has ended yet",)
        return tuple(dict.fromkeys(f"{place}: {error.code}" for place, error in tally.report.problems))

    def collect(self) -> Iterator[Metric]:
        """Give the families of metrics; called by the registry."""
        tally = self.tally
        yield from super().collect()
        yield _deployments(tally)
        yield _durations(tally)
        yield counter(
            "gm_reconcile", "Runs by how they ended: ok, failed (something in it), error.", "result", tally.runs
        )
        yield counter("gm_deploy", "Deployments by how they ended.", "result", tally.deployed)
        yield counter(
            "gm_drift", "Differences that others made to what is served, when first seen.", "kind", tally.drifted
        )
        yield counter(
            "gm_verification_failures", "What was looked at and not believed, when first seen.", "reason", tally.refused
        )
        yield counter("gm_rollback_proposals", PROPOSALS, "cause", tally.proposed)
        yield from _last(tally)

    def _ended(self) -> float:
        self._alive = self._tick()
        return self._alive - self._begun


def _deployments(tally: Tally) -> Metric:
    names = ("model", "stage", "target", "version", "digest", "sync", "health")
    results = tally.report.results if tally.report else ()
    rows = [
        (
            (one.at.model, one.at.stage, one.target, one.live or "", one.digest or "", one.sync.value, health_of(one)),
            1.0,
        )
        for one in results
    ]
    return gauge("gm_deployment_info", "What each target serves, as hashed in the last run.", names, rows)


def _durations(tally: Tally) -> HistogramMetricFamily:
    from prometheus_client.metrics_core import HistogramMetricFamily  # noqa: PLC0415 - as in show

    below, buckets = 0, []
    for bound, count in zip((*BUCKETS, float("inf")), tally.durations.counts, strict=True):
        below += count
        buckets.append(("+Inf" if bound == float("inf") else str(bound), float(below)))
    return HistogramMetricFamily(
        "gm_reconcile_duration_seconds", "How long runs took.", buckets=buckets, sum_value=tally.durations.total
    )


def _last(tally: Tally) -> Iterator[Metric]:
    at = tally.succeeded
    yield gauge(
        "gm_last_success_timestamp_seconds",
        "When the repository and all targets were last reached.",
        (),
        [((), at.timestamp())] if at else [],
    )
    report = tally.report
    seen = [((tally.repository or "", report.commit), 1.0)] if report and report.commit else []
    yield gauge("gm_verified_commit_info", "The commit that was verified last.", ("repository", "commit"), seen)
    waiting = [((), float(report.records.waiting))] if report else []
    yield gauge("gm_records_waiting", "Deployment records that wait for the remote.", (), waiting)
