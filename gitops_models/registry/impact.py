"""Whom a move of a stage concerns: the model's consumers and the targets that serve the stage."""

from collections.abc import Collection
from fnmatch import fnmatchcase

from gitops_models.registry.documents import Model, Targets


def concerned(name: str, model: Model | None, targets: Targets, stages: Collection[str]) -> tuple[str, ...]:
    """Consumers by name, then ``target <id>`` for each target that serves the model in one of ``stages``."""
    consumers = [consumer.name for consumer in model.consumers] if model else []
    served = [one for one in targets.targets if one.stage in stages]
    ids = [one.id for one in served if any(fnmatchcase(name, pattern) for pattern in one.models)]
    return (*consumers, *(f"target {target}" for target in ids))
