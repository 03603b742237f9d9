"""What keys that are now declared compromised signed or approved since the commit at which that began.

Old steps stay as they were judged: order comes from the graph, and nobody can tell which of two signatures of one key
was the thief's. But a version that such a key had a hand in is never taken for the last known good one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gitops_models.registry.events import EvidenceAdded, Promoted, VersionRegistered
from gitops_models.store.history import new_commits, on_first_parent_line
from gitops_models.trust.records import Decision
from gitops_models.trust.verify import verify_commit
from gitops_models.verification.commits import was_there
from gitops_models.verification.decisions import was_made_by
from gitops_models.verification.signers import signers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitops_models.registry.documents.people import Compromised
    from gitops_models.registry.events import Event
    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.registry.state import ModelVersion
    from gitops_models.store.repository import Store
    from gitops_models.trust.records import Record
    from gitops_models.trust.verify import Trusted
    from gitops_models.verification.acceptance import DecisionSource
    from gitops_models.verification.history import History, Step

How = Literal["signed", "approved", "accepted"]
ACCEPTING = frozenset({"acceptance", "receipt"})
TOOK_EFFECT = frozenset({"accepted", "restored"})


@dataclass(frozen=True)
class Touch:
    """One step that a compromised key had a hand in: it signed a commit, a counted approval, or the acceptance."""

    fingerprint: str
    step: str
    status: str
    how: tuple[How, ...]
    versions: tuple[ModelVersion, ...]


def touches(store: Store, ledger: DecisionSource, history: History) -> tuple[Touch, ...]:
    """Every step that a key which is declared compromised now had a hand in after its ``since``, oldest first.

    A ``since`` that is not here bounds nothing: everything by the key is listed.
    """
    if not history.people.compromised:
        return ()
    begun = [(entry, _first_index(store, entry, history)) for entry in history.people.compromised]
    known = signers(history)
    found: list[Touch] = []
    for step in history.steps:
        listed = [entry for entry, first in begun if _is_after(store, step, entry, first)]
        if step.events and listed:
            found += _touches(store, ledger, step, known, listed, history.state.snapshot)
    return tuple(found)


def suspects(found: Iterable[Touch]) -> frozenset[ModelVersion]:
    """The versions that were registered, promoted or vouched for in accepted steps of ``found``."""
    return frozenset(version for touch in found if touch.status in TOOK_EFFECT for version in touch.versions)


def _first_index(store: Store, entry: Compromised, history: History) -> int | None:
    """The index of the first step after ``since``; None where it is not on the line and each commit has to be asked."""
    places = {step.oid: step.index for step in history.steps}
    if entry.since in places:
        return places[entry.since] + 1
    on_line = store.has(entry.since) and on_first_parent_line(store, entry.since, history.pin)
    return 0 if on_line else None


def _is_after(store: Store, step: Step, entry: Compromised, first: int | None) -> bool:
    return step.index >= first if first is not None else not was_there(store, step.oid, entry.since)


def _touches(
    store: Store,
    ledger: DecisionSource,
    step: Step,
    known: Trusted,
    listed: Sequence[Compromised],
    accepted: Snapshot,
) -> Iterator[Touch]:
    """The touches of one step, by key."""
    signed_by = _signed_by(store, step, known)
    records = ledger.records(step.change_id) if step.change_id else ()
    for entry in listed:
        signed = any(not was_there(store, oid, entry.since) for oid in signed_by.get(entry.fingerprint, ()))
        made = [record for record in records if was_made_by(record, entry.fingerprint, accepted)]
        how: list[How] = ["signed"] if signed else []
        how += ["approved"] if any(_approves(record) for record in made) else []
        how += ["accepted"] if any(_accepts(record, step) for record in made) else []
        if how:
            yield Touch(entry.fingerprint, step.oid, step.status, tuple(how), _versions(step.events))


def _signed_by(store: Store, step: Step, known: Trusted) -> dict[str, list[str]]:
    """The commits of a step by the fingerprint of the key that signed them."""
    commit = store.commit(step.oid)
    first, *others = commit.parents
    found: dict[str, list[str]] = {}
    for each in (commit, *(made for head in others for made in new_commits(store, head, first))):
        fingerprint = verify_commit(each.raw, known).signature.fingerprint
        if fingerprint:
            found.setdefault(fingerprint, []).append(each.oid)
    return found


def _approves(record: Record) -> bool:
    return isinstance(record.body, Decision) and record.body.decision == "approve"


def _accepts(record: Record, step: Step) -> bool:
    return record.kind in ACCEPTING and getattr(record.body, "merge", None) == step.oid


def _versions(events: Iterable[Event]) -> tuple[ModelVersion, ...]:
    """The versions that the events speak for; a rollback to one says nothing of its bytes."""
    found: dict[ModelVersion, None] = {}
    for event in events:
        if isinstance(event, Promoted):
            found[event.model, event.to_version] = None
        elif isinstance(event, VersionRegistered | EvidenceAdded):
            found[event.model, event.version] = None
    return tuple(found)
