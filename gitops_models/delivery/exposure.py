"""Which clock goes into a deployment record: that of the way back which the switch completes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.delivery.records import UNKNOWN_TIMES, Times
from gitops_models.registry.times import format_time
from gitops_models.verification.exposure import way_back

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.delivery.values import Deployment, Drift, Observation
    from gitops_models.verification.history import History


def clock_behind(history: History, wanted: Deployment | None, seen: Observation, found: Sequence[Drift] = ()) -> Times:
    """Return what is known when a switch away from ``seen`` begins.

    Nothing where it completes no way back: ``found`` is healed, nothing was served before, or a person's statement
    beside Git asks for it. What automation restores has no proposal yet that it could tell of.
    """
    if found or seen.empty:
        return UNKNOWN_TIMES
    if wanted is not None and wanted.override is not None:
        return Times(detected=wanted.detected)
    exposure = way_back(history, *seen.at)
    return Times(**{name: format_time(at) for name, at in exposure.known}) if exposure else UNKNOWN_TIMES
