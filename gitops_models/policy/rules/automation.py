"""P508 and P509, automation: a workload that rolls back stops where something is wrong beyond this one version.

Persons are told the same and may go on.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from gitops_models.policy.ages import age_of, last_live
from gitops_models.policy.rule import Kind, Problem, Rule
from gitops_models.registry.events import RolledBack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context


def rollbacks_keep_their_rate(context: Context) -> Iterator[Problem]:
    """Demand that automation stops when a model was rolled back too often in too short a time.

    The stages of one change are one rollback, and what was done in an emergency is one too.
    """
    limit = context.policy.rollback.at_most
    at = context.facts.at
    for event in _first_of_each_model(context) if limit else ():
        found = context.facts.state.happened(event.model, "rollback", "emergency")
        period = timedelta(hours=limit.per_hours if limit else 0)
        recent = {one.step for one in found if at is None or one.at is None or at - one.at < period}
        if limit and len(recent) >= limit.count:
            message = f"{event.model} was rolled back {len(recent)} times in the last {limit.per_hours} h"
            yield Problem(message, event.paths[0], warns=not _by_workload(context, event))
        elif limit and (standing := _holds_of_workloads(context, event)) >= limit.count:
            message = f"{standing} holds of automation stand in {event.stage} of {event.model}"
            yield Problem(message, event.paths[0], warns=not _by_workload(context, event))


def _holds_of_workloads(context: Context, event: RolledBack) -> int:
    """How many holds that workloads placed stand in the stage: they count whatever date each was accepted at."""
    workloads = {each.id for each in context.facts.people.workloads}
    since = takewhile(lambda hold: hold.action == "hold", reversed(context.before.holds(event.model, event.stage)))
    return sum(hold.by in workloads for hold in since)


def target_is_young_enough(context: Context) -> Iterator[Problem]:
    """Demand that automation restores nothing that was live too long ago to be trusted unseen."""
    limit = context.policy.rollback.max_lkg_age_days
    for move in context.moves if limit else ():
        event = move.event
        if limit is None or not isinstance(event, RolledBack):
            continue
        age = age_of(context, last_live(context, move, event.to_version))
        if age is None or age > timedelta(days=limit):
            ago = f"{age.days} days ago" if age is not None else "at an unknown time"
            message = f"{event.model}@{event.to_version} was last live {ago}; automation goes back {limit} days"
            yield Problem(message, event.paths[0], warns=not _by_workload(context, event))


def _first_of_each_model(context: Context) -> tuple[RolledBack, ...]:
    return tuple({event.model: event for event in reversed(tuple(context.of(RolledBack)))}.values())


def _by_workload(context: Context, event: RolledBack) -> bool:
    """Whether a workload had a hand in it, as in the rule on its depth."""
    actors = (commit.actor for commit in context.commits(event.paths))
    return any(actor is not None and actor.kind == "workload" for actor in actors)


RULES = (
    Rule(
        "GM-P508", rollbacks_keep_their_rate, "Automation that runs in circles stops and calls people.", Kind.ADMISSION
    ),
    Rule(
        "GM-P509",
        target_is_young_enough,
        "An old version met neither today's data nor today's threats.",
        Kind.ADMISSION,
    ),
)
