"""P52x, the end of a life: what is retired is served nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.policy.rule import Problem, Rule
from gitops_models.registry.events import Retired
from gitops_models.registry.standins import standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context


def retired_is_not_live(context: Context) -> Iterator[Problem]:
    """Demand that what is retired has left every stage: before, or with this change."""
    for event in context.of(Retired):
        for stage in context.after.stages(event.model):
            state = context.after.stage_state(event.model, stage)
            if state is not None and event.version in {None, state.version}:
                yield Problem(f"{event.model}@{state.version} stays live in {stage}", event.paths[0])
        for other, stage, served in standing(context.after, context.policy.stages):
            if served.model == event.model and event.version in {None, served.version}:
                message = f"{served.model}@{served.version} still stands in for {other} in {stage}"
                yield Problem(message, event.paths[0], hint="lift that hold first")


RULES = (Rule("GM-P520", retired_is_not_live, "What is retired is served nowhere, and never comes back."),)
