"""P53x, degradation: what stands in for a model is what the policy declared, where nothing good was left."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gitops_models.policy.degradation import fallback_of, good_left, unusable
from gitops_models.policy.rule import Problem, Rule
from gitops_models.registry.events import HoldPlaced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context
    from gitops_models.registry.documents import Hold
    from gitops_models.registry.documents.safety import Fallback


def _fallbacks(context: Context) -> Iterator[tuple[HoldPlaced, Fallback]]:
    for event in context.of(HoldPlaced):
        hold = cast("Hold", context.after.document(event.paths[0]))
        if hold.fallback is not None:
            yield event, hold.fallback


def fallback_is_declared(context: Context) -> Iterator[Problem]:
    """Demand that a hold names no other fallback than the policy does, pinned to its lineage."""
    declared = fallback_of(context.policy)
    for event, fallback in _fallbacks(context):
        if (fallback.model, fallback.version) != declared:
            said = f"{declared[0]}@{declared[1]}" if declared else "none"
            message = f"{fallback.model}@{fallback.version} is not the declared fallback ({said})"
            yield Problem(message, event.paths[0])
        elif context.after.lineage_sha256(*declared) not in {None, fallback.lineage_sha256}:
            yield Problem(f"lineage_sha256 is not that of {declared[0]}@{declared[1]}", event.paths[0])


def fallback_is_good(context: Context) -> Iterator[Problem]:
    """Demand that a fallback was approved, is not barred or retired, and fits the consumers it is to serve."""
    for event, fallback in _fallbacks(context):
        meant = (fallback.model, fallback.version)
        why = unusable(context.after, context.facts.state, context.model(event.model), event.stage, meant)
        if why is not None:
            yield Problem(f"{fallback.model}@{fallback.version}: {why}", event.paths[0])


def fallback_comes_last(context: Context) -> Iterator[Problem]:
    """Demand that a fallback is served only where the change takes the model out and nothing good was left."""
    for event, _ in _fallbacks(context):
        move = next(
            (one for one in context.moves if (one.event.model, one.event.stage) == (event.model, event.stage)), None
        )
        if move is None or context.after.stage_state(event.model, event.stage) is not None:
            yield Problem(f"{event.model} is not taken out of {event.stage} by this change", event.paths[0])
        elif (good := good_left(context, move)) is not None:
            yield Problem(f"{event.model}@{good} could be restored", event.paths[0])


RULES = (
    Rule("GM-P523", fallback_is_declared, "Nobody serves another model than the policy says."),
    Rule("GM-P524", fallback_is_good, "What stands in was approved and fits those who use it."),
    Rule("GM-P525", fallback_comes_last, "A fallback is for when nothing good is left."),
)
