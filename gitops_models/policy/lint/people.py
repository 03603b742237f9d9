"""Lint of the policy against the people and models that are there: who is missing now, and who will be soon."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gitops_models.policy.approvals import available
from gitops_models.policy.document import RISKS, slots
from gitops_models.policy.lint.found import PEOPLE_YAML, error, graded, warning
from gitops_models.policy.matching import match
from gitops_models.policy.quorums import unreachable_quorums
from gitops_models.policy.risk import model_risk
from gitops_models.policy.training import untrained
from gitops_models.registry.documents import Model

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from gitops_models.policy.document import Policy
    from gitops_models.policy.verdict import Finding
    from gitops_models.registry.documents import People, Person

SOON = timedelta(days=60)
NOBODYS = "any"
"""Name of the model that stands for the models of a risk that none has."""
ROLLBACKS = "rollbacks of "
EXTERNAL = ("agency", "consultant", "contractor", "external", "freelance", "temporary", "vendor")


def lint_people(policy: Policy, people: People, models: Sequence[Model], at: datetime) -> tuple[Finding, ...]:
    """What is wrong between the policy and its people at ``at`` and 60 days later."""
    return (
        *_unknown_roles(policy, people),
        *_strangers_without_end(people),
        *_quorums(policy, people, models, at),
        *_nobody_starts(policy, people, models, at),
        *_workloads(policy, people),
    )


def _unknown_roles(policy: Policy, people: People) -> Iterator[Finding]:
    for person in people.people:
        granted = {grant if isinstance(grant, str) else grant.role for grant in person.roles}
        for role in sorted(granted - set(policy.roles)):
            yield warning("GM-P721", f"{person.id} holds {role}, which the policy does not list", PEOPLE_YAML)


def _strangers_without_end(people: People) -> Iterator[Finding]:
    for person in people.people:
        words = (person.affiliation or "").lower()
        if person.until is None and any(word in words for word in EXTERNAL):
            yield warning("GM-P727", f"{person.id} ({person.affiliation}) has no `until`", PEOPLE_YAML)


def _quorums(policy: Policy, people: People, models: Sequence[Model], at: datetime) -> Iterator[Finding]:
    now = _lost(policy, people, models, at)
    soon = {what: used for what, used in _lost(policy, people, models, at + SOON).items() if what not in now}
    for what, used in now.items():
        yield graded("GM-P723", f"distinct people cannot agree to {what}{_unused(used)}", used=used)
    for what, used in soon.items():
        message = f"in 60 days distinct people cannot agree to {what} any more{_unused(used)}"
        yield graded("GM-P724", message, used=used, where=PEOPLE_YAML)


def _unused(used: bool) -> str:  # noqa: FBT001 - one switch, named by its only caller
    return "" if used else " (nothing asks for it today)"


def _lost(policy: Policy, people: People, models: Sequence[Model], at: datetime) -> dict[str, bool]:
    """Each quorum that cannot be met at ``at``, and whether something asks for it today."""
    able = _trained(policy, people, at)
    found = dict.fromkeys(_unreachable(policy, people, able, models, at), True)
    known = {model_risk(model, policy.floors) for model in models}
    for risk in RISKS:
        if risk not in known:
            lost = _unreachable(_without_floors(policy), people, able, [Model(name=NOBODYS, risk=risk)], at)
            found |= {what.replace(f" ({NOBODYS})", ""): False for what in lost if NOBODYS in what}
    present = [person for person in able.people if available(person, at) is None]
    found |= dict.fromkeys(_single(policy, present), False)
    return found


def _unreachable(
    policy: Policy, people: People, able: People, models: Sequence[Model], at: datetime
) -> tuple[str, ...]:
    """Sentences as of ``unreachable_quorums``; a rollback waits for nobody's training."""
    anybody = unreachable_quorums(policy, people, models, at)
    return tuple(
        what
        for what in unreachable_quorums(policy, able, models, at)
        if what in anybody or not what.startswith(ROLLBACKS)
    )


def _trained(policy: Policy, people: People, at: datetime) -> People:
    able = tuple(one for one in people.people if untrained(one, policy.training, at) is None)
    return people.model_copy(update={"people": able})


def _without_floors(policy: Policy) -> Policy:
    return policy.model_copy(update={"floors": ()})


def _single(policy: Policy, present: Sequence[Person]) -> Iterator[str]:
    """Quorums that no model has in use, but that somebody will ask for one day."""
    wanted = {
        "registrations": policy.registration.approve,
        "new models and lower risks": policy.registration.new_model,
        "deletions of bytes": policy.retention.delete if policy.retention else (),
    }
    for what, quorum in wanted.items():
        asked = slots(quorum)
        held = {one.id: frozenset(slot.role for slot in asked if one.has_role(slot.role)) for one in present}
        if match(asked, held).missing:
            yield what


def _nobody_starts(policy: Policy, people: People, models: Sequence[Model], at: datetime) -> Iterator[Finding]:
    able = _trained(policy, people, at)
    for what, roles in (("register", policy.registration.may), ("promote", policy.promotion.may)):
        yield from _nobody(able, what, roles, used=True, at=at)
    used = {model_risk(model, policy.floors) for model in models}
    for risk in RISKS:
        rollback = policy.risks.of(risk).rollback
        roles = tuple(dict.fromkeys((*rollback.initiate, *(slot.role for slot in slots(rollback.authorize)))))
        yield from _nobody(people, f"roll back at {risk} risk", roles, used=risk in used, at=at)
    if policy.emergency is not None:
        yield from _nobody(people, "act in an emergency", policy.emergency.role, used=False, at=at)


def _nobody(people: People, what: str, roles: tuple[str, ...], *, used: bool, at: datetime) -> Iterator[Finding]:
    present = (person for person in people.people if available(person, at) is None)
    if not any(person.has_role(role) for person in present for role in roles):
        yield graded("GM-P731", f"nobody who counts holds {' or '.join(roles)}, so nobody can {what}", used=used)


def _workloads(policy: Policy, people: People) -> Iterator[Finding]:
    """Stages whose provenance no declared workload may sign, and with them every later one."""
    for stage, rule in policy.stage_rules.items():
        known = [load for name in rule.provenance if (load := people.workload(name)) is not None]
        if rule.provenance and not any("provenance" in load.may and load.workflows for load in known):
            names = ", ".join(rule.provenance)
            yield error("GM-P725", f"{stage} cannot be reached: no workload {names} may sign provenance", PEOPLE_YAML)
