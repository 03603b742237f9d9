"""Effective risk: the highest of what the model says before, what it says after, and the policy's floors."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from gitops_models.policy.document import RISKS, Floor
from gitops_models.registry.documents import Model, Risk

HIGHEST: Risk = RISKS[-1]
SENSITIVE = frozenset(RISKS[2:])
"""Risks from high on: their evidence needs an independent signer."""


def rank(risk: str) -> int:
    """Position in the order of risks; an unknown word counts as the highest."""
    return RISKS.index(risk) if risk in RISKS else len(RISKS) - 1


def highest(risks: Iterable[str]) -> Risk:
    """Return the highest of ``risks``; of none it is the highest there is."""
    ranks = [rank(risk) for risk in risks]
    return RISKS[max(ranks)] if ranks else HIGHEST


def model_risk(model: Model, floors: Iterable[Floor]) -> Risk:
    """Return the risk of one model document with the floors that hold for its name and uses."""
    return highest([model.risk, *(floor.risk for floor in floors if _holds(floor, model))])


def _holds(floor: Floor, model: Model) -> bool:
    return fnmatchcase(model.name, floor.models) and (not floor.use or not set(floor.use).isdisjoint(model.use))


def effective_risk(old: Model | None, new: Model | None, floors: Iterable[Floor]) -> Risk:
    """Return the risk that a change is judged by. Without any model document it is the highest."""
    floors = tuple(floors)
    return highest(model_risk(model, floors) for model in (old, new) if model is not None)
