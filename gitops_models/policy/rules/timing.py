"""P31x, time: a version has soaked, no freeze stands, evidence is fresh. Judged once, at the time of acceptance.

Only promotions wait for these. Rollbacks, holds and quarantines never do.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gitops_models.policy.ages import accepted_at, age_of
from gitops_models.policy.approvals import CLOCK_TOLERANCE
from gitops_models.policy.evidence import in_order, standing
from gitops_models.policy.freezes import end_of, holding
from gitops_models.policy.rule import Kind, Problem, Rule
from gitops_models.registry.events import Promoted
from gitops_models.registry.times import format_time, moved

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from gitops_models.policy.context import Context, Move
    from gitops_models.policy.document import StageRule
    from gitops_models.registry.chronicle import Happening
    from gitops_models.registry.stack import LiveStack

_HOUR = timedelta(hours=1)
_UNKNOWN = "there is no time of acceptance to judge it by"
_AGELESS = "of unknown age: its time or that of the judgement is missing, or lies in the future"


def _promotions(context: Context) -> Iterator[tuple[Move, Promoted, StageRule]]:
    """Each promotion into a stage that the policy has demands for, in the order of stages."""
    for move in context.moves:
        rule = context.policy.stage_rules.get(move.event.stage)
        if isinstance(move.event, Promoted) and rule is not None:
            yield move, move.event, rule


def version_has_soaked(context: Context) -> Iterator[Problem]:
    """Demand that the version was live in the stage before for as long as its risk asks for.

    What was live there before the pin has soaked.
    """
    for move, event, rule in _promotions(context):
        hours = rule.soak_hours.of(context.risk(event.model)) if rule.soak_hours else 0
        if hours and move.previous is not None:
            stage = context.policy.stages[context.policy.stages.index(event.stage) - 1]
            why = _unsoaked(context, (event.model, stage), move.previous, event.to_version, hours * _HOUR)
            if why is not None:
                message = f"{event.model}@{event.to_version} soaks in {stage} for {hours} h before {event.stage}: {why}"
                yield Problem(message, event.paths[0])


def _unsoaked(
    context: Context, where: tuple[str, str], stack: LiveStack, version: str, wanted: timedelta
) -> str | None:
    """Say what is missing, or None. Of a stage that was emptied meanwhile, it is not known for how long it served.

    ``where`` is model and stage. A rollback brings back what something else had replaced: only the time since counts.
    """
    place = next((index for index, entry in enumerate(stack.versions) if entry.version == version), None)
    if place is None:
        return None
    at, since = context.facts.at, stack.versions[place].at
    if stack.live_version == version:
        back = _came_back(context, where, stack.versions[place].step)
        if back is not None:
            since = None if back.at is None else max(back.at, since or back.at)
        if since is None:
            return None if back is None else "it came back at an unknown time"
        if at is None:
            return _UNKNOWN
        return None if at - since >= wanted else f"until {format_time(moved(since, wanted))}"
    if since is None:
        return None
    above = stack.versions[place + 1].at if place + 1 < len(stack.versions) else None
    served = _served(context, where, since, above)
    return None if served >= wanted else f"it left after {_hours(served)}; promote it there again"


def _happened(context: Context, where: tuple[str, str]) -> tuple[Happening, ...]:
    """Return what took a version out of a stage, other than a promotion, oldest first."""
    model, stage = where
    found = context.facts.state.happened(model, "rollback", "emergency", "undeployed")
    return tuple(one for one in found if one.subject == stage)


def _came_back(context: Context, where: tuple[str, str], step: str | None) -> Happening | None:
    """Return what brought back the version that is live, None where the step that promoted it was the last word."""
    last = context.facts.state.touched.get(context.after.layout.stage_path(*where))
    found = _happened(context, where)
    return found[-1] if found and last is not None and last.step != step else None


def _served(context: Context, where: tuple[str, str], since: datetime, above: datetime | None) -> timedelta:
    """Return for how long a version that was replaced has served at least; nothing where that is not known."""
    at = context.facts.at
    if above is None or at is None or above > moved(at, CLOCK_TOLERANCE):
        return timedelta()
    for one in _happened(context, where):
        if one.at is None or since <= one.at <= above:
            if one.at is None or one.kind != "rollback":
                return timedelta()
            since = one.at
    return above - since


def _hours(time: timedelta) -> str:
    return f"{time // _HOUR} h" if time else "an unknown time"


def no_freeze_stands(context: Context) -> Iterator[Problem]:
    """Demand that no change freeze of the stage binds this risk now."""
    for _, event, rule in _promotions(context):
        risk, at = context.risk(event.model), context.facts.at
        binding = [one for one in rule.freeze if not one.risks or risk in one.risks]
        if at is None and binding:
            yield Problem(f"{event.stage} knows change freezes, and {_UNKNOWN}", event.paths[0])
        elif at is not None and holding(binding, risk, at):
            end = end_of(binding, risk, at)
            until = f"until {format_time(end)}" if end else "with no end in sight"
            yield Problem(f"{event.stage} is frozen for {risk} risk {until}", event.paths[0])


def evidence_is_fresh(context: Context) -> Iterator[Problem]:
    """Demand that the evidence that decides was accepted no longer ago than the stage allows."""
    for _, event, rule in _promotions(context):
        if rule.max_age_days is None or not context.after.has_version(event.model, event.to_version):
            continue
        lineage = context.after.lineage(event.model, event.to_version)
        entries = in_order(context, event.model, event.to_version)
        for kind in rule.evidence:
            entry = standing(entries, kind, lineage).entry
            if entry is None or entry.result != "passed":
                continue  # the rules of evidence speak of it
            age = age_of(context, accepted_at(context, entry))
            if age is None or age > timedelta(days=rule.max_age_days):
                old = f"{age.days} days old" if age is not None else _AGELESS
                what = f"{kind} of {event.model}@{event.to_version} is {old}"
                yield Problem(f"{what}; {event.stage} takes at most {rule.max_age_days}", event.paths[0])


RULES = (
    Rule(
        "GM-P316",
        version_has_soaked,
        "What goes wrong slowly shows before the next stage.",
        Kind.ADMISSION,
        waivable=True,
    ),
    Rule(
        "GM-P317",
        no_freeze_stands,
        "Nothing is promoted while nobody is there to look after it.",
        Kind.ADMISSION,
        waivable=True,
    ),
    Rule(
        "GM-P318",
        evidence_is_fresh,
        "An old result says little of today's data and threats.",
        Kind.ADMISSION,
        waivable=True,
    ),
)
