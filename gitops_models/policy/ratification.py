"""Whether others have agreed to an emergency since: the risk's quorum for rollbacks, without who declared it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_models.policy.approvals import available, tally
from gitops_models.policy.authority import Demand
from gitops_models.policy.context import Context
from gitops_models.policy.document import slots
from gitops_models.policy.facts import CommitFact, Signature
from gitops_models.registry.documents import Actor

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from gitops_models.policy.approvals import Tally
    from gitops_models.policy.document import Policy
    from gitops_models.policy.facts import Facts, Opinion
    from gitops_models.registry.change import Change


def agreement(
    facts: Facts,
    policy: Policy,
    change: Change,
    *,
    model: str,
    what: str,
    declared_by: Iterable[str],
    since: datetime | None,
) -> Tally:
    """How the agreement of others stands, by the people, state and opinions in ``facts``; ``facts.at`` is now.

    ``change`` only lends the accepted documents. Who is suspended or has left does not count. Training is asked for at
    the time of the decision, and no decision grows too old: what was ratified stays so. That time is a claim of who
    decides, so it is taken to lie between the emergency (``since``) and now.
    """
    risk = Context(change, facts, policy).risk(model)
    rule = policy.risks.of(risk)
    opinions = tuple(_present(facts, opinion) for opinion in facts.opinions)
    made = [one.created for one in opinions if one.problem is None and one.decision == "approve"]
    at = min(facts.at, max((*made, since or facts.at))) if made and facts.at is not None else facts.at
    ageless = policy.model_copy(update={"approvals": policy.approvals.model_copy(update={"max_age_days": None})})
    seen = replace(facts, opinions=opinions, at=at, commits=tuple(map(_signed, declared_by)))
    demand = Demand(
        what=what,
        basis=f"risk is {risk}",
        where=None,
        slots=slots(rule.rollback.authorize or rule.approve),
        evidence=rule.evidence,
        model=model,
        touch=rule.touch,
    )
    return tally(Context(change, seen, ageless), demand)


def _present(facts: Facts, opinion: Opinion) -> Opinion:
    person = facts.people.person(opinion.person) if opinion.person is not None else None
    why = available(person, facts.at) if person is not None and opinion.problem is None else None
    return replace(opinion, problem=why) if why is not None else opinion


def _signed(person: str) -> CommitFact:
    """Who declared the emergency, as the signer of what it brought."""
    actor = Actor(kind="person", id=person, emails=(), namespaces=None, may=None)
    return CommitFact("", (), Signature("good"), actor, email_ok=True)
