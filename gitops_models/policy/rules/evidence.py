"""P3xx, evidence: what each stage demands, and what may be added."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gitops_models.policy.approvals import CLOCK_TOLERANCE
from gitops_models.policy.evidence import Standing, binds, in_order, is_independent, needs_independence, standing
from gitops_models.policy.rule import Problem, Rule
from gitops_models.registry.events import Promoted
from gitops_models.registry.times import format_time, moved, parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context
    from gitops_models.registry.documents import Evidence


def _demanded(context: Context) -> Iterator[tuple[Promoted, str, Standing]]:
    """Each promotion with each type of evidence that its stage demands."""
    for event in context.of(Promoted):
        rule = context.policy.stage_rules.get(event.stage)
        if rule is None or not context.after.has_version(event.model, event.to_version):
            continue
        lineage = context.after.lineage(event.model, event.to_version)
        entries = in_order(context, event.model, event.to_version)
        for kind in rule.evidence:
            yield event, kind, standing(entries, kind, lineage)


def evidence_is_there(context: Context) -> Iterator[Problem]:
    """Demand that the stage's evidence exists for these bytes."""
    for event, kind, found in _demanded(context):
        if found.entry is None:
            message = f"{event.model}@{event.to_version} needs {kind} evidence for {event.stage}"
            yield Problem(message, event.paths[0], found.ignored)


def evidence_passed(context: Context) -> Iterator[Problem]:
    """Demand that the latest evidence of each type passed."""
    for event, kind, found in _demanded(context):
        if found.entry is not None and found.entry.result != "passed":
            message = f"{kind} of {event.model}@{event.to_version} is {found.entry.result} (by {found.entry.by})"
            yield Problem(message, event.paths[0], found.ignored)


def evidence_is_independent(context: Context) -> Iterator[Problem]:
    """At high and critical risk the late stages do not rely on the word of those who made the version."""
    for event, kind, found in _demanded(context):
        if found.entry is None or not needs_independence(context, event.model, event.stage):
            continue
        if not is_independent(context, found.entry):
            message = f"{kind} of {event.model}@{event.to_version} is signed by {found.entry.by}, who made the change"
            yield Problem(message, event.paths[0])


def _added(context: Context) -> Iterator[tuple[str, Evidence]]:
    """Path and document of the evidence that the change adds."""
    for change in context.changed("evidence"):
        if change.before is None and change.after is not None and change.place.version:
            yield change.path, cast("Evidence", context.after.document(change.path))


def evidence_signer_is_named(context: Context) -> Iterator[Problem]:
    """``by`` is who signed what it says, and the only one who touched it."""
    for path, entry in _added(context):
        if (why := context.speaks(entry.by, path)) is not None:
            yield Problem(f"by is {why}", path)


def evidence_binds_bytes(context: Context) -> Iterator[Problem]:
    """Evidence names the sha256 of what the version serves."""
    for path, entry in _added(context):
        if not context.after.has_version(entry.model, entry.version):
            yield Problem(f"{entry.model}@{entry.version} is not registered", path)
        elif not binds(entry, context.after.lineage(entry.model, entry.version)):
            yield Problem(f"artifacts_sha256 does not hold the bytes of {entry.model}@{entry.version}", path)


def evidence_time_grows(context: Context) -> Iterator[Problem]:
    """Demand that new evidence is neither older than accepted evidence of its type nor from the future.

    Accepted evidence from the future, with which a merge got away by its own date, holds up nothing honest.
    """
    latest = moved(context.facts.at, CLOCK_TOLERANCE) if context.facts.at is not None else None
    for path, entry in _added(context):
        created = parse_time(entry.created)
        times = (parse_time(one.created) for one in _accepted(context, entry) if one.type == entry.type)
        newer = max((time for time in times if latest is None or time <= latest), default=created)
        if created < newer:
            yield Problem(f"created {entry.created} is before the accepted {entry.type} of {format_time(newer)}", path)
        if latest is not None and created > latest:
            yield Problem(f"created {entry.created} lies in the future", path)


def revocation_is_authorized(context: Context) -> Iterator[Problem]:
    """Evidence is revoked by who signed such evidence, or by somebody with an approving role."""
    for path, entry in _added(context):
        if entry.result != "revoked":
            continue
        signers = {one.by for one in _accepted(context, entry) if one.type == entry.type}
        person = context.facts.people.person(entry.by)
        approves = person is not None and any(
            person.holds(role, entry.model) for role in sorted(context.policy.safety_roles)
        )
        if entry.by not in signers and not approves:
            yield Problem(f"{entry.by} neither signed this evidence nor holds an approving role", path)


def _accepted(context: Context, entry: Evidence) -> tuple[Evidence, ...]:
    return context.before.evidence(entry.model, entry.version)


RULES = (
    Rule("GM-P307", evidence_is_there, "Promotion requires documented test results.", waivable=True),
    Rule("GM-P308", evidence_passed, "The latest accepted result of a type decides."),
    Rule("GM-P309", evidence_is_independent, "Nobody vouches alone for their own work where risk is high."),
    Rule("GM-P310", evidence_signer_is_named, "Evidence speaks for the one who signs it."),
    Rule("GM-P311", evidence_binds_bytes, "Evidence is about bytes, not about a name."),
    Rule("GM-P312", evidence_time_grows, "A back-dated result must not hide a later failure."),
    Rule("GM-P313", revocation_is_authorized, "Taking evidence back is as serious as giving it."),
)
