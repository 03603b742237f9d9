"""The figures of a reconciler in the words of Prometheus (DELIVERY.md section 1).

Metrics are made at each scrape from what was kept of the last run: a version that is no longer served leaves no series.
"""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING

from gitops_models._version import __version__
from gitops_models.delivery.serving.tally import BUCKETS, Tally, health_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from prometheus_client.metrics_core import HistogramMetricFamily, Metric

    from gitops_models.delivery.results import Report, State
    from gitops_models.delivery.values import ModelStage
    from gitops_models.errors import GmError
    from gitops_models.verification.history import History

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
TRIGGER_STATES = ("ok", "firing", "inconclusive", "error")


class Gauges:
    """Keeps the figures of one process. Runs are told from one thread; any thread may ask. ``tick`` is in seconds."""

    def __init__(self, tick: Callable[[], float] = time.monotonic) -> None:
        self._tick = tick
        self._begun = self._alive = tick()
        self._lock = Lock()
        self._wakes: dict[str, int] = {}
        self._proposals: dict[str, int] = {}
        self._triggers: Mapping[tuple[str, str, str], str] = {}
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

    def woken(self, result: str) -> None:
        """Count a request to wake: accepted or refused."""
        with self._lock:
            self._wakes[result] = self._wakes.get(result, 0) + 1

    def proposed(self, cause: str) -> None:
        """Count a rollback that was proposed by itself."""
        with self._lock:
            self._proposals[cause] = self._proposals.get(cause, 0) + 1

    def triggered(self, states: Mapping[tuple[str, str, str], str]) -> None:
        """Keep how each trigger stands, by model, stage and name; a state is one of ``TRIGGER_STATES``."""
        self._triggers = dict(states)

    def silence(self) -> float:
        """Return the seconds since the last sign of life: a state on the way, the end of a run, the start."""
        return self._tick() - self._alive

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

    def show(self) -> bytes:
        """Return what Prometheus scrapes, in its text format."""
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - only where one listens

        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)

    def describe(self) -> tuple[Metric, ...]:
        """Say nothing beforehand: the registry is made anew for each scrape."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Give the families of metrics; called by the registry."""
        tally = self.tally
        yield _gauge("gm_build_info", "The version of gm that runs.", ("version",), [((__version__,), 1.0)])
        yield _deployments(tally)
        yield _durations(tally)
        yield _counter(
            "gm_reconcile", "Runs by how they ended: ok, failed (something in it), error.", "result", tally.runs
        )
        yield _counter("gm_deploy", "Deployments by how they ended.", "result", tally.deployed)
        yield _counter(
            "gm_drift", "Differences that others made to what is served, when first seen.", "kind", tally.drifted
        )
        yield _counter(
            "gm_verification_failures", "What was looked at and not believed, when first seen.", "reason", tally.refused
        )
        with self._lock:
            wakes, proposals = dict(self._wakes), dict(self._proposals)
        yield _counter("gm_wake", "Requests to look at once, accepted or refused.", "result", wakes)
        yield _counter("gm_rollback_proposals", "Rollbacks proposed without a person.", "cause", proposals)
        yield _triggers(self._triggers)
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
    return _gauge("gm_deployment_info", "What each target serves, as hashed in the last run.", names, rows)


def _durations(tally: Tally) -> HistogramMetricFamily:
    from prometheus_client.metrics_core import HistogramMetricFamily  # noqa: PLC0415 - as in show

    below, buckets = 0, []
    for bound, count in zip((*BUCKETS, float("inf")), tally.durations.counts, strict=True):
        below += count
        buckets.append(("+Inf" if bound == float("inf") else str(bound), float(below)))
    return HistogramMetricFamily(
        "gm_reconcile_duration_seconds", "How long runs took.", buckets=buckets, sum_value=tally.durations.total
    )


def _triggers(states: Mapping[tuple[str, str, str], str]) -> Metric:
    rows = [
        ((model, stage, name, state), float(state == now))
        for (model, stage, name), now in sorted(states.items())
        for state in TRIGGER_STATES
    ]
    return _gauge(
        "gm_trigger_state", "How each trigger stands: 1 at its state.", ("model", "stage", "trigger", "state"), rows
    )


def _last(tally: Tally) -> Iterator[Metric]:
    at = tally.succeeded
    yield _gauge(
        "gm_last_success_timestamp_seconds",
        "When the repository and all targets were last reached.",
        (),
        [((), at.timestamp())] if at else [],
    )
    report = tally.report
    seen = [((tally.repository or "", report.commit), 1.0)] if report and report.commit else []
    yield _gauge("gm_verified_commit_info", "The commit that was verified last.", ("repository", "commit"), seen)
    waiting = [((), float(report.records.waiting))] if report else []
    yield _gauge("gm_records_waiting", "Deployment records that wait for the remote.", (), waiting)


def _gauge(name: str, words: str, labels: tuple[str, ...], rows: Sequence[tuple[tuple[str, ...], float]]) -> Metric:
    from prometheus_client.metrics_core import GaugeMetricFamily  # noqa: PLC0415 - as in show

    family = GaugeMetricFamily(name, words, labels=labels)
    for values, figure in rows:
        family.add_metric(values, figure)
    return family


def _counter(name: str, words: str, label: str, counts: Mapping[str, int]) -> Metric:
    from prometheus_client.metrics_core import CounterMetricFamily  # noqa: PLC0415 - as in show

    family = CounterMetricFamily(name, words, labels=(label,))
    for value, count in sorted(counts.items()):
        family.add_metric((value,), count)
    return family
