"""P9xx, reversibility: what goes live in the last stage can be taken back at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.policy.rule import Problem, Rule
from gitops_models.registry.events import Promoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context

REFUSE = "refuse"


def rollback_stays_possible(context: Context) -> Iterator[Problem]:
    """Demand that a promotion into the last stage leaves a good version below it that fits the consumers.

    A policy that says what to do instead (``rollback.degrade``) declares it to every approver. A model's first version
    there has nothing to go back to, and a rollback is not asked what comes after it.
    """
    last = context.policy.stages[-1]
    for event in context.of(Promoted):
        if event.stage != last or context.policy.rollback.degrade != REFUSE:
            continue
        earlier = set(context.facts.state.ever_staged.get((event.model, last), ())) - {event.to_version}
        stack = context.stacks_after(event.model)[-1]
        if earlier and context.last_known_good(event.model, stack) is None:
            message = f"{event.model}@{event.to_version} leaves nothing in {last} that could be rolled back to"
            yield Problem(message, event.paths[0])


RULES = (Rule("GM-P901", rollback_stays_possible, "A safe rollback is possible at any time."),)
