"""What calls for a look at the policy itself: it is due, or something happened since the last review.

Judged at the reader's clock and never denies anything (DESIGN.md section 6, "Time"): an item stands until
``review.last`` moves past it, which is an ordinary governed change.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from gitops_models.policy.risk import SENSITIVE, effective_risk
from gitops_models.registry.paths import POLICY_SCOPE
from gitops_models.registry.times import moved, parse_date
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from gitops_models.policy.document import Policy
    from gitops_models.registry.chronicle import Happening
    from gitops_models.registry.state import AcceptedState

Why = Literal["overdue", "new-model", "rollback", "emergency", "incident", "regulatory", "policy-changed"]


@dataclass(frozen=True)
class ReviewItem:
    """One reason to review the policy. ``since`` is when it arose, ``step`` what it came with."""

    why: Why
    what: str
    since: datetime | None = None
    step: str | None = None


def review_items(policy: Policy, state: AcceptedState, now: datetime) -> tuple[ReviewItem, ...]:
    """Return what is to be reviewed, the overdue review first, then by model; nothing without ``review``."""
    if policy.review is None:
        return ()
    last = parse_date(policy.review.last)
    return (*_overdue(last, policy.review.every_days, now), *_changed(state, last), *_arisen(policy, state, last))


def due_on(last: date, every_days: int) -> date:
    """Return the day of the next review."""
    return moved(datetime(last.year, last.month, last.day, tzinfo=UTC), timedelta(days=every_days)).date()


def _overdue(last: date, every_days: int, now: datetime) -> Iterator[ReviewItem]:
    due = due_on(last, every_days)
    if now.astimezone(UTC).date() > due:
        since = datetime(due.year, due.month, due.day, tzinfo=UTC)
        yield ReviewItem("overdue", f"the review of the policy was due on {due}", since)


def _changed(state: AcceptedState, last: date) -> Iterator[ReviewItem]:
    """Yield the newest change after the day of the review; the change that moved ``last`` is of that day."""
    later = [one for one in state.happened(POLICY_SCOPE, "policy-changed") if one.at and one.at.date() > last]
    if later:
        yield ReviewItem("policy-changed", "the policy changed since its last review", later[-1].at, later[-1].step)


def _arisen(policy: Policy, state: AcceptedState, last: date) -> Iterator[ReviewItem]:
    for model in state.snapshot.models():
        # What arose on the very day of the review may have come after it: it stands until the next one.
        for one in state.happened(model, "model-added", "cause-opened", "rollback", "emergency"):
            if one.at is not None and one.at.date() >= last:
                yield from _item(policy, state, model, one)


def _item(policy: Policy, state: AcceptedState, model: str, one: Happening) -> Iterator[ReviewItem]:
    risk = effective_risk(None, state.snapshot.model(model), policy.floors)
    if one.kind == "emergency":
        yield ReviewItem("emergency", f"emergency in {one.subject} of {model}", one.at, one.step)
    elif one.kind in ("model-added", "rollback"):
        if risk in SENSITIVE:
            yield _sensitive(one, model, risk)
    else:
        cause = next(cause for cause in state.snapshot.causes(model) if cause.id == one.subject)
        if cause.cause == "regulatory":
            yield ReviewItem("regulatory", f"regulatory cause {cause.id} of {model}", one.at, one.step)
        elif cause.incident or cause.cause == "incident":
            yield ReviewItem("incident", f"incident {cause.incident or cause.id} of {model}", one.at, one.step)


def _sensitive(one: Happening, model: str, risk: str) -> ReviewItem:
    if one.kind == "rollback":
        return ReviewItem("rollback", f"rollback in {one.subject} of {model}, {risk} risk", one.at, one.step)
    return ReviewItem("new-model", f"new model of {risk} risk: {model}", one.at, one.step)
