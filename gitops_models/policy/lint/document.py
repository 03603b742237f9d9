"""Lint of the policy document alone."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from gitops_models.policy.document import RISKS, StageRule, slots
from gitops_models.policy.effective import QUORUMS
from gitops_models.policy.lint.found import error, warning
from gitops_models.policy.matching import seats

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.errors import GmError
    from gitops_models.policy.demands import Condition, Freeze
    from gitops_models.policy.document import Policy
    from gitops_models.policy.verdict import Finding
    from gitops_models.registry.documents import Risk

WEEK = 7


def unread(value: dict[str, Any] | None, fault: GmError) -> tuple[Finding, ...]:
    """The findings for a document that is not valid: each empty quorum by name, then what the loader says."""
    empty = [error("GM-P720", f"{path} is empty", hint=None) for path in _empty(value or {}, ())]
    said = [error(fault.code, message, hint=fault.hint) for message in (fault.message, *fault.details)]
    return (*empty, *said)


def _empty(value: Any, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in QUORUMS and inner in ([], None):
                yield ".".join((*path, key))
            yield from _empty(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _empty(inner, (*path, str(index)))


def lint_policy(policy: Policy) -> tuple[Finding, ...]:
    """What the document alone gives away."""
    return (
        *_roles_without_effect(policy),
        *_freezes_that_never_end(policy),
        *_stages_behind_no_format(policy),
        *_stage_rules_without_effect(policy),
        *_floors_without_effect(policy),
        *_higher_risks_that_ask_for_less(policy),
        *_conditions_without_effect(policy),
    )


def _roles_without_effect(policy: Policy) -> Iterator[Finding]:
    used = policy.named_roles | policy.safety_roles
    for role in policy.roles:
        if role not in used:
            yield warning("GM-P722", f"the role {role} is listed and nothing asks for it")


def _freezes_that_never_end(policy: Policy) -> Iterator[Finding]:
    for stage, rule in policy.stage_rules.items():
        for number, freeze in enumerate(rule.freeze):
            if never_ends(freeze):
                risks = ", ".join(freeze.risks) or "any"
                message = f"stage_rules.{stage}.freeze.{number}: from some day on nothing of {risks} risk is promoted"
                yield error("GM-P726", message)


def never_ends(freeze: Freeze) -> bool:
    """Whether it leaves no minute free from some day on."""
    whole_day = freeze.start is None or freeze.start == freeze.end
    return freeze.last is None and whole_day and len(set(freeze.days)) in (0, WEEK)


def _stages_behind_no_format(policy: Policy) -> Iterator[Finding]:
    for stage, rule in policy.stage_rules.items():
        for risk, allowed in rule.formats.items():
            if not allowed:
                yield error("GM-P725", f"{stage} cannot be reached at {risk} risk: its list of formats is empty")


def _stage_rules_without_effect(policy: Policy) -> Iterator[Finding]:
    for stage, rule in policy.stage_rules.items():
        if rule == StageRule.model_validate({}):
            yield warning("GM-P728", f"stage_rules.{stage} asks for nothing")
        elif rule.max_age_days is not None and not rule.evidence:
            yield warning("GM-P728", f"stage_rules.{stage}.max_age_days: the stage asks for no evidence")
        if rule.soak_hours is not None and stage == policy.stages[0]:
            yield warning("GM-P728", f"stage_rules.{stage}.soak_hours: no stage lies before {stage}")


def _floors_without_effect(policy: Policy) -> Iterator[Finding]:
    for number, floor in enumerate(policy.floors):
        if floor.risk == RISKS[0]:
            yield warning("GM-P729", f"floors.{number}: every model has at least {floor.risk} risk")


def _higher_risks_that_ask_for_less(policy: Policy) -> Iterator[Finding]:
    for lower, higher in pairwise(RISKS):
        if _asked(policy, higher) < _asked(policy, lower):
            yield warning("GM-P730", f"{higher} risk asks fewer people than {lower} risk")


def _asked(policy: Policy, risk: Risk) -> int:
    return len(seats(slots(policy.risks.of(risk).approve)))


def _conditions_without_effect(policy: Policy) -> Iterator[Finding]:
    seen: set[str] = set()
    for condition in policy.conditions:
        if condition.id in seen:
            yield error("GM-P732", f"conditions: {condition.id} is given twice")
        seen.add(condition.id)
        if _contradicts(condition):
            yield error("GM-P732", f"conditions: no figure can meet {condition.id}")


def _contradicts(condition: Condition) -> bool:
    least, most = condition.require.at_least, condition.require.at_most
    return least is not None and most is not None and least > most
