"""What policies/targets.yaml asks of the checks by name. Pure: the stricter of the two limits holds.

The repository says what must hold, the operator's file with what it is found out. Neither can weaken the other: who may
write one of them cannot make a check that the other asks for say less.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_models.delivery.checks.settings import Check
    from gitops_models.delivery.values import ModelStage
    from gitops_models.registry.documents import CheckDemand, Targets

_SMALLER = ("p95_below_ms", "absolute", "relative", "below")
_GREATER = ("accuracy_above", "above")


def demanded(targets: Targets, target: str, at: ModelStage) -> dict[str, CheckDemand]:
    """Return what the rows for ``target`` ask at ``at``, by the name of the check; of two rows both hold."""
    found: dict[str, CheckDemand] = {}
    for row in targets.targets:
        if row.id == target and row.stage == at.stage and any(fnmatchcase(at.model, one) for one in row.models):
            for one in row.demands:
                found[one.id] = _both(found[one.id], one) if one.id in found else one
    return found


def applies(check: Check, target: str, at: ModelStage) -> bool:
    """Whether the operator's file has the check run there."""
    here = check.targets is None or target in check.targets
    staged = check.stages is None or at.stage in check.stages
    return here and staged and (check.models is None or any(fnmatchcase(at.model, one) for one in check.models))


def held_to(check: Check, demand: CheckDemand | None) -> Check:
    """Return ``check`` with the stricter of its own limits and those of ``demand``; what is demanded is required."""
    if demand is None:
        return check
    limits = {name: limit for name, limit in _stricter(check, demand).items() if name in type(check).model_fields}
    return check.model_copy(update={**limits, "required": check.required or demand.required})


def unmet(check: Check, demand: CheckDemand | None) -> tuple[str, ...]:
    """Return the limits of ``demand`` that a check of this kind does not know: nobody would hold it to them."""
    asked = _limits(demand) if demand else {}
    return tuple(name for name in asked if name not in type(check).model_fields)


def _both(one: CheckDemand, other: CheckDemand) -> CheckDemand:
    return one.model_copy(update={**_stricter(one, other), "required": one.required or other.required})


def _stricter(one: Check | CheckDemand, other: CheckDemand) -> dict[str, float]:
    merged = {}
    for names, choose in ((_SMALLER, min), (_GREATER, max)):
        for name in names:
            given: Iterable[float | None] = (getattr(one, name, None), getattr(other, name, None))
            known = [limit for limit in given if limit is not None]
            if known:
                merged[name] = choose(known)
    return merged


def _limits(demand: CheckDemand) -> dict[str, float]:
    found = {name: getattr(demand, name) for name in (*_SMALLER, *_GREATER)}
    return {name: limit for name, limit in found.items() if limit is not None}
