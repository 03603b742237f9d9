"""P52x, poisoned inputs: a rollback leads to before them, and what is said to come from them does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.policy.rule import Problem, Rule
from gitops_models.policy.selection import descent_of, named, poisonings
from gitops_models.registry.events import RolledBack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context


def target_is_clean(context: Context) -> Iterator[Problem]:
    """Demand that a rollback for a poisoned input leads to a version that does not descend from it."""
    for event in context.of(RolledBack):
        for cause in poisonings(context, event.model):
            if why := descent_of(context, cause).why(event.model, event.to_version):
                yield Problem(f"{event.model}@{event.to_version} was {why}", event.paths[0])


def spoilt_versions_descend(context: Context) -> Iterator[Problem]:
    """Demand that each version that a new cause says was made from a poisoned input descends from it."""
    for model in context.models:
        for cause in poisonings(context, model):
            descent = descent_of(context, cause)
            wrong = [one for one in named(cause) if descent.why(model, one) is None]
            if wrong:
                path = context.after.layout.cause_path(model, cause.id)
                yield Problem(f"{model}@{wrong[0]} does not descend from it", path, tuple(wrong[1:]))


RULES = (
    Rule("GM-P521", target_is_clean, "Going back for a poisoned input ends at a version that has none of it."),
    Rule("GM-P522", spoilt_versions_descend, "Only what was made from it may be passed over for it."),
)
