"""P33x, provenance: which CI workload vouches for where a version comes from, where a stage asks for it.

Signatures are checked in ``verification``; the rules only read what that gave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.policy.rule import Problem, Rule
from gitops_models.registry.events import Promoted
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context
    from gitops_models.policy.facts import Attestation

_TOLD = 16
"""Signatures that a refusal speaks of; somebody may have attached any number."""


def _demanded(context: Context) -> Iterator[tuple[Promoted, tuple[str, ...], tuple[Attestation, ...]]]:
    """Each promotion into a stage that asks for provenance, with the workloads it asks for and what was attached."""
    for event in context.of(Promoted):
        rule = context.policy.stage_rules.get(event.stage)
        if rule is not None and rule.provenance:
            yield event, rule.provenance, context.facts.provenance.get((event.model, event.to_version), ())


def provenance_is_there(context: Context) -> Iterator[Problem]:
    """Demand that a statement of where the version comes from is attached to it."""
    for event, workloads, found in _demanded(context):
        if not found and any(_may(context, name) for name in workloads):
            wanted = ", ".join(workloads)
            message = f"{event.model}@{event.to_version} has no provenance by {wanted}; {event.stage} asks for it"
            yield Problem(message, event.paths[0])


def provenance_holds(context: Context) -> Iterator[Problem]:
    """Demand that one attached statement is signed by one of the workloads and speaks of this very version."""
    for event, workloads, found in _demanded(context):
        counted = [one for one in found if one.workload in workloads]
        if counted and all(one.code is not None for one in counted):
            said = (f"{one.path} as {one.workload}: {one.code}: {visible(one.detail)}" for one in counted[:_TOLD])
            details = (*said, *([f"{len(counted) - _TOLD} more"] if len(counted) > _TOLD else []))
            message = f"no provenance of {event.model}@{event.to_version} holds for {event.stage}"
            yield Problem(message, event.paths[0], details)


def workloads_are_declared(context: Context) -> Iterator[Problem]:
    """Demand that a workload which a stage asks for is declared and may sign provenance."""
    for event, workloads, _ in _demanded(context):
        if not any(_may(context, name) for name in workloads):
            message = f"{', '.join(workloads)} may not sign provenance, {event.stage} asks for it"
            yield Problem(message, event.paths[0])


def signatures_are_well_formed(context: Context) -> Iterator[Problem]:
    """Demand that what is attached as a signature is one, over the bytes of this version."""
    for change in context.changed("signature"):
        if change.after is not None and (wrong := context.facts.malformed.get(change.path)) is not None:
            code, detail = wrong
            yield Problem(f"{visible(detail)} ({code})", change.path)


def _may(context: Context, name: str) -> bool:
    workload = context.facts.people.workload(name)
    return workload is not None and "provenance" in workload.may and bool(workload.workflows)


RULES = (
    Rule("GM-P330", provenance_is_there, "A stage may demand that CI says where a version comes from."),
    Rule("GM-P331", provenance_holds, "Only the named workload, on the very commit, speaks for these bytes."),
    Rule("GM-P332", workloads_are_declared, "A name that nobody bears is no demand that could be met."),
    Rule("GM-P333", signatures_are_well_formed, "What is attached stays for ever, so rubbish is refused at once."),
)
