"""How long bytes are kept, who may delete them, and what speaks against it. Lineage is never deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gitops_models.policy.degradation import fallback_of
from gitops_models.policy.document import slots
from gitops_models.registry.deletions import bytes_deleted
from gitops_models.registry.standins import standing
from gitops_models.registry.times import moved, parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from gitops_models.policy.context import Context
    from gitops_models.policy.document import Policy
    from gitops_models.policy.matching import Slot
    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.registry.state import AcceptedState


def deleters(policy: Policy) -> tuple[Slot, ...]:
    """Return whose agreement a deletion needs; where nobody is named nothing is deleted."""
    return slots(policy.retention.delete) if policy.retention else ()


def needed_by(context: Context, model: str, version: str) -> Iterator[str]:
    """Say what the bytes of a version are still needed for."""
    after, state = context.after, context.facts.state
    for stage, stack in zip(context.policy.stages, context.stacks_after(model), strict=True):
        if stack.live_version == version:
            yield f"it is live in {stage}"
        elif context.last_known_good(model, stack, context.before) == version:
            yield f"it is what {stage} would go back to"
        elif after.held(model, stage) and version in state.ever_staged.get((model, stage), ()):
            yield f"{stage}, where it was live, is held"
    if fallback_of(context.policy) == (model, version):
        yield "the policy falls back to it"
    for other, stage, served in standing(after, context.policy.stages):
        if (served.model, served.version) == (model, version):
            yield f"it stands in for {other} in {stage}"
    if after.quarantined(model, version) and any(cause.resolution is None for cause in after.causes(model)):
        yield "it is quarantined and a cause is open"


def kept_until(state: AcceptedState, snapshot: Snapshot, policy: Policy, model: str, version: str) -> datetime | None:
    """Return when the bytes of a version may go at the earliest, None where the policy says nothing.

    It counts from the acceptance of the registration, before the pin from the time that the lineage names.
    """
    if policy.retention is None:
        return None
    known = state.registered.get((model, version))
    begun = (known.at if known else None) or parse_time(snapshot.lineage(model, version).created)
    return moved(begun, timedelta(days=policy.retention.keep_days))


def sharing(snapshot: Snapshot, model: str, version: str, digests: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """Yield model, version and digest of other versions that have some of these bytes and are still whole."""
    for name in snapshot.models():
        for other in snapshot.versions(name):
            if (name, other) != (model, version) and not bytes_deleted(snapshot, name, other):
                for digest in sorted(digests.intersection(snapshot.lineage(name, other).digests())):
                    yield name, other, digest
