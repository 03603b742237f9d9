"""Which evidence speaks for a version: bound to its bytes, the latest of its type, from an independent signer."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, cast

from gitops_models.policy.risk import SENSITIVE
from gitops_models.registry.times import parse_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitops_models.policy.context import Context
    from gitops_models.registry.documents import Evidence, Lineage

SERVED_ROLES = ("weights", "binary", "prompt", "template", "system-instruction", "configuration")
INDEPENDENT_STAGES = 2
"""The last stages of the order whose evidence must be independent (staging and production of four)."""


@dataclass(frozen=True)
class Standing:
    """The entry that decides for one type, if any, and why entries that look fit do not count."""

    entry: Evidence | None
    ignored: tuple[str, ...] = ()


def bound_digests(lineage: Lineage) -> frozenset[str]:
    """Return the digests that evidence must name: of what is served, or of everything where no such role is there."""
    return frozenset(lineage.digests(*SERVED_ROLES) or lineage.digests())


def binds(entry: Evidence, lineage: Lineage) -> bool:
    """Whether ``entry`` examined the bytes of this version."""
    return bound_digests(lineage) <= set(entry.artifacts_sha256)


def standing(entries: Iterable[Evidence], kind: str, lineage: Lineage) -> Standing:
    """Return the entry that decides for one type: the last, unless a signer overrules their own failure.

    ``entries`` are in the order of :func:`in_order`.
    """
    deciding: Evidence | None = None
    ignored = []
    for entry in entries:
        if entry.type != kind:
            continue
        if not binds(entry, lineage) and entry.result == "passed":
            ignored.append(f"{entry.type} by {entry.by} examined other bytes")
        elif deciding and deciding.result != "passed" and entry.result == "passed" and entry.by == deciding.by:
            ignored.append(f"{entry.type} by {entry.by} cannot overrule their own failure")
        else:
            deciding = entry
    return Standing(deciding, tuple(ignored))


def in_order(context: Context, model: str, version: str) -> Sequence[Evidence]:
    """Return a version's evidence by acceptance, what the change brings last.

    Within one step, and before the pin, by the time it names; at the same time what speaks against the version comes
    last. A time is a claim of whoever signs, so one of the year 2099 does not outlast what is accepted after it.
    """
    layout, accepted = context.after.layout, context.facts.state.evidence

    def place(path: str) -> float:
        known = accepted.get(path)
        return inf if context.before.entry(path) is None else known.order if known else 0

    paths = [layout.evidence_path(model, version, name) for name in context.after.evidence_names(model, version)]
    found = [(place(path), cast("Evidence", context.after.document(path))) for path in paths]
    found.sort(key=lambda one: (one[0], parse_time(one[1].created), one[1].result != "passed", one[1].by))
    return [entry for _, entry in found]


def needs_independence(context: Context, model: str, stage: str) -> bool:
    """High and critical risk: evidence for the last two stages comes from a workload or an uninvolved person."""
    return stage in context.policy.stages[-INDEPENDENT_STAGES:] and context.risk(model) in SENSITIVE


def is_independent(context: Context, entry: Evidence) -> bool:
    """Whether the signer is a declared workload, or neither registered the version nor proposes this change."""
    if any(workload.id == entry.by for workload in context.facts.people.workloads):
        return True
    return entry.by not in context.registrars(entry.model, entry.version) | set(context.facts.proposers)
