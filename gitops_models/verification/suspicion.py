"""What keys that are now declared compromised signed or approved since the commit at which that began.

Old steps stay as they were judged: order comes from the graph, and nobody can tell which of two signatures of one key
was the thief's. But a version that such a key had a hand in is never taken for the last known good one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.registry.events import EvidenceAdded, Promoted, VersionRegistered
from gitops_models.registry.values import dataclass
from gitops_models.store.history import on_first_parent_line
from gitops_models.verification.commits import was_there

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitops_models.registry.documents.people import Compromised
    from gitops_models.registry.events import Event
    from gitops_models.registry.state import ModelVersion
    from gitops_models.store.repository import Store
    from gitops_models.verification.history import History, How, Step

_ORDER: tuple[How, ...] = ("signed", "approved", "accepted")
TOOK_EFFECT = frozenset({"accepted", "restored"})


@dataclass(frozen=True)
class Touch:
    """One step that a compromised key had a hand in: it signed a commit, a counted approval, or the acceptance."""

    fingerprint: str
    step: str
    status: str
    how: tuple[How, ...]
    versions: tuple[ModelVersion, ...]


def touches(store: Store, history: History) -> tuple[Touch, ...]:
    """Every step that a key which is declared compromised now had a hand in after its ``since``, oldest first.

    A ``since`` that is not here bounds nothing: everything by the key is listed.
    """
    begun = [(entry, _first_index(store, entry, history)) for entry in history.people.compromised]
    places = {step.oid: step.index for step in history.steps} if begun else {}
    found: list[Touch] = []
    for step in history.steps if begun else ():
        for entry, first in begun:
            how = _how(store, step, entry) if step.events else ()
            if how and _is_after(store, step, entry, first, places):
                found.append(Touch(entry.fingerprint, step.oid, step.status, how, _versions(step.events)))
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


def _is_after(store: Store, step: Step, entry: Compromised, first: int | None, places: Mapping[str, int]) -> bool:
    """Whether a step, or the late approval that released it, came after ``since``."""
    if first is None:
        return not was_there(store, step.released or step.oid, entry.since)
    # What was released while a step was the tip came after that step.
    return (places[step.released] + 1 if step.released else step.index) >= first


def _how(store: Store, step: Step, entry: Compromised) -> tuple[How, ...]:
    """What the key did for a step; what it signed before ``since`` is its owner's."""
    found: set[How] = {
        hand.how
        for hand in step.hands
        if hand.fingerprint == entry.fingerprint
        and (hand.commit is None or not was_there(store, hand.commit, entry.since))
    }
    return tuple(how for how in _ORDER if how in found)


def _versions(events: Iterable[Event]) -> tuple[ModelVersion, ...]:
    """The versions that the events speak for; a rollback to one says nothing of its bytes."""
    found: dict[ModelVersion, None] = {}
    for event in events:
        if isinstance(event, Promoted):
            found[event.model, event.to_version] = None
        elif isinstance(event, VersionRegistered | EvidenceAdded):
            found[event.model, event.version] = None
    return tuple(found)
