"""How people, and changes of people, are shown: by ``gm trust people`` and ``gm show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_models.cli.output import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.registry.documents import People, Person
    from gitops_models.registry.peoplediff import PeopleDifference
    from gitops_models.verification.history import History


def people_body(people: People) -> dict[str, Any]:
    """Everybody for ``--json``, with the fingerprint of each key."""
    from gitops_models.registry.documents import plain

    def body(member: Any) -> dict[str, Any]:
        keys = [{"type": key.type, "fingerprint": key.fingerprint} for key in member.keys]
        return {**plain(member), "keys": keys}

    groups = {"people": people.people, "workloads": people.workloads, "forges": people.forges}
    bodies = {name: [body(member) for member in members] for name, members in groups.items()}
    return {**bodies, "compromised": [plain(entry) for entry in people.compromised]}


def people_lines(history: History) -> Iterator[str]:
    """Everybody for people: a line for each person with roles, then a line for each key."""
    from gitops_models.registry.peoplediff import grant_words, key_words
    from gitops_models.registry.peopleedit import members

    people = history.people
    rows = [
        (one.id, ", ".join(grant_words(grant) for grant in one.roles) or "-", _state(one) or "-")
        for one in people.people
    ]
    yield from table(rows, ("PERSON", "ROLES", "STATE")) if rows else ["nobody"]
    yield from (f"workload {one.id}: may {', '.join(one.may) or 'do nothing'}" for one in people.workloads)
    yield from (f"forge {one.id}" for one in people.forges)
    yield "keys:"
    for member in members(people):
        yield from (f"  {member.id}  {key_words(key)}" for key in member.keys)
    yield from (f"compromised: {entry.fingerprint} since {entry.since[:12]}" for entry in people.compromised)
    yield from _holders(history)


def difference_body(found: PeopleDifference) -> dict[str, Any]:
    """A difference for ``--json``."""
    return {
        "members": [
            {"id": one.id, "kind": one.kind, "turn": one.turn, "lines": list(one.lines)} for one in found.members
        ],
        "compromised": list(found.compromised),
        "roles": [{"role": one.role, "before": list(one.before), "after": list(one.after)} for one in found.roles],
    }


def difference_lines(found: PeopleDifference) -> Iterator[str]:
    """A difference for people: of everybody what is won and lost, then who holds the roles that change hands."""
    from gitops_models.registry.peoplediff import whole

    yield "people:" if found else "people: the same, written in another way"
    yield from (f"  {line}" for line in whole(found))


def _state(person: Person) -> str:
    words = ["suspended"] if person.suspended else []
    words += [f"until {person.until}"] if person.until else []
    words += ["no key"] if not person.keys else []
    return ", ".join([*words, *(f"{topic} {date}" for topic, date in person.training.items())])


def _holders(history: History) -> Iterator[str]:
    """The roles of the policy that nobody holds: each may be a quorum that cannot be met."""
    held = {role for role in history.policy.roles if any(one.has_role(role) for one in history.people.people)}
    free = [role for role in history.policy.roles if role not in held]
    if free:
        yield f"nobody is {', '.join(free)}"
