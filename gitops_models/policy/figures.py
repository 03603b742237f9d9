"""Figures that conditions look at: which one speaks for a version, and which of two is better. In decimals.

0.95 - 0.90 is not 0.05 in binary floats; a limit that is met exactly must not depend on that.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from gitops_models.policy.evidence import binds, in_order, standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context
    from gitops_models.policy.demands import Require
    from gitops_models.registry.documents import Evidence, Lineage
    from gitops_models.registry.documents.lineage import Metric


@dataclass(frozen=True)
class Figure:
    """One figure of one version. ``higher``: whether more of it is better, None where nobody says."""

    value: Decimal
    higher: bool | None


@dataclass(frozen=True)
class NoData:
    """Why there is no figure to judge by. It is never taken for 0."""

    why: str


def decimal(value: float) -> Decimal:
    """Return the number as it was written: the shortest decimals that give this float."""
    return Decimal(str(value))


def figure(context: Context, model: str, version: str, require: Require) -> Figure | NoData:
    """Return the figure that ``require`` names, of the evidence that decides before what the author says.

    Of several types of evidence with such a figure the one accepted last speaks. Figures that differ are no data:
    without a dataset in the condition nobody knows which is meant.
    """
    what = f"{require.metric}{f' on {require.dataset}' if require.dataset else ''}"
    found = next(filter(None, _told(context, model, version, require)), ())
    values = {decimal(one.value) for one in found}
    directions = {one.higher_is_better for one in found} - {None}
    if not values:
        return NoData(f"{model}@{version} has no figure for {what}")
    if len(values) > 1:
        return NoData(f"{model}@{version} has several figures for {what}; let the condition name the dataset")
    if len(directions) > 1:
        return NoData(f"of {what} of {model}@{version} both more and less is called better")
    return Figure(values.pop(), next(iter(directions), None))


def _told(context: Context, model: str, version: str, require: Require) -> Iterator[list[Metric]]:
    """Yield the matching figures of each source, the weightiest first."""
    lineage = context.after.lineage(model, version)
    entries = in_order(context, model, version)
    deciding = [standing(entries, kind, lineage).entry for kind in dict.fromkeys(entry.type for entry in entries)]
    known = [entry for entry in entries if entry in deciding and entry.result != "revoked" and binds(entry, lineage)]
    sources: list[Evidence | Lineage] = [*reversed(known), lineage]
    for source in sources:
        yield [one for one in source.metrics if one.name == require.metric and require.dataset in (None, one.dataset)]


def worse(new: Figure, old: Figure, tolerance: float) -> bool | NoData:
    """Whether ``new`` is worse than ``old`` by more than ``tolerance``. More is better where nobody says otherwise."""
    directions = {new.higher, old.higher} - {None}
    if len(directions) > 1:
        return NoData("of one figure more is called better, of the other less")
    room = decimal(tolerance)
    return new.value > old.value + room if directions == {False} else new.value < old.value - room
