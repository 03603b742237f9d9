"""P31x, time: a version has soaked, no freeze stands, evidence is fresh. Judged once, at the time of acceptance.

Only promotions wait for these. Rollbacks, holds and quarantines never do.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gitops_models.policy.ages import accepted_at
from gitops_models.policy.evidence import in_order, standing
from gitops_models.policy.freezes import end_of, holding
from gitops_models.policy.rule import Kind, Problem, Rule
from gitops_models.registry.events import Promoted
from gitops_models.registry.times import format_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context, Move
    from gitops_models.policy.document import StageRule
    from gitops_models.registry.stack import LiveStack

_HOUR = timedelta(hours=1)
_UNKNOWN = "there is no time of acceptance to judge it by"


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
            why = _unsoaked(move.previous, event.to_version, hours * _HOUR, context.facts.at)
            if why is not None:
                message = f"{event.model}@{event.to_version} soaks in {stage} for {hours} h before {event.stage}: {why}"
                yield Problem(message, event.paths[0])


def _unsoaked(stack: LiveStack, version: str, wanted: timedelta, at: datetime | None) -> str | None:
    """Say what is missing, or None. Of a stage that is undeployed since, it is not known for how long it served."""
    place = next((index for index, entry in enumerate(stack.versions) if entry.version == version), None)
    since = stack.versions[place].at if place is not None else None
    if place is None or since is None:
        return None
    if stack.live_version == version:
        if at is None:
            return _UNKNOWN
        return None if at - since >= wanted else f"until {format_time(_later(since, wanted))}"
    above = stack.versions[place + 1 : place + 2]
    served = above[0].at - since if above and above[0].at is not None else timedelta()
    return None if served >= wanted else f"it left after {_hours(served)}; promote it there again"


def _later(since: datetime, wanted: timedelta) -> datetime:
    """The sum, at the end of all time where it lies beyond: a claimed time must not stop the judge."""
    return since + min(wanted, datetime.max.replace(tzinfo=UTC) - since)


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
            taken, at = accepted_at(context, entry), context.facts.at
            age = at - taken if at is not None and taken is not None else None
            if age is None or age > timedelta(days=rule.max_age_days):
                old = f"{age.days} days old" if age is not None else f"of unknown age, because {_UNKNOWN}"
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
