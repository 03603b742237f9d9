"""Every rule of the judge, in the order of its findings. Documentation is generated from ``RULES``."""

from gitops_models.policy.rule import Rule
from gitops_models.policy.rules import (
    approvals,
    automation,
    conditions,
    degradation,
    emergency,
    evidence,
    fitness,
    form,
    governance,
    history,
    immutability,
    lifecycle,
    lineage,
    promotion,
    provenance,
    retention,
    reversibility,
    rollback,
    selection,
    timing,
    training,
    waivers,
)

FORM: tuple[Rule, ...] = form.RULES
"""Judged first: nothing else can be said of documents that cannot be read."""

_JUDGED: tuple[Rule, ...] = (
    *form.LATE_RULES,
    *immutability.RULES,
    *lineage.RULES,
    *promotion.RULES,
    *evidence.RULES,
    *timing.RULES,
    *conditions.RULES,
    *fitness.RULES,
    *provenance.RULES,
    *approvals.RULES,
    *training.RULES,
    *rollback.RULES,
    *automation.RULES,
    *lifecycle.RULES,
    *selection.RULES,
    *degradation.RULES,
    *retention.RULES,
    *emergency.RULES,
    *governance.RULES,
    *reversibility.RULES,
)
CONTENT: tuple[Rule, ...] = (*_JUDGED, *waivers.rules(frozenset(rule.code for rule in _JUDGED if rule.waivable)))
HISTORY: tuple[Rule, ...] = history.RULES
RULES: tuple[Rule, ...] = tuple(sorted((*FORM, *CONTENT, *HISTORY), key=lambda rule: rule.code))
