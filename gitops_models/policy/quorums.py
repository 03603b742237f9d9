"""Whether the quorums in use can be met at all by distinct people beside the author of a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.policy.approvals import available
from gitops_models.policy.document import slots
from gitops_models.policy.matching import match
from gitops_models.policy.risk import effective_risk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from gitops_models.policy.document import Policy
    from gitops_models.policy.matching import Slot
    from gitops_models.registry.documents import Model, People, Person


def unreachable_quorums(
    policy: Policy, people: People, models: Sequence[Model], at: datetime | None
) -> tuple[str, ...]:
    """Sentences naming each quorum in use that distinct available people other than one author cannot meet.

    In use are the quorum for policy changes and, for each model, those of its effective risk. Somebody who may propose
    has to be left over as the author, except where the policy allows self-approval of that risk.
    """
    present = [person for person in people.people if available(person, at) is None]
    found = [
        what for what, quorum, authors, model in _in_use(policy, models) if not _met(present, quorum, authors, model)
    ]
    return tuple(dict.fromkeys(found))


_Use = tuple[str, tuple["Slot", ...], frozenset[str] | None, str]


def _in_use(policy: Policy, models: Sequence[Model]) -> Iterator[_Use]:
    """Return what, slots, roles of the author (None: the author may fill a slot), model name (empty: no model)."""
    yield "policy changes", slots(policy.policy_changes.approve), frozenset(), ""
    for model in models:
        risk = effective_risk(None, model, policy.floors)
        rule = policy.risks.of(risk)
        authors = None if risk in policy.approvals.self_approval else frozenset(policy.promotion.may)
        yield f"changes of {risk} risk ({model.name})", slots(rule.approve), authors, model.name
        yield f"rollbacks of {risk} risk ({model.name})", slots(rule.rollback.authorize), None, model.name
        for stage, stage_rule in policy.stage_rules.items():
            if stage_rule.approve is not None:
                yield f"promotions to {stage} ({model.name})", slots(stage_rule.approve), authors, model.name


def _met(present: Sequence[Person], quorum: tuple[Slot, ...], authors: frozenset[str] | None, model: str) -> bool:
    if not quorum:
        return True
    if authors is None:
        return _fills(present, quorum, model)
    return any(
        _fills([person for person in present if person is not author], quorum, model)
        for author in present
        if not authors or any(author.holds(role, model) for role in authors)
    )


def _fills(present: Sequence[Person], quorum: tuple[Slot, ...], model: str) -> bool:
    held = {person.id: frozenset(slot.role for slot in quorum if person.holds(slot.role, model)) for person in present}
    return not match(quorum, held).missing
