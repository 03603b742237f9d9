"""P52x, poisoned inputs: a rollback leads to before them, and what is said to come from them does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.policy.rule import Problem, Rule
from gitops_models.policy.selection import descent_of, named, poisonings
from gitops_models.registry.events import Promoted, RolledBack

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
    """Demand that what a new cause calls poisoned is what it says, and a rollback's one reason.

    Each version that it names descends from the input. With a rollback, so does each version that is taken out of
    service, and there is one input: several would add up to a version that somebody chose.
    """
    inputs: set[str] = set()
    moved = (move.event for move in context.moves)
    taken_out = [one for one in moved if not isinstance(one, Promoted) and one.from_version is not None]
    for model in context.models:
        left = [str(event.from_version) for event in taken_out if event.model == model]
        for cause in poisonings(context, model):
            path = context.after.layout.cause_path(model, cause.id)
            descent = descent_of(context, cause)
            inputs |= {one for one in (descent.poisoned.data, descent.poisoned.commit) if one is not None}
            if wrong := [one for one in dict.fromkeys((*named(cause), *left)) if descent.why(model, one) is None]:
                yield Problem(f"{model}@{wrong[0]} does not descend from it", path, tuple(wrong[1:]))
            if taken_out and len(inputs) > 1:
                yield Problem("a rollback for more than one poisoned input", path, tuple(sorted(inputs)))


RULES = (
    Rule("GM-P521", target_is_clean, "Going back for a poisoned input ends at a version that has none of it."),
    Rule("GM-P522", spoilt_versions_descend, "Only what was made from it may be passed over for it."),
)
