"""Lint of waivers: those that are over, last long, hold for much or for nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gitops_models.policy.lint.found import error, warning
from gitops_models.policy.risk import SENSITIVE, model_risk
from gitops_models.policy.rules import RULES
from gitops_models.registry.times import parse_time
from gitops_models.registry.waivers import WAIVERS, is_for, stands

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from gitops_models.policy.document import Policy
    from gitops_models.policy.verdict import Finding
    from gitops_models.registry.documents import Model, Waiver

LONG = timedelta(days=90)
WAIVABLE = frozenset(rule.code for rule in RULES if rule.waivable)


def lint_waivers(
    policy: Policy, waivers: Sequence[Waiver], models: Sequence[Model], at: datetime
) -> tuple[Finding, ...]:
    """What is wrong with the waivers at ``at``."""
    return tuple(found for waiver in waivers for found in _lint(policy, waiver, models, at))


def _lint(policy: Policy, waiver: Waiver, models: Sequence[Model], at: datetime) -> Iterator[Finding]:
    where = f"{WAIVERS}/{waiver.id}.yaml"
    if waiver.code not in WAIVABLE:
        yield error("GM-P708", f"{waiver.code} cannot be waived", where)
    if not stands(waiver, at):
        yield warning("GM-P735", f"{waiver.id} expired at {waiver.expires}", where)
    elif parse_time(waiver.expires) - at > LONG:
        yield warning("GM-P736", f"{waiver.id} lasts until {waiver.expires}", where)
    touched = [model for model in models if is_for(waiver, model.name)]
    risky = [model.name for model in touched if model_risk(model, policy.floors) in SENSITIVE]
    if "*" in waiver.models and waiver.version is None and risky:
        yield warning("GM-P737", f"{waiver.id} is for every model, with {', '.join(risky)} of high risk", where)
    if models and not touched:
        yield warning("GM-P738", f"{waiver.id} is for no model that is there", where)
    if waiver.stage is not None and waiver.stage not in policy.stages:
        yield warning("GM-P738", f"{waiver.id} is for the stage {waiver.stage}, which the policy does not list", where)
