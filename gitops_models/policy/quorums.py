"""Whether the quorums in use can be met at all by distinct people beside the author of a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.policy.approvals import available, holds_hardware
from gitops_models.policy.document import slots
from gitops_models.policy.matching import match
from gitops_models.policy.risk import effective_risk
from gitops_models.registry.values import dataclass

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
    has to be left over as the author, except where the policy allows self-approval of that risk. Where a risk asks for
    a touch, only persons with a hardware key count.
    """
    present = [person for person in people.people if available(person, at) is None]
    found = [use.what for use in _in_use(policy, models) if not _met(present, use)]
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class _Use:
    """One quorum in use: ``authors`` are roles of the author (None: the author may fill a slot)."""

    what: str
    quorum: tuple[Slot, ...]
    authors: frozenset[str] | None
    model: str = ""
    touch: bool = False


def _in_use(policy: Policy, models: Sequence[Model]) -> Iterator[_Use]:
    yield _Use("policy changes", slots(policy.policy_changes.approve), frozenset())
    for model in models:
        name, risk = model.name, effective_risk(None, model, policy.floors)
        rule = policy.risks.of(risk)
        authors = None if risk in policy.approvals.self_approval else frozenset(policy.promotion.may)
        yield _Use(f"changes of {risk} risk ({name})", slots(rule.approve), authors, name, rule.touch)
        yield _Use(f"rollbacks of {risk} risk ({name})", slots(rule.rollback.authorize), None, name, rule.touch)
        for stage, stage_rule in policy.stage_rules.items():
            if stage_rule.approve is not None:
                what = f"promotions to {stage} ({name})"
                yield _Use(what, slots(stage_rule.approve), authors, name, rule.touch)


def _met(present: Sequence[Person], use: _Use) -> bool:
    if not use.quorum:
        return True
    if use.authors is None:
        return _fills(present, use)
    return any(
        _fills([person for person in present if person is not author], use)
        for author in present
        if not use.authors or any(author.holds(role, use.model) for role in use.authors)
    )


def _fills(present: Sequence[Person], use: _Use) -> bool:
    able = [person for person in present if not use.touch or holds_hardware(person)]
    held = {
        person.id: frozenset(slot.role for slot in use.quorum if person.holds(slot.role, use.model)) for person in able
    }
    return not match(use.quorum, held).missing
