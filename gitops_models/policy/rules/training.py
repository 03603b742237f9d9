"""P410, training: who registers and promotes has learnt what can go wrong. Approvals look at it where they are counted.

Rollbacks, holds, quarantines and emergencies never wait for training; workloads need none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.policy.rule import Kind, Problem, Rule
from gitops_models.policy.training import untrained
from gitops_models.policy.wording import phrase
from gitops_models.registry.events import ModelAdded, Promoted, VersionRegistered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context


def proposers_are_trained(context: Context) -> Iterator[Problem]:
    """Demand that each person who signed a registration or promotion has valid training in every topic."""
    training, people = context.policy.training, context.facts.people
    for event in context.of(ModelAdded, VersionRegistered, Promoted):
        for name in sorted(context.hands(*event.paths)):
            person = people.person(name)
            why = untrained(person, training, context.facts.at) if person else None
            if why is not None:
                yield Problem(f"{name} is {why} and proposes {phrase(event)}", event.paths[0])


RULES = (Rule("GM-P410", proposers_are_trained, "Who acts knows versioning, rollback and incidents.", Kind.ADMISSION),)
