"""From the operator's list of checks to checks that are ready to run."""

from __future__ import annotations

import time
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from gitops_models.delivery.checks.runner import Runner
from gitops_models.delivery.checks.settings import InterfaceCheck, Metric, Scan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitops_models.delivery.checks.base import ChecksFor
    from gitops_models.delivery.checks.settings import Check
    from gitops_models.delivery.config import ReconcilerFile
    from gitops_models.delivery.triggers.sources.base import MetricSource

NO_SOURCES: Mapping[str, MetricSource] = MappingProxyType({})
ALWAYS: tuple[Check, ...] = (
    Scan(id="scan", use="scan", when="before", timeout=600, retries=0),
    InterfaceCheck(id="interface", use="interface", timeout=60, retries=0),
)
"""What is looked at before every switch, whatever the operator's file says of other checks."""


def metric_sources(config: ReconcilerFile) -> Mapping[str, MetricSource]:
    """Return the sources of the operator's file that can be asked for a number; alerts that were posted are none."""
    from gitops_models.delivery.triggers.settings import AlertmanagerSource  # noqa: PLC0415 - only where one is named
    from gitops_models.delivery.triggers.sources.alerts import Alerts  # noqa: PLC0415 - as above
    from gitops_models.delivery.triggers.sources.assemble import open_sources  # noqa: PLC0415 - as above

    asked = {check.source for check in config.checks if isinstance(check, Metric)}
    places = [one for one in config.sources if one.id in asked and not isinstance(one, AlertmanagerSource)]
    return open_sources(places, Alerts(Path(config.state) / "alerts.json")) if places else NO_SOURCES


def checks_for(
    checks: Sequence[Check],
    *,
    sources: Mapping[str, MetricSource] = NO_SOURCES,
    wait: Callable[[float], None] = time.sleep,
) -> ChecksFor:
    """Return what gives the checks of a target: those of the file, and ``ALWAYS``.

    Of a kind that is always run, one that the file names takes its place where it applies, with its own limits.
    """
    return lambda target, history: Runner(checks, target, history, wait, sources, ALWAYS)
