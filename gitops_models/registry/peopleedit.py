"""Edits of the people file, each from one document to the next. Pure.

What is there already is left as it is, so the same edit made twice changes nothing the second time. An edit that would
give one key, login or address to two members is refused before anything is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from gitops_models.errors import GmError
from gitops_models.registry.documents import Login, People, Person, RoleGrant, Workload, validate
from gitops_models.registry.documents.keys import GpgKey
from gitops_models.registry.documents.people import Compromised, ForgeKey
from gitops_models.registry.names import check_name
from gitops_models.registry.paths import PEOPLE_YAML
from gitops_models.registry.peoplediff import grant_words
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitops_models.registry.documents.keys import Key

    Member = Person | Workload | ForgeKey

_T = TypeVar("_T")
_LISTS = ("people", "workloads", "forges")


@dataclass(frozen=True)
class Parts:
    """What a member gets or loses. ``until`` and ``affiliation`` replace what is there; ``may`` is for workloads."""

    emails: tuple[str, ...] = ()
    roles: tuple[str | RoleGrant, ...] = ()
    keys: tuple[Key, ...] = ()
    logins: tuple[Login, ...] = ()
    may: tuple[str, ...] = ()
    until: str | None = None
    affiliation: str | None = None


def parse_grant(text: str) -> str | RoleGrant:
    """Return the role in ``raio`` or ``domain-lead=fraud*,card*``; GM-D115 for anything else."""
    role, equals, models = text.partition("=")
    if not equals:
        return check_name(role, "role")
    try:
        return validate(RoleGrant, {"role": role, "models": models.split(",")}, text)
    except GmError as error:
        raise GmError("GM-D115", f"not a role: {error.message}", where=text) from error


def parse_login(text: str) -> Login:
    """Return the login in ``forge:name:id``; GM-D115 for anything else."""
    forge, _, rest = text.partition(":")
    login, _, number = rest.rpartition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 16):  # noqa: PLR2004 - an exact JSON number
        raise GmError("GM-D115", "a login is FORGE:NAME:ID with the numeric id of the account", where=text)
    try:
        return validate(Login, {"forge": forge, "login": login, "id": int(number)}, text)
    except GmError as error:
        raise GmError("GM-D115", f"not a login: {error.message}", where=text) from error


def members(people: People) -> tuple[Member, ...]:
    """Return every person, workload and forge."""
    return (*people.people, *people.workloads, *people.forges)


def member(people: People, name: str) -> Member:
    """Return the person, workload or forge called ``name``; GM-D110 where there is none."""
    found = next((one for one in members(people) if one.id == name), None)
    if found is None:
        known = ", ".join(one.id for one in members(people)) or "nobody"
        raise GmError("GM-D110", f"nobody here is called {name}", where=PEOPLE_YAML, details=(f"there: {known}",))
    return found


def person(people: People, name: str) -> Person:
    """Return the person called ``name``; GM-D110 where there is none, GM-D111 for a workload or forge."""
    found = member(people, name)
    if not isinstance(found, Person):
        raise GmError("GM-D111", f"{name} is no person", where=PEOPLE_YAML)
    return found


def add(people: People, name: str, parts: Parts) -> People:
    """Add a person (a workload where ``may`` says what it may sign), or what one who is there lacks.

    Raises GM-D111 where the id is something else, GM-D112 where a new person has no address, GM-D113 for a key, login
    or address of somebody else, GM-D117 for a key declared compromised, GM-D021 for what documents do not accept.
    """
    _refuse_compromised(people, parts.keys)
    check_name(name, "id")
    known = next((one for one in members(people) if one.id == name), None)
    if isinstance(known, ForgeKey) or (parts.may and isinstance(known, Person)):
        raise GmError("GM-D111", f"{name} is there as something else", where=PEOPLE_YAML)
    is_workload = bool(parts.may) or isinstance(known, Workload)
    if is_workload and (parts.roles or parts.logins or parts.until or parts.affiliation):
        raise GmError("GM-D111", f"{name} is a workload: only persons have roles and logins", where=PEOPLE_YAML)
    return _with(people, _grown(known or _new(name, parts), parts))


def remove(people: People, name: str) -> People:
    """Remove a whole member; GM-D110 where there is none."""
    gone = member(people, name)
    return _checked(
        people, {field: tuple(one for one in getattr(people, field) if one is not gone) for field in _LISTS}
    )


def take(people: People, name: str, parts: Parts, keys: Iterable[str] = ()) -> People:
    """Take roles, logins and addresses, and the keys of these fingerprints from a member.

    A role without models takes every grant of it. Raises GM-D110, and GM-D114 for what the member does not have.
    """
    known = member(people, name)
    changes = {
        "roles": _without(known, "role", parts.roles, _has_role),
        "logins": _without(known, "login", parts.logins, lambda one, gone: one == gone),
        "emails": _without(known, "e-mail", parts.emails, lambda one, gone: one.lower() == gone.lower()),
        "keys": _without(known, "key", tuple(keys), lambda one, gone: one.fingerprint == gone),
    }
    return _with(people, _replaced(known, {name: value for name, value in changes.items() if value is not None}))


def rotate(people: People, name: str, old: str, new: Key, *, since: str | None = None) -> People:
    """Put ``new`` in the place of the key with the fingerprint ``old``, limited to the same namespaces.

    ``since`` declares the old key compromised from that commit on. Done already, nothing changes. Raises GM-D110,
    GM-D114 where the member has no such key, GM-D116 where the key was declared compromised from another commit on, and
    the codes of ``add`` for the new key.
    """
    _refuse_compromised(people, (new,))
    known = member(people, name)
    held = {key.fingerprint for key in known.keys}
    if old == new.fingerprint or not held & {old, new.fingerprint} or _is_of_another(people, old, name):
        raise GmError("GM-D114", f"{old} is no key of {name} that {new.fingerprint} can replace", where=PEOPLE_YAML)
    turned = _with(people, _replaced(known, {"keys": tuple(_turned(known.keys, old, new))}))
    return declare_compromised(turned, old, since) if since else turned


def declare_compromised(people: People, fingerprint: str, since: str) -> People:
    """Declare a key compromised from the commit ``since`` on; GM-D116 where another commit is declared."""
    known = next((entry for entry in people.compromised if entry.fingerprint == fingerprint), None)
    if known is not None and known.since != since:
        raise GmError("GM-D116", f"{fingerprint} is declared compromised since {known.since}", where=PEOPLE_YAML)
    if known is not None:
        return people
    entry = validate(Compromised, {"fingerprint": fingerprint, "since": since}, PEOPLE_YAML)
    return _checked(people, {"compromised": (*people.compromised, entry)})


def suspend(people: People, name: str, *, suspended: bool) -> People:
    """Let a person count for nothing, or count again; GM-D110, GM-D111 for a workload or forge."""
    return _with(people, _replaced(person(people, name), {"suspended": suspended}))


def train(people: People, name: str, topic: str, date: str) -> People:
    """Note a training; GM-D110, GM-D111 for a workload or forge, GM-D021 for a date or topic that is none."""
    known = person(people, name)
    return _with(people, _replaced(known, {"training": {**known.training, topic: date}}))


def _new(name: str, parts: Parts) -> Person | Workload:
    if parts.may:
        return Workload(id=name)
    if not parts.emails:
        raise GmError("GM-D112", f"{name} is new and needs an address to commit with", where=PEOPLE_YAML)
    return validate(Person, {"id": name, "emails": parts.emails}, f"{PEOPLE_YAML}: {name}")


def _grown(known: Person | Workload, parts: Parts) -> Member:
    """``known`` with what it lacks of ``parts``."""
    lists: dict[str, tuple[Any, ...]] = {"emails": parts.emails}
    values: dict[str, Any] = {"keys": _keys(known, parts.keys)}
    if isinstance(known, Workload):
        return _replaced(known, {**_joined(known, {**lists, "may": parts.may}), **values})
    single = {"until": parts.until, "affiliation": parts.affiliation}
    values |= {field: value for field, value in single.items() if value is not None}
    return _replaced(known, {**_joined(known, {**lists, "roles": parts.roles, "logins": parts.logins}), **values})


def _joined(known: Member, lists: dict[str, tuple[Any, ...]]) -> dict[str, Any]:
    return {field: _once((*getattr(known, field), *more)) for field, more in lists.items()}


def _keys(known: Member, given: tuple[Key, ...]) -> tuple[Key, ...]:
    """The member's keys and those that it lacks; a GPG key that is there takes the new bytes, which hold its expiry."""
    more = {key.fingerprint: key for key in given}
    kept = [_renewed(key, more.pop(key.fingerprint, key)) for key in known.keys]
    return (*kept, *more.values())


