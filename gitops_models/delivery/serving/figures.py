"""What every listener shows: figures in the words of Prometheus, made at each scrape, and signs of life."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from threading import Lock
from typing import TYPE_CHECKING

from gitops_models._version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from prometheus_client.metrics_core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Figures(ABC):
    """The figures of one process; they are told from one thread, and any thread may ask. ``tick`` is in seconds."""

    def __init__(self, tick: Callable[[], float] = time.monotonic) -> None:
        self._tick = tick
        self._alive = tick()
        self._lock = Lock()
        self._wakes: dict[str, int] = {}

    def silence(self) -> float:
        """Return the seconds since the last sign of life: a state on the way, the end of a run, the start."""
        return self._tick() - self._alive

    @abstractmethod
    def reasons(self) -> tuple[str, ...]:
        """Return why this process is not ready to be relied on, nothing when it is."""

    def woken(self, result: str) -> None:
        """Count a request to wake: accepted or refused."""
        with self._lock:
            self._wakes[result] = self._wakes.get(result, 0) + 1

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
        yield gauge("gm_build_info", "The version of gm that runs.", ("version",), [((__version__,), 1.0)])
        with self._lock:
            wakes = dict(self._wakes)
        yield counter("gm_wake", "Requests to look at once, accepted or refused.", "result", wakes)


def gauge(name: str, words: str, labels: tuple[str, ...], rows: Sequence[tuple[tuple[str, ...], float]]) -> Metric:
    """Return a family of gauges: for each row the values of ``labels`` and the figure."""
    from prometheus_client.metrics_core import GaugeMetricFamily  # noqa: PLC0415 - as in show

    family = GaugeMetricFamily(name, words, labels=labels)
    for values, figure in rows:
        family.add_metric(values, figure)
    return family


def counter(name: str, words: str, label: str, counts: Mapping[str, int]) -> Metric:
    """Return a family of counters, one for each value of ``label``; ``_total`` is added to its name."""
    from prometheus_client.metrics_core import CounterMetricFamily  # noqa: PLC0415 - as in show

    family = CounterMetricFamily(name, words, labels=(label,))
    for value, count in sorted(counts.items()):
        family.add_metric((value,), count)
    return family
