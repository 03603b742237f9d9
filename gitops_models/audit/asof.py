"""What was accepted at an earlier point: the same fold, stopped there, with the ledger as it stood then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.trust.records import Acceptance
from gitops_models.verification.fold import begin, fold

if TYPE_CHECKING:
    from datetime import datetime

    from gitops_models.store.repository import Store
    from gitops_models.trust.records import Record
    from gitops_models.verification.acceptance import DecisionSource
    from gitops_models.verification.history import History, Step


class _Until:
    """A ledger in which acceptances after a time have not been made yet."""

    def __init__(self, ledger: DecisionSource, at: datetime) -> None:
        self._ledger = ledger
        self._at = at

    def records(self, change_id: str) -> tuple[Record, ...]:
        """Return the records of a change without the acceptances that came later."""
        return tuple(record for record in self._ledger.records(change_id) if not self._later(record))

    def _later(self, record: Record) -> bool:
        return isinstance(record.body, Acceptance) and record.body.accepted_at > self._at


def at_commit(store: Store, history: History, ledger: DecisionSource, oid: str, *, now: datetime) -> History:
    """Return the history up to a step of the line, what later approvals released left out.

    Raises GM-C151 for a commit that is not on the line since the pin.
    """
    if oid == history.pin:
        return begin(store, history.pin)
    if all(step.oid != oid for step in history.steps):
        raise GmError("GM-C151", f"{oid[:12]} is not a step of the line since the pin {history.pin[:12]}", where=oid)
    return fold(store, pin=history.pin, tip=oid, ledger=ledger, now=now)


def at_time(store: Store, history: History, ledger: DecisionSource, at: datetime) -> History:
    """Return the history as it was accepted at ``at``; the pin alone when nothing was accepted by then.

    Only acceptance times on the line count, never commit dates. The place is the last step that was accepted by then;
    what landed before it and was approved later is left out.
    """
    places = {step.oid: step.index for step in history.steps}
    reached = [places.get(step.released or "", step.index) for step in history.steps if step.at and step.at <= at]
    if not reached:
        return begin(store, history.pin)
    tip = history.steps[max(reached) - 1].oid
    return fold(store, pin=history.pin, tip=tip, ledger=_Until(ledger, at), now=at)


def last_accepted(history: History) -> Step | None:
    """Return the step that the accepted state comes from, None for the pin."""
    return next((step for step in history.steps if step.oid == history.state.step), None)
