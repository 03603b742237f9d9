"""R14: a denial by a rule that may be waived only warns where an accepted waiver names the rule and what it is about.

Only waivers of the accepted state count, never one that the same change brings, and only until they expire at the time
of acceptance. Without such a time none counts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_models.policy.verdict import Severity
from gitops_models.registry.times import parse_time
from gitops_models.registry.values import dataclass
from gitops_models.registry.waivers import is_for, stands, waivers

if TYPE_CHECKING:
    from gitops_models.policy.context import Context
    from gitops_models.policy.verdict import Finding
    from gitops_models.registry.documents import Waiver


@dataclass(frozen=True)
class _Subject:
    model: str
    stage: str | None
    version: str | None


def waived(context: Context, finding: Finding) -> Finding:
    """Return the finding as a waiver leaves it: a warning that names it, or the denial that names one which expired.

    What would deny whoever sees the step live is no denial on replay either, and stays none for them.
    """
    at, denies = context.facts.at, finding.severity is Severity.DENY or finding.on_replay
    fitting = _fitting(context, finding) if denies and at is not None else ()
    if at is None or not fitting:
        return finding
    last = max(fitting, key=lambda one: (parse_time(one.expires), one.id))
    if not stands(last, at):
        return replace(finding, details=(*finding.details, f"the waiver {last.id} expired at {last.expires}"))
    said = f"waived by {last.id} until {last.expires}: {last.reason}"
    return replace(finding, severity=Severity.WARN, on_replay=False, waiver=last.id, details=(*finding.details, said))


def _fitting(context: Context, finding: Finding) -> tuple[Waiver, ...]:
    """Return the accepted waivers of this rule for this model, stage and version, expired ones too."""
    subject = _subject(context, finding.where)
    if subject is None:
        return ()
    return tuple(
        one
        for one in waivers(context.before)
        if one.code == finding.code
        and is_for(one, subject.model)
        and one.stage in {None, subject.stage}
        and one.version in {None, subject.version}
    )


def _subject(context: Context, where: str | None) -> _Subject | None:
    """Return what a finding is about, by its path; what has no model cannot be waived."""
    place = context.after.layout.classify(where) if where is not None else None
    if place is None or place.model is None:
        return None
    version = place.version
    if version is None and place.stage is not None:
        state = context.after.stage_state(place.model, place.stage)
        version = state.version if state is not None else None
    return _Subject(place.model, place.stage, version)
