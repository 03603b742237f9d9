"""P52x, retention: bytes go behind an agreed record only, after their time, and never while somebody needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gitops_models.policy.retention import deleters, kept_until, needed_by, sharing
from gitops_models.policy.rule import Kind, Problem, Rule
from gitops_models.registry.deletions import bytes_deleted
from gitops_models.registry.events import BytesDeleted, Promoted, RolledBack
from gitops_models.registry.times import format_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context
    from gitops_models.registry.documents import Deletion


def retention_is_decided(context: Context) -> Iterator[Problem]:
    """Demand that the policy says how long bytes are kept and who agrees to deleting them."""
    for event in context.of(BytesDeleted):
        if not deleters(context.policy):
            yield Problem("the policy lets nobody delete bytes", event.paths[0])


def nobody_needs_the_bytes(context: Context) -> Iterator[Problem]:
    """Demand that a version whose bytes go is not live, not what a stage would go back to, not held or examined."""
    for event in context.of(BytesDeleted):
        reasons = tuple(needed_by(context, event.model, event.version))
        if reasons:
            yield Problem(f"{event.model}@{event.version} is needed: {reasons[0]}", event.paths[0], reasons[1:])


def time_is_over(context: Context) -> Iterator[Problem]:
    """Demand that bytes are kept as long as the policy says."""
    for event in context.of(BytesDeleted):
        if not context.after.has_version(event.model, event.version):
            continue
        until = kept_until(context.facts.state, context.after, context.policy, event.model, event.version)
        if until is not None and (context.facts.at is None or context.facts.at < until):
            yield Problem(f"{event.model}@{event.version} is kept until {format_time(until)}", event.paths[0])


def record_names_own_bytes(context: Context) -> Iterator[Problem]:
    """Demand that a deletion names bytes of its version that no other version shares."""
    for event in context.of(BytesDeleted):
        path = event.paths[0]
        named = frozenset(cast("Deletion", context.after.document(path)).digests)
        known = context.after.has_version(event.model, event.version)
        own = frozenset(context.after.lineage(event.model, event.version).digests()) if known else frozenset()
        if strange := sorted(named - own):
            yield Problem(f"not bytes of {event.model}@{event.version}", path, tuple(strange))
        for model, version, digest in sharing(context.after, event.model, event.version, named & own):
            yield Problem(f"{model}@{version} has these bytes too", path, (digest,))


def bytes_are_kept(context: Context) -> Iterator[Problem]:
    """Demand that no stage moves to a version whose bytes may be gone."""
    for move in context.moves:
        event = move.event
        if isinstance(event, Promoted | RolledBack) and bytes_deleted(context.after, event.model, event.to_version):
            yield Problem(f"bytes of {event.model}@{event.to_version} were deleted", event.paths[0])


RULES = (
    Rule("GM-P526", retention_is_decided, "Without a decision on retention nothing is deleted."),
    Rule("GM-P527", nobody_needs_the_bytes, "What is live, could be restored or is being examined keeps its bytes."),
    Rule("GM-P528", time_is_over, "Bytes are kept as long as the organisation decided.", Kind.ADMISSION),
    Rule("GM-P529", record_names_own_bytes, "Nobody loses bytes by another version's end."),
    Rule("GM-P530", bytes_are_kept, "What has no bytes is served nowhere."),
)
