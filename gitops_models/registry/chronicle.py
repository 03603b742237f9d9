"""Dated happenings that later judgements count: rollbacks, emergencies, violations, and what calls for a review.

Kept per model (``POLICY_SCOPE`` for the policy) as the fold goes on, so that a rate or an overdue ratification needs no
second walk over history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from gitops_models.registry import events as ev
from gitops_models.registry.paths import POLICY_SCOPE
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from gitops_models.registry.change import Change
    from gitops_models.registry.documents import Hold

Kind = Literal[
    "rollback", "emergency", "undeployed", "violation", "model-added", "model-changed", "cause-opened", "suspended",
    "policy-changed",
]  # fmt: skip


@dataclass(frozen=True)
class Happening:
    """Something that counts later. ``at`` is the acceptance's time, for a violation the time it was claimed for.

    ``subject`` is the stage of a rollback or emergency, the id of a cause, and empty otherwise. ``persons`` are those
    behind the step; ``change_id`` is what a later ratification speaks for. ``order`` of a violation is how many steps
    had been accepted before it: its time is a claim, its place is not. ``holds`` are the numbers of the holds that an
    emergency placed in its stage.
    """

    kind: Kind
    step: str
    at: datetime | None
    subject: str = ""
    change_id: str = ""
    persons: frozenset[str] = frozenset()
    order: int = 0
    holds: tuple[int, ...] = ()


def happenings(
    change: Change, *, step: str, at: datetime | None, persons: frozenset[str], change_id: str
) -> Iterator[tuple[str, Happening]]:
    """Yield what an accepted change adds, with the model it belongs to (or ``POLICY_SCOPE``)."""

    def made(kind: Kind, subject: str = "", holds: tuple[int, ...] = ()) -> Happening:
        return Happening(kind, step, at, subject, change_id, persons, holds=holds)

    urgent = _placed(change)
    for back in change.of(ev.RolledBack):
        holds = urgent.get((back.model, back.stage), ())
        yield back.model, made("emergency" if holds else "rollback", back.stage, holds)
    for gone in change.of(ev.Undeployed):
        holds = urgent.get((gone.model, gone.stage), ())
        yield gone.model, made("emergency" if holds else "undeployed", gone.stage, holds)
    for added in change.of(ev.ModelAdded):
        yield added.model, made("model-added")
    for changed in change.of(ev.ModelChanged):
        yield changed.model, made("model-changed")
    for opened in change.of(ev.CauseOpened):
        yield opened.model, made("cause-opened", opened.cause)
    for suspended in change.of(ev.Suspended):
        yield suspended.model, made("suspended")
    if change.of(ev.PolicyChanged):
        yield POLICY_SCOPE, made("policy-changed")


def emergencies(change: Change) -> Iterator[tuple[str, str]]:
    """Yield model and stage of each hold that the change places in an emergency."""
    yield from _placed(change)


def _placed(change: Change) -> dict[tuple[str, str], tuple[int, ...]]:
    """The numbers of the holds that the change places in an emergency, by model and stage."""
    found: dict[tuple[str, str], tuple[int, ...]] = {}
    for placed in change.of(ev.HoldPlaced):
        path = change.after.layout.hold_path(placed.model, placed.stage, placed.number)
        if cast("Hold", change.after.document(path)).emergency is not None:
            key = (placed.model, placed.stage)
            found[key] = (*found.get(key, ()), placed.number)
    return found
