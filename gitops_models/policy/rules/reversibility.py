"""P9xx, reversibility: what goes live in the last stage can be taken back at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gitops_models.policy.rule import Problem, Rule
from gitops_models.registry.events import HoldPlaced, Promoted, RolledBack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context
    from gitops_models.registry.documents import Hold

REFUSE = "refuse"


def rollback_stays_possible(context: Context) -> Iterator[Problem]:
    """Demand that a promotion into the last stage leaves a good version below it that fits the consumers.

    A policy that says what to do instead (``rollback.degrade``) declares it to every approver. A model's first version
    there has nothing below it, also when it returns, and a rollback is not asked what comes after it.
    """
    last = context.policy.stages[-1]
    for event in context.of(Promoted):
        if event.stage != last or context.policy.rollback.degrade != REFUSE:
            continue
        stack = context.stacks_after(event.model)[-1]
        if stack.below_top() and context.last_known_good(event.model, stack) is None:
            message = f"{event.model}@{event.to_version} leaves nothing in {last} that could be rolled back to"
            yield Problem(message, event.paths[0])


def rollback_fits_or_says_so(context: Context) -> Iterator[Problem]:
    """Demand that a restored version fits every consumer, or that the hold placed with it says what does not work."""
    for event in context.of(RolledBack):
        problems = context.misfits(event.model, event.to_version)
        if problems and not _degraded(context, event):
            message = f"{event.model}@{event.to_version} does not fit its consumers"
            yield Problem(message, event.paths[0], problems)


def _degraded(context: Context, event: RolledBack) -> bool:
    holds = (one for one in context.of(HoldPlaced) if (one.model, one.stage) == (event.model, event.stage))
    return any(cast("Hold", context.after.document(hold.paths[0])).degraded for hold in holds)


RULES = (
    Rule("GM-P901", rollback_stays_possible, "A safe rollback is possible at any time.", waivable=True),
    Rule("GM-P902", rollback_fits_or_says_so, "Downstream systems break in no rollback without being told."),
)
