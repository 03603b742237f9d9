"""Which places are watched: the models with triggers, at the stages that these name, on the targets that serve them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from gitops_models.delivery.desired import desired_states
from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.registry.watched import triggers_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gitops_models.delivery.overrides import Overrides
    from gitops_models.delivery.targets.base import Target
    from gitops_models.delivery.triggers.eyes import Eyes
    from gitops_models.delivery.triggers.surroundings import Glance
    from gitops_models.delivery.values import Desired, ModelStage
    from gitops_models.registry.documents.triggers import Trigger
    from gitops_models.verification.history import History


@dataclass(frozen=True)
class Place:
    """One model and stage with its triggers, and each target's share of it."""

    at: ModelStage
    triggers: tuple[Trigger, ...]
    shares: tuple[tuple[Target, Desired], ...]

    def key(self, trigger: Trigger) -> str:
        """Return what a trigger of this place is remembered by."""
        return f"{self.at} {trigger.name}"

    def look(self, eyes: Eyes, now: datetime) -> tuple[Glance, ...]:
        """Return what is served at each target."""
        return tuple(eyes.look(target, desired, now) for target, desired in self.shares)


def places_of(history: History, targets: Sequence[Target], held: Overrides) -> tuple[Place, ...]:
    """Return the places that are watched, sorted. A model whose documents cannot be read has none."""
    snapshot, last = history.state.snapshot, history.policy.stages[-1]
    watched = {model: triggers for model in snapshot.models() if (triggers := _triggers(history, model))}
    shares: dict[ModelStage, list[tuple[Target, Desired]]] = defaultdict(list)
    for target in targets if watched else ():
        for desired in desired_states(history, target=target.id, stages=target.stages, models=target.models):
            shares[desired.at].append((target, held.applied(target.id, desired)))
    return tuple(
        Place(at, triggers, tuple(shares[at]))
        for at in sorted(shares)
        if (triggers := tuple(one for one in watched.get(at.model, ()) if at.stage in (one.stages or (last,))))
    )


def strays(history: History) -> tuple[tuple[str, GmError], ...]:
    """Return the triggers that watch nothing because the policy has no such stage, as GM-R607."""
    known = set(history.policy.stages)
    return tuple(
        (model, GmError("GM-R607", f"trigger {one.name} of {model} watches {stage}, which is no stage", where=model))
        for model in history.state.snapshot.models()
        for one in _triggers(history, model)
        for stage in one.stages
        if stage not in known
    )


def _triggers(history: History, model: str) -> tuple[Trigger, ...]:
    try:
        return triggers_of(history.state.snapshot, model)
    except GmError:
        return ()
