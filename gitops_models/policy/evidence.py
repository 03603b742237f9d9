"""Which evidence speaks for a version: bound to its bytes, the latest of its type, from an independent signer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_models.policy.risk import SENSITIVE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitops_models.policy.context import Context
    from gitops_models.registry.documents import Evidence, Lineage

SERVED_ROLES = ("weights", "binary", "prompt", "template", "system-instruction")
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
    """Return the latest entry of a type decides; after a failure or revocation only another signer supersedes.

    Entries are ordered by ``created``, which GM-P312 keeps growing with each acceptance.
    """
    deciding: Evidence | None = None
    ignored = []
    for entry in in_order(entry for entry in entries if entry.type == kind):
        if not binds(entry, lineage) and entry.result == "passed":
            ignored.append(f"{entry.type} by {entry.by} examined other bytes")
        elif deciding and deciding.result != "passed" and entry.result == "passed" and entry.by == deciding.by:
            ignored.append(f"{entry.type} by {entry.by} cannot overrule their own failure")
        else:
            deciding = entry
    return Standing(deciding, tuple(ignored))


def in_order(entries: Iterable[Evidence]) -> Sequence[Evidence]:
    """By time; at the same second what speaks against the version comes last."""
    return sorted(entries, key=lambda entry: (entry.created, entry.result != "passed", entry.by))


def needs_independence(context: Context, model: str, stage: str) -> bool:
    """High and critical risk: evidence for the last two stages comes from a workload or an uninvolved person."""
    return stage in context.policy.stages[-INDEPENDENT_STAGES:] and context.risk(model) in SENSITIVE


def is_independent(context: Context, entry: Evidence) -> bool:
    """Whether the signer is a declared workload, or neither registered the version nor proposes this change."""
    if any(workload.id == entry.by for workload in context.facts.people.workloads):
        return True
    return entry.by not in context.registrars(entry.model, entry.version) | set(context.facts.proposers)