def _renewed(old: Key, new: Key) -> Key:
    return new.model_copy(update={"namespaces": old.namespaces}) if isinstance(new, GpgKey) else old


def _once(values: Iterable[_T]) -> tuple[_T, ...]:
    found: list[_T] = []
    for value in values:
        if value not in found:
            found.append(value)
    return tuple(found)


def _has_role(one: str | RoleGrant, gone: str | RoleGrant) -> bool:
    if isinstance(gone, str):
        return gone == (one if isinstance(one, str) else one.role)
    return one == gone


def _without(known: Member, what: str, gone: tuple[Any, ...], same: Any) -> tuple[Any, ...] | None:
    """The member's list without ``gone``; None where nothing is to go, which other members may not even have."""
    if not gone:
        return None
    there = getattr(known, {"role": "roles", "login": "logins", "e-mail": "emails", "key": "keys"}[what], ())
    for each in gone:
        if not any(same(one, each) for one in there):
            shown = grant_words(each) if what == "role" else f"{each.forge}:{each.id}" if what == "login" else each
            raise GmError("GM-D114", f"{known.id} has no {what} {shown}", where=PEOPLE_YAML)
    return tuple(one for one in there if not any(same(one, each) for each in gone))


def _is_of_another(people: People, fingerprint: str, name: str) -> bool:
    owner = people.actor(fingerprint)
    return owner is not None and owner.id != name


