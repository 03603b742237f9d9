"""Counting decisions for one demand: who fills which slot, who is ignored and why, who could still help.

The rules are POLICY.md section 2 (R2 to R9): only persons count, one opinion each, bound to this change id, with the
role held, neither suspended nor past ``until`` at the time of acceptance, and nobody who made the change.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from gitops_models.policy.matching import improves, match, seats
from gitops_models.policy.training import untrained
from gitops_models.policy.verdict import Counted, Ignored, QuorumResult
from gitops_models.registry.times import moved, parse_date
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.authority import Demand
    from gitops_models.policy.context import Context
    from gitops_models.policy.facts import Facts, Opinion
    from gitops_models.policy.verdict import How
    from gitops_models.registry.documents import Person

CLOCK_TOLERANCE = timedelta(minutes=5)
UNTOUCHED = "no touch of a hardware key, which this risk asks for"


@dataclass(frozen=True)
class Tally:
    """How one demand stands: the quorum, and the eligible approvers who reject."""

    quorum: QuorumResult
    rejecting: tuple[str, ...]


@dataclass(frozen=True)
class Reviewers:
    """Persons, the roles of the demand that they hold, how each agreed and when."""

    roles: dict[str, frozenset[str]]
    how: dict[str, How]
    at: dict[str, datetime]
    ignored: tuple[Ignored, ...]
    rejecting: tuple[str, ...]


def tally(context: Context, demand: Demand) -> Tally:
    """Match the standing decisions to the demand's slots."""
    reviewers = _review(context, demand)
    matching = match(demand.slots, reviewers.roles)
    seated = {person for _, person in matching.filled}
    surplus = tuple(
        Ignored(person, "no slot left for their roles") for person in reviewers.roles if person not in seated
    )
    quorum = QuorumResult(
        what=demand.what,
        basis=demand.basis,
        where=demand.where,
        required=seats(demand.slots),
        counted=tuple(
            Counted(role, person, reviewers.how[person], reviewers.at.get(person)) for role, person in matching.filled
        ),
        missing=matching.missing,
        ignored=reviewers.ignored + surplus,
        candidates=_candidates(context, demand, reviewers, matching.missing) if matching.missing else {},
        touch=demand.touch,
    )
    return Tally(quorum, reviewers.rejecting)


def available(person: Person, at: datetime | None) -> str | None:
    """Why a person counts for nothing at ``at``, or None. Without a time an end date cannot be shown to lie ahead."""
    if person.suspended:
        return "suspended"
    if person.until is not None and (at is None or at.date() > parse_date(person.until)):
        return f"past {person.until}"
    return None


def _review(context: Context, demand: Demand) -> Reviewers:
    people = {person.id: person for person in context.facts.people.people}
    roles: dict[str, frozenset[str]] = {}
    how: dict[str, How] = {}
    at: dict[str, datetime] = {}
    ignored: list[Ignored] = []
    rejecting: list[str] = []
    for person, manner in _own(context, demand):
        if demand.touch and not _touched(context.facts):
            ignored.append(Ignored(person.id, UNTOUCHED))
            continue
        roles[person.id], how[person.id] = held_roles(demand, person), manner
    for opinion in _in_order(context.facts.opinions):
        name = opinion.person or opinion.fingerprint or "unknown"
        why = _flaw(context, demand, opinion)
        if why is None and opinion.decision == "reject":
            rejecting.append(name)
        elif why is None and name in roles:
            ignored.append(Ignored(name, "counts once already"))
        elif why is None:
            roles[name], how[name] = held_roles(demand, people[name]), opinion.source
            at[name] = opinion.created
        else:
            ignored.append(Ignored(name, why))
    for name in rejecting:
        roles.pop(name, None)
    return Reviewers(roles, how, at, tuple(ignored), tuple(dict.fromkeys(rejecting)))


def _in_order(opinions: tuple[Opinion, ...]) -> list[Opinion]:
    """Signed decisions first, so that a forge review beside one is the one that does not count."""
    return sorted(opinions, key=lambda one: (one.person or "", one.source != "signed", one.sha256 or ""))


def _own(context: Context, demand: Demand) -> Iterator[tuple[Person, How]]:
    """Return the proposer, where the signed proposal itself fills a slot. Only a change that one person made alone."""
    actors = tuple(context.facts.proposers.values())
    if not (demand.proposer_counts or demand.self_approval) or len(actors) != 1 or actors[0].kind != "person":
        return
    person = context.facts.people.person(actors[0].id)
    fit = person and available(person, context.facts.at) is None and _untrained(context, demand, person) is None
    if person and fit and held_roles(demand, person):
        yield person, "proposer" if demand.proposer_counts else "self"


