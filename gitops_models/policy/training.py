"""The training register: whose training counts, and which events ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.registry.chronicle import emergencies
from gitops_models.registry.events import HoldPlaced, PeopleChanged, Quarantined, RolledBack, Undeployed
from gitops_models.registry.times import parse_date

if TYPE_CHECKING:
    from datetime import datetime

    from gitops_models.policy.context import Context
    from gitops_models.policy.demands import Training
    from gitops_models.registry.documents import People, Person
    from gitops_models.registry.events import Event

SAFETY = (RolledBack, HoldPlaced, Quarantined)


def untrained(person: Person, training: Training | None, at: datetime | None) -> str | None:
    """Why a person is not trained at ``at``, or None. Every topic is asked for; a day that is to come is no training.

    Without a time nothing can be shown to be valid still.
    """
    topics = training.topics if training else ()
    lacking = [topic for topic in topics if training and not _valid(person.training.get(topic), training, at)]
    return f"without valid training in {', '.join(lacking)}" if lacking else None


def _valid(day: str | None, training: Training, at: datetime | None) -> bool:
    if day is None or at is None:
        return False
    return 0 <= (at.date() - parse_date(day)).days <= training.valid_days


def asked_of_approvers(context: Context, event: Event) -> bool:
    """Whether who agrees to ``event`` has to be trained: always, but not where training could cost safety.

    Nor for a change that does nothing but note trainings, or nobody could renew theirs once all have expired.
    """
    if isinstance(event, Undeployed):
        return (event.model, event.stage) not in set(emergencies(context.change))
    if isinstance(event, PeopleChanged):
        return _without_training(context.before.people()) != _without_training(context.after.people())
    return not isinstance(event, SAFETY)


def _without_training(people: People) -> tuple[object, ...]:
    persons = [person.model_copy(update={"training": {}}) for person in people.people]
    return (persons, people.workloads, people.forges, people.compromised)