def _turned(keys: tuple[Key, ...], old: str, new: Key) -> Iterator[Key]:
    there = any(key.fingerprint == new.fingerprint for key in keys)
    for key in keys:
        if key.fingerprint != old:
            yield key
        elif not there:
            yield new if new.namespaces is not None else new.model_copy(update={"namespaces": key.namespaces})


def _refuse_compromised(people: People, keys: Iterable[Key]) -> None:
    declared = {entry.fingerprint: entry.since for entry in people.compromised}
    for key in keys:
        if key.fingerprint in declared:
            message = f"{key.fingerprint} is declared compromised since {declared[key.fingerprint]}"
            raise GmError("GM-D117", message, where=PEOPLE_YAML)


def _replaced(known: Member, changes: dict[str, Any]) -> Member:
    return validate(type(known), {**_fields(known), **changes}, f"{PEOPLE_YAML}: {known.id}")


def _fields(part: Any) -> dict[str, Any]:
    return {name: getattr(part, name) for name in type(part).model_fields}


def _with(people: People, changed: Member) -> People:
    """The document with ``changed`` in the place of the member of that id, or as the last of its kind.

    GM-D113 where that gives the member what somebody else has.
    """
    field = {Person: "people", Workload: "workloads", ForgeKey: "forges"}[type(changed)]
    present: tuple[Member, ...] = getattr(people, field)
    before = next((one for one in present if one.id == changed.id), None)
    _refuse_taken(people, changed, set(_marks(before)) if before else set())
    listed = tuple(changed if one is before else one for one in present)
    return _checked(people, {field: listed if before else (*listed, changed)})


def _refuse_taken(people: People, changed: Member, had: set[str]) -> None:
    owners = {mark: one.id for one in members(people) if one.id != changed.id for mark in _marks(one)}
    for mark in _marks(changed):
        if mark in owners and mark not in had:
            raise GmError("GM-D113", f"{mark} belongs to {owners[mark]}", where=PEOPLE_YAML)


def _marks(one: Member) -> Iterator[str]:
    """What nobody else may have. An account is its number; its name, which can be taken over, is not shared either."""
    yield from (f"key {key.fingerprint}" for key in one.keys)
    yield from (f"address {email.lower()}" for email in one.emails)
    for login in one.logins if isinstance(one, Person) else ():
        yield f"account {login.id} of {login.forge}"
        yield f"login {login.forge}:{login.login.lower()}"


def _checked(people: People, changes: dict[str, Any]) -> People:
    return validate(People, {**_fields(people), **changes}, PEOPLE_YAML)