def _untrained(context: Context, demand: Demand, person: Person) -> str | None:
    return untrained(person, context.policy.training, context.facts.at) if demand.trained else None


def _touched(facts: Facts) -> bool:
    """Whether every commit of the proposal was signed by a hardware key that somebody touched."""
    return all(commit.signature.touch for commit in facts.commits)


def holds_hardware(person: Person) -> bool:
    """Whether a person has a key that can say it was touched; a GPG card or a keyless identity cannot."""
    return any(key.type == "ssh" and key.hardware for key in person.keys)


def held_roles(demand: Demand, person: Person) -> frozenset[str]:
    """Return the slots' roles that ``person`` may fill. A grant scoped to models counts only there."""
    model = demand.model or ""
    return frozenset(slot.role for slot in demand.slots if any(person.holds(role, model) for role in slot.roles))


def _flaw(context: Context, demand: Demand, opinion: Opinion) -> str | None:
    """Why an opinion does not count, or None."""
    return (
        _flaw_of_record(context.facts, opinion)
        or _flaw_of_person(context, demand, opinion.person)
        or _flaw_of_approval(context, demand, opinion)
    )


def _flaw_of_record(facts: Facts, opinion: Opinion) -> str | None:
    if opinion.problem is not None:
        return opinion.problem
    if opinion.change_id != facts.change_id:
        return f"stale: approved change {opinion.change_id[:8]}"
    if opinion.decision == "withdraw":
        return "withdrawn"
    if facts.at is None:
        return "no time of acceptance to count it at"
    return "made after the acceptance" if opinion.created > moved(facts.at, CLOCK_TOLERANCE) else None


def _flaw_of_person(context: Context, demand: Demand, person: str | None) -> str | None:
    known = context.facts.people.person(person) if person is not None else None
    if person is None or known is None:
        return "not a person in the accepted people file"
    if (why := available(known, context.facts.at)) is not None:
        return why
    if (why := _too_close(context, demand, person)) is not None:
        return why
    return None if held_roles(demand, known) else "holds none of the roles that are needed here"


def _too_close(context: Context, demand: Demand, person: str) -> str | None:
    if demand.self_approval:
        return None
    actors = context.facts.proposers
    if person in actors and not (demand.proposer_counts and len(actors) == 1):
        return "author of the change"
    return "registered the version" if person in demand.excluded else None


def _flaw_of_approval(context: Context, demand: Demand, opinion: Opinion) -> str | None:
    """Flaws that make an approval worthless; a rejection with them still stands, to be on the safe side."""
    at, person = context.facts.at, context.facts.people.person(opinion.person or "")
    if opinion.decision == "reject" or at is None or person is None:
        return None
    if (why := _untrained(context, demand, person)) is not None:
        return why
    if opinion.expires is not None and opinion.expires <= at:
        return "expired"
    days = context.policy.approvals.max_age_days
    if days is not None and opinion.created < moved(at, -timedelta(days=days)):
        return f"older than {days} days"
    return _flaw_of_source(context, demand, opinion)


def _flaw_of_source(context: Context, demand: Demand, opinion: Opinion) -> str | None:
    if opinion.source != "signed" and _took_back(context.facts, opinion.person):
        return "taken back by a signed decision"
    if opinion.source != "signed" and demand.evidence == "signed":
        return f"a forge review; {demand.basis} and counts only signed decisions"
    return UNTOUCHED if demand.touch and not opinion.touch else None


def _took_back(facts: Facts, person: str | None) -> bool:
    """Whether a signed withdrawal stands: which came first nobody can tell, so the more restrictive word counts."""
    said = (one for one in facts.opinions if one.person == person and one.decision == "withdraw")
    return any(one.problem is None and one.change_id == facts.change_id for one in said)


def _candidates(
    context: Context, demand: Demand, reviewers: Reviewers, missing: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """Return per role, missing ones first, the persons whose approval would fill one more slot.

    Somebody without a missing role helps where a person who is seated already can move over to it.
    """
    useful: dict[str, list[str]] = {}
    for person in sorted(context.facts.people.people, key=lambda one: one.id):
        held = held_roles(demand, person)
        unfit = _flaw_of_person(context, demand, person.id) or _untrained(context, demand, person)
        if unfit or (demand.touch and not holds_hardware(person)):
            continue
        if not improves(demand.slots, reviewers.roles, person.id, held):
            continue
        for role in sorted(held.intersection(missing) or held):
            useful.setdefault(role, []).append(person.id)
    ordered = sorted(useful, key=lambda role: (role not in missing, role))
    return {role: tuple(useful[role]) for role in ordered}
