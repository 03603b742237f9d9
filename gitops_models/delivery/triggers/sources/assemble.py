"""From the operator's list of sources to sources that can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.delivery.triggers import settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.delivery.triggers.sources.alerts import Alerts
    from gitops_models.delivery.triggers.sources.base import MetricSource


def open_sources(places: Sequence[settings.Source], alerts: Alerts) -> dict[str, MetricSource]:
    """Return the sources by id. ``alerts`` are those that were posted here."""
    return {place.id: source_of(place, alerts) for place in places}


def source_of(place: settings.Source, alerts: Alerts) -> MetricSource:
    """Return what asks one place; each way is imported where it serves."""
    if isinstance(place, settings.AlertmanagerSource):
        from gitops_models.delivery.triggers.sources.alerts import HeardAlerts  # noqa: PLC0415 - see there

        return HeardAlerts(place, alerts)
    if isinstance(place, settings.PrometheusSource | settings.HttpSource):
        from gitops_models.delivery.triggers.sources import web  # noqa: PLC0415 - as above

        return web.PrometheusApi(place) if isinstance(place, settings.PrometheusSource) else web.HttpReport(place)
    from gitops_models.delivery.triggers.sources import local  # noqa: PLC0415 - as above

    if isinstance(place, settings.FileSource):
        return local.FileReport(place)
    return local.CommandReport(place) if isinstance(place, settings.CommandSource) else local.Integrity(place)
