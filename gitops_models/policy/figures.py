"""Figures that conditions look at: which one speaks for a version, and which of two is better. In decimals.

0.95 - 0.90 is not 0.05 in binary floats; a limit that is met exactly must not depend on that.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from gitops_models.policy.evidence import binds, in_order, is_independent, needs_independence, standing
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitops_models.policy.context import Context
    from gitops_models.policy.demands import Require
    from gitops_models.registry.documents import Evidence, Lineage
    from gitops_models.registry.documents.lineage import Metric


@dataclass(frozen=True)
class Figure:
    """One figure of one version: the least and the greatest of what counts, mostly the same."""

    low: Decimal
    high: Decimal


@dataclass(frozen=True)
class NoData:
    """Why there is no figure to judge by. It is never taken for 0."""

    why: str


def decimal(value: float) -> Decimal:
    """Return the number as it was written: the shortest decimals that give this float."""
    return Decimal(str(value))


@dataclass(frozen=True)
class Asked:
    """Whose figure a condition asks for: one version, at the stage that ``moved``, a model, enters.

    ``compared``: it is the version to compare with, whose own evidence was judged when it went there.
    """

    model: str
    version: str
    moved: str
    stage: str
    compared: bool = False

    def __str__(self) -> str:
        """Return model and version."""
        return f"{self.model}@{self.version}"


def figure(context: Context, asked: Asked, require: Require) -> Figure | NoData:
    """Return the figure that ``require`` names; of entries that differ both ends, so that the strictest decides.

    Figures that differ within one document are no data: without a dataset in the condition nobody knows which is meant.
    Neither is a figure whose author calls another direction better than the policy does.
    """
    what = f"{require.metric}{f' on {require.dataset}' if require.dataset else ''}"
    found = next((told for source in _told(context, asked) if (told := _named(source, require))), [])
    values = [{decimal(one.value) for one in each} for each in found]
    directions = {one.higher_is_better for each in found for one in each} - {None, require.higher_is_better}
    if not values:
        return NoData(f"{asked} has no figure for {what}{_unheard(context, asked)}")
    if any(len(each) > 1 for each in values):
        return NoData(f"{asked} has several figures for {what}; let the condition name the dataset")
    if require.not_worse_than is not None and directions:
        better = "more" if require.higher_is_better else "less"
        return NoData(f"{asked} states another direction for {what} than the policy, which calls {better} better")
    every = set().union(*values)
    return Figure(min(every), max(every))


def _named(sources: Iterable[Evidence | Lineage], require: Require) -> list[list[Metric]]:
    """Return the matching figures of each document that has some."""
    wanted = [
        [one for one in source.metrics if one.name == require.metric and require.dataset in (None, one.dataset)]
        for source in sources
    ]
    return [each for each in wanted if each]


def _unheard(context: Context, asked: Asked) -> str:
    """Say whose figures do not count, where that is so."""
    bound = not asked.compared and needs_independence(context, asked.moved, asked.stage)
    return " from somebody independent" if bound else ""


def _told(context: Context, asked: Asked) -> Iterator[list[Evidence | Lineage]]:
    """Yield groups of documents, the weightiest first: each type that the stage demands, all others, the lineage.

    Where the stage asks for independence nobody else is heard; of the version to compare with they come later.
    """
    entries = in_order(context, asked.model, asked.version)
    if needs_independence(context, asked.moved, asked.stage):
        yield from _deciding(context, asked, [entry for entry in entries if is_independent(context, entry)])
        if not asked.compared:
            return
    yield from _deciding(context, asked, entries)
    yield [context.after.lineage(asked.model, asked.version)]


def _deciding(context: Context, asked: Asked, entries: Sequence[Evidence]) -> Iterator[list[Evidence | Lineage]]:
    """Yield the entry that decides for each type that the stage demands, in its order, then those of other types."""
    rule = context.policy.stage_rules.get(asked.stage)
    lineage = context.after.lineage(asked.model, asked.version)
    found = {kind: standing(entries, kind, lineage).entry for kind in dict.fromkeys(entry.type for entry in entries)}
    known: dict[str, Evidence | Lineage] = {
        kind: entry for kind, entry in found.items() if entry and entry.result != "revoked" and binds(entry, lineage)
    }
    demanded = rule.evidence if rule else ()
    yield from ([known.pop(kind)] for kind in demanded if kind in known)
    yield list(known.values())


def worse(new: Figure, old: Figure, require: Require) -> bool:
    """Whether ``new`` is worse than ``old`` by more than the tolerance, in the direction that the policy gives."""
    room = decimal(require.tolerance)
    return new.low < old.high - room if require.higher_is_better else new.high > old.low + room
