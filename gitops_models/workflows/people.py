"""Who may sign what: every change of the people file is a proposal like any other.

The document is derived from the accepted one and written canonically; the title says what becomes of whom, the body
names every role, key and login, and both are made from the difference itself, not from what was asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry import peopleedit as edit
from gitops_models.registry.documents import render, validate
from gitops_models.registry.documents.keys import GpgKey, SigstoreKey, SshKey
from gitops_models.registry.paths import PEOPLE_YAML
from gitops_models.registry.peoplediff import PeopleDifference, difference, one_line, whole
from gitops_models.registry.times import parse_date
from gitops_models.registry.trailers import GM_EVENT
from gitops_models.registry.values import dataclass
from gitops_models.store.history import is_ancestor
from gitops_models.verification.attached import root_of
from gitops_models.workflows.keyfiles import gpg_fingerprint, read_gpg_key, read_ssh_key
from gitops_models.workflows.propose import Draft, Opened, propose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitops_models.registry.documents import Login, People, RoleGrant
    from gitops_models.registry.documents.keys import Key
    from gitops_models.workflows.session import Session


SHORTEST = len("SHA256:") + 8


@dataclass(frozen=True)
class Given:
    """Parts of a member as they stand on a command line."""

    emails: Sequence[str] = ()
    roles: Sequence[str] = ()
    keys: Sequence[str] = ()
    gpg: Sequence[str] = ()
    sigstore: Sequence[str] = ()
    issuer: str | None = None
    logins: Sequence[str] = ()
    may: Sequence[str] = ()
    until: str | None = None
    affiliation: str | None = None

    @property
    def anything(self) -> bool:
        """Whether anything at all was named."""
        return any((self.emails, self.roles, self.keys, self.gpg, self.sigstore, self.logins, self.may))


@dataclass(frozen=True)
class PeopleChange:
    """What would change; ``opened`` is None where nothing does, because it is like that already.

    ``rootless`` says that a keyless identity is added and counts for nothing yet: the policy pins no trusted root.
    """

    difference: PeopleDifference
    opened: Opened | None
    rootless: bool = False


@dataclass(frozen=True)
class Publishing:
    """How a change goes out."""

    reason: str
    dry_run: bool = False
    no_push: bool = False


def add(session: Session, name: str, given: Given, how: Publishing) -> PeopleChange:
    """Add a person or workload, or what one who is there lacks.

    Raises GM-C183 for a role that the policy does not list, the codes of ``keyfiles`` for keys, of ``peopleedit`` for
    what does not fit, and ``Denied`` (GM-P703) where a quorum could not be met any more.
    """
    parts = _parts(session, given)
    return _change(session, name, lambda people: edit.add(people, name, parts), how)


def remove(session: Session, name: str, given: Given, how: Publishing, *, whole_person: bool) -> PeopleChange:
    """Take parts from a member, or the whole member away. GM-C182 where neither or both are named."""
    if whole_person == given.anything:
        what = "parts and the whole person" if whole_person else "neither a part nor the whole person"
        raise GmError("GM-C182", f"{what} named", where=name)
    if whole_person:
        return _change(session, name, lambda people: edit.remove(people, name), how)
    parts = edit.Parts(emails=tuple(given.emails), roles=_roles(given), logins=_logins(given))
    gone = [_fingerprint(session, key) for key in (*given.keys, *given.gpg)]
    gone += [key.fingerprint for key in _identities(given)]
    return _change(session, name, lambda people: edit.take(people, name, parts, gone), how)


def rotate(session: Session, name: str, old: str, new: Given, how: Publishing, *, since: str | None) -> PeopleChange:
    """Replace a key by another; ``since`` declares the old one compromised from that commit on.

    Raises GM-C180 unless exactly one new key is named, GM-C185 where ``since`` is no commit of the line.
    """
    keys = _keys(new)
    if len(keys) != 1:
        raise GmError("GM-C180", f"{len(keys)} new keys where one belongs", where=name)
    gone = _fingerprint(session, old)
    commit = _commit(session, since) if since else None
    return _change(session, name, lambda people: edit.rotate(people, name, gone, keys[0], since=commit), how)


def suspend(session: Session, name: str, how: Publishing, *, suspended: bool) -> PeopleChange:
    """Let a person count for nothing from the acceptance on, or count again."""
    return _change(session, name, lambda people: edit.suspend(people, name, suspended=suspended), how)


def train(session: Session, name: str, topic: str, date: str, how: Publishing) -> PeopleChange:
    """Note a training; GM-C184 for a day that lies ahead."""
    if parse_date(date) > session.clock.now().date():
        raise GmError("GM-C184", f"{date} has not come yet", where=name)
    return _change(session, name, lambda people: edit.train(people, name, topic, date), how)


def _change(session: Session, name: str, apply: Callable[[People], People], how: Publishing) -> PeopleChange:
    before = session.history.people
    after = apply(before)
    found = difference(before, after)
    if not found:
        return PeopleChange(found, None)
    draft = Draft(
        event="people",
        model="policy",
        subject=f"people({name}): {one_line(found)}",
        body="\n".join(whole(found)),
        reason=how.reason,
        updates={PEOPLE_YAML: render(after)},
        trailers=((GM_EVENT, "people-changed"),),
    )
    rootless = bool(_keyless(after) - _keyless(before)) and root_of(session.accepted) is None
    return PeopleChange(found, propose(session, draft, dry_run=how.dry_run, no_push=how.no_push), rootless)


def _keyless(people: People) -> frozenset[str]:
    keys = [key for person in people.people for key in person.keys]
    keys += [key for workload in people.workloads for key in workload.keys]
    return frozenset(key.fingerprint for key in keys if isinstance(key, SigstoreKey))


def _parts(session: Session, given: Given) -> edit.Parts:
    roles = _roles(given)
    known = session.history.policy.roles
    for grant in roles:
        role = grant if isinstance(grant, str) else grant.role
        if role not in known:
            raise GmError("GM-C183", f"the policy knows no role {role}", details=(f"roles: {', '.join(known)}",))
    return edit.Parts(
        emails=tuple(given.emails),
        roles=roles,
        keys=_keys(given),
        logins=_logins(given),
        may=tuple(given.may),
        until=given.until,
        affiliation=given.affiliation,
    )


def _roles(given: Given) -> tuple[str | RoleGrant, ...]:
    return tuple(edit.parse_grant(text) for text in given.roles)


def _logins(given: Given) -> tuple[Login, ...]:
    return tuple(edit.parse_login(text) for text in given.logins)


def _keys(given: Given) -> tuple[Key, ...]:
    ssh = (SshKey(type="ssh", key=read_ssh_key(text).line) for text in given.keys)
    return (*ssh, *(_gpg_key(text) for text in given.gpg), *_identities(given))


def _gpg_key(given: str) -> GpgKey:
    fingerprint, key = read_gpg_key(given)
    return validate(GpgKey, {"type": "gpg", "fingerprint": fingerprint, "key": key}, given)


def _identities(given: Given) -> tuple[SigstoreKey, ...]:
    if bool(given.sigstore) != bool(given.issuer):
        raise GmError("GM-C186", "--sigstore and --issuer go together", where=given.issuer or given.sigstore[0])
    fields = ({"type": "sigstore", "identity": identity, "issuer": given.issuer} for identity in given.sigstore)
    return tuple(validate(SigstoreKey, one, "--sigstore and --issuer") for one in fields)


def _fingerprint(session: Session, given: str) -> str:
    """The fingerprint that ``given`` is or begins, or that of the SSH key which it holds or names."""
    known = {key.fingerprint for member in edit.members(session.history.people) for key in member.keys}
    begun = [one for one in known if one.startswith(given)] if len(given) >= SHORTEST else []
    if given.startswith("SHA256:") or given in known:
        return begun[0] if len(begun) == 1 else given
    return gpg_fingerprint(given) or read_ssh_key(given).fingerprint


def _commit(session: Session, revision: str) -> str:
    """The commit that ``revision`` names, which has to lie in the past of the line."""
    oid = session.store.resolve(revision)
    if not is_ancestor(session.store, oid, session.history.tip):
        raise GmError("GM-C185", f"{oid[:12]} is not in the history of {session.line}", where=revision)
    return oid
