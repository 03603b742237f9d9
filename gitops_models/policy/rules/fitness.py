"""P321 and P322, fitness: formats that the risk allows, and an audit after repeated violations."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gitops_models.policy.ages import accepted_after
from gitops_models.policy.evidence import in_order, standing
from gitops_models.policy.risk import rank
from gitops_models.policy.rule import Kind, Problem, Rule
from gitops_models.registry.events import Promoted
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context
    from gitops_models.policy.demands import Violations
    from gitops_models.registry.chronicle import Happening

LOADED_ROLES = ("weights", "binary")
"""Roles of files that a server loads, and that may run code while it does."""

AUDIT = "external-audit"
"""The type of evidence that a policy with ``violations`` asks for."""


def formats_are_allowed(context: Context) -> Iterator[Problem]:
    """Demand that weights and binaries have a format that the stage allows for this risk; an unknown format is none.

    An entry holds for its risk and above, so the highest risk keeps every one.
    """
    for event in context.of(Promoted):
        rule = context.policy.stage_rules.get(event.stage)
        if rule is None or not context.after.has_version(event.model, event.to_version):
            continue
        level = rank(context.risk(event.model))
        allowed = [frozenset(formats) for risk, formats in rule.formats.items() if rank(risk) <= level]
        for artifact in context.after.lineage(event.model, event.to_version).artifacts:
            if artifact.role in LOADED_ROLES and not all(artifact.format in formats for formats in allowed):
                listed = ", ".join(sorted(frozenset.intersection(*allowed))) or "none"
                found = f"is {artifact.format}" if artifact.format else "has no format in the lineage"
                message = f"{artifact.path} of {event.model}@{event.to_version} {found}; {event.stage} takes {listed}"
                yield Problem(visible(message), event.paths[0])


def violations_are_audited(context: Context) -> Iterator[Problem]:
    """Demand that a model with too many violations was audited since the last of them, by somebody uninvolved.

    A violation is a step that landed and was denied for more than missing approvals.
    """
    rule = context.policy.violations
    for event in context.of(Promoted):
        counted = _violations(context, event.model, rule) if rule is not None else ()
        if rule is None or len(counted) < rule.count or not context.after.has_version(event.model, event.to_version):
            continue
        if not _audited(context, event, counted):
            what = f"{event.model} has {len(counted)} violations in {rule.per_days} days"
            message = f"{what}; {event.model}@{event.to_version} needs {AUDIT} evidence that came after them"
            yield Problem(message, event.paths[0])


def _violations(context: Context, model: str, rule: Violations) -> tuple[Happening, ...]:
    """Return the violations that count, oldest first. One whose time is unknown or yet to come is not over."""
    at = context.facts.at
    found = context.facts.state.happened(model, "violation")
    period = timedelta(days=rule.per_days)
    return tuple(one for one in found if at is None or one.at is None or at - one.at <= period)


def _audited(context: Context, event: Promoted, counted: tuple[Happening, ...]) -> bool:
    """Whether audit evidence came after the last violation, from nobody who made one, the version or this change."""
    lineage = context.after.lineage(event.model, event.to_version)
    entry = standing(in_order(context, event.model, event.to_version), AUDIT, lineage).entry
    if entry is None or entry.result != "passed" or not accepted_after(context, entry, counted[-1].order):
        return False
    involved = context.registrars(event.model, event.to_version).union(context.facts.proposers)
    return entry.by not in involved.union(*(one.persons for one in counted))


RULES = (
    Rule(
        "GM-P321",
        formats_are_allowed,
        "Where the risk is high only formats are served that cannot run code.",
        waivable=True,
    ),
    Rule("GM-P322", violations_are_audited, "Who breaks the rules again and again is looked at.", Kind.ADMISSION),
)
