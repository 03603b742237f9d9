"""What a change of the people file means: who gains or loses which role, key, login, training. Pure.

Compared are the documents, never their lines, so a file that was only written anew shows no difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gitops_models.registry.canonical import sha256_hex
from gitops_models.registry.documents.keys import GpgKey
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitops_models.registry.documents.keys import Key
    from gitops_models.registry.documents.people import ForgeKey, Login, People, Person, RoleGrant, Workload
    from gitops_models.registry.documents.workflows import Workflow

    Member = Person | Workload | ForgeKey

LONGEST = 160
Turn = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class MemberChange:
    """What becomes of one person, workload or forge. ``lines`` begin with ``+``, ``-`` or ``~`` (another value)."""

    id: str
    kind: str
    turn: Turn
    lines: tuple[str, ...]


@dataclass(frozen=True)
class RoleChange:
    """Who holds a role before and after, with the models that a grant is limited to."""

    role: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class PeopleDifference:
    """Everything that differs between two people files; empty when they mean the same."""

    members: tuple[MemberChange, ...]
    roles: tuple[RoleChange, ...]
    compromised: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.members or self.compromised)


def difference(before: People, after: People) -> PeopleDifference:
    """Return what ``after`` changes, members in the order of their ids."""
    old, new = _members(before), _members(after)
    found = [_change(name, old.get(name), new.get(name)) for name in sorted({*old, *new})]
    return PeopleDifference(
        members=tuple(change for change in found if change.turn != "changed" or change.lines),
        roles=tuple(_roles(before, after)),
        compromised=tuple(_lines("compromised key", _compromised(before), _compromised(after))),
    )


def one_line(found: PeopleDifference) -> str:
    """Return the difference as the end of a title: of everybody the turn, then what is won and lost."""
    names = [one.id for one in found.members]
    parts = [_short(one, alone=len(names) == 1) for one in found.members]
    text = "; ".join([*parts, *found.compromised])
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]} ..."


def _short(one: MemberChange, *, alone: bool) -> str:
    who = [] if alone else [one.id]
    turn = [] if one.turn == "changed" else [{"added": "add", "removed": "remove"}[one.turn]]
    shown = [] if one.turn == "removed" else [line for line in one.lines if not line.startswith("+ e-mail")]
    return " ".join([*who, *turn, ", ".join(shown)]).strip()


def whole(found: PeopleDifference) -> tuple[str, ...]:
    """Return every line of the difference, by member, then the roles whose holders change."""
    lines: list[str] = []
    for one in found.members:
        turn = {"added": f"new {one.kind}", "removed": f"{one.kind} removed", "changed": one.kind}[one.turn]
        lines += [f"{one.id} ({turn})", *(f"  {line}" for line in one.lines)]
    lines += found.compromised
    for role in found.roles:
        lines.append(f"{role.role}: {', '.join(role.after) or 'nobody'} (was {', '.join(role.before) or 'nobody'})")
    return tuple(lines)


def key_words(key: Key) -> str:
    """Return a key as people compare it: its type, its fingerprint, and what it is limited to."""
    kind = key.key.partition(" ")[0] if key.type == "ssh" else key.type
    name = f"{key.identity} by {key.issuer}" if key.type == "sigstore" else key.fingerprint
    return f"{kind} {name}" + (f" for {', '.join(key.namespaces)} only" if key.namespaces is not None else "")


def _material(key: Key) -> str:
    """A GPG key can change under its fingerprint: other subkeys, another expiry."""
    return f" (bytes {sha256_hex(key.key.encode())[:12]})" if isinstance(key, GpgKey) else ""


def grant_words(grant: str | RoleGrant) -> str:
    """Return a role as people say it: ``raio``, ``domain-lead for fraud*``."""
    return grant if isinstance(grant, str) else f"{grant.role} for {', '.join(grant.models)}"


def workflow_words(found: Workflow) -> str:
    """Return a CI workflow with everything that its certificates have to say."""
    ids = f"repository {found.repository_id} of owner {found.owner_id}"
    where = f"at {found.ref} on {found.trigger}, runner {found.runner or 'any'}"
    return f"{found.identity} by {found.issuer}, {ids}, {where}"


def login_words(login: Login) -> str:
    """Return a login with its numeric id, which is what counts."""
    return f"{login.forge}:{login.login}:{login.id}"


def _members(people: People) -> Mapping[str, tuple[str, Member]]:
    kinds: tuple[tuple[str, Iterable[Member]], ...] = (
        ("person", people.people),
        ("workload", people.workloads),
        ("forge", people.forges),
    )
    return {member.id: (kind, member) for kind, members in kinds for member in members}


def _change(name: str, old: tuple[str, Member] | None, new: tuple[str, Member] | None) -> MemberChange:
    kind = (new or old or ("", None))[0]
    turn: Turn = "changed" if old and new else "added" if new else "removed"
    lines = (*_kind_lines(old, new), *_value_lines(_values(old), _values(new)), *_set_lines(_sets(old), _sets(new)))
    return MemberChange(name, kind, turn, lines)


def _kind_lines(old: tuple[str, Member] | None, new: tuple[str, Member] | None) -> Iterator[str]:
    if old and new and old[0] != new[0]:
        yield f"~ a {new[0]}, was a {old[0]}"


def _sets(member: tuple[str, Member] | None) -> dict[str, set[str]]:
    found = member[1] if member else None
    return {
        "role": {grant_words(grant) for grant in getattr(found, "roles", ())},
        "may": set(getattr(found, "may", ())),
        "key": {f"{key_words(key)}{_material(key)}" for key in getattr(found, "keys", ())},
        "workflow": {workflow_words(each) for each in getattr(found, "workflows", ())},
        "e-mail": set(getattr(found, "emails", ())),
        "login": {login_words(login) for login in getattr(found, "logins", ())},
    }


def _values(member: tuple[str, Member] | None) -> dict[str, str | None]:
    found = member[1] if member else None
    values = {
        "suspended": "yes" if getattr(found, "suspended", False) else None,
        "until": getattr(found, "until", None),
        "affiliation": getattr(found, "affiliation", None),
    }
    return values | {f"training {topic}": date for topic, date in getattr(found, "training", {}).items()}


def _set_lines(old: dict[str, set[str]], new: dict[str, set[str]]) -> Iterator[str]:
    for what, values in new.items():
        yield from _lines(what, old[what], values)


def _lines(what: str, old: set[str], new: set[str]) -> Iterator[str]:
    yield from (f"- {what} {value}" for value in sorted(old - new))
    yield from (f"+ {what} {value}" for value in sorted(new - old))


def _value_lines(old: dict[str, str | None], new: dict[str, str | None]) -> Iterator[str]:
    for what in dict.fromkeys([*old, *new]):
        before, after = old.get(what), new.get(what)
        if before == after:
            continue
        if before is None:
            yield f"+ {what} {after}"
        elif after is None:
            yield f"- {what} {before}"
        else:
            yield f"~ {what} {after}, was {before}"


def _compromised(people: People) -> set[str]:
    return {f"{entry.fingerprint} since {entry.since}" for entry in people.compromised}


def _roles(before: People, after: People) -> Iterator[RoleChange]:
    old, new = _holders(before), _holders(after)
    for role in sorted({*old, *new}):
        if old.get(role, ()) != new.get(role, ()):
            yield RoleChange(role, old.get(role, ()), new.get(role, ()))


def _holders(people: People) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for person in people.people:
        for grant in () if person.suspended else person.roles:
            role = grant if isinstance(grant, str) else grant.role
            scope = "" if isinstance(grant, str) else f" ({', '.join(grant.models)})"
            found.setdefault(role, set()).add(f"{person.id}{scope}")
    return {role: tuple(sorted(holders)) for role, holders in found.items()}
