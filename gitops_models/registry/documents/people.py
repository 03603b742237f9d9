"""kind: People, who may sign what. Ids rather than personal data, because history is for ever."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from gitops_models.registry.documents._base import Date, Document, Email, Items, Line, Name, ObjectId, Part, about
from gitops_models.registry.documents.keys import EXAMPLE_KEY, GpgKey, Key, SigstoreKey
from gitops_models.registry.documents.repository import Glob
from gitops_models.registry.documents.workflows import Workflow
from gitops_models.registry.values import dataclass

May = Literal[
    "version-registered",
    "evidence-added",
    "promoted",
    "rolled-back",
    "hold-placed",
    "quarantined",
    "cause-opened",
    "acceptance",
    "receipt",
    "deployment",
    "checkpoint",
    "provenance",
]
ActorKind = Literal["person", "workload", "forge"]
_KEYS_EXAMPLE = [{"type": "ssh", "key": EXAMPLE_KEY}]
_WORKFLOW_EXAMPLE = {
    "identity": "https://github.com/acme/registry/.github/workflows/train.yml@refs/heads/main",
    "issuer": "https://token.actions.githubusercontent.com",
    "repository_id": "583231",
    "owner_id": "9919",
    "ref": "refs/heads/main",
}


@dataclass(frozen=True)
class Actor:
    """Whose key it is. ``namespaces`` and ``may`` are None where nothing is limited (``may``: not a workload)."""

    kind: ActorKind
    id: str
    emails: tuple[str, ...]
    namespaces: frozenset[str] | None
    may: frozenset[str] | None


class RoleGrant(Part):
    """A role for some models only."""

    role: Annotated[Name, about("The role.", "domain-lead")]
    models: Annotated[Items[Glob], Field(min_length=1), about("Models it holds for, as patterns.", ["fraud*"])]


class Login(Part):
    """An account on a forge; the numeric id is what counts, names can be taken over."""

    forge: Annotated[Name, about("The forge.", "github")]
    login: Annotated[Line, about("Account name, for people to read.", "octocat")]
    id: Annotated[int, about("Numeric account id.", 583231)]


class Person(Part):
    """Somebody who can sign, approve or operate."""

    id: Annotated[Name, about("Identifier.", "lead-1")]
    affiliation: Annotated[Line | None, about("Employer or kind of relation.", "contractor")] = None
    emails: Annotated[Items[Email], Field(min_length=1), about("Committer addresses.", ["lead-1@example.org"])]
    keys: Annotated[Items[Key], about("Signing keys.", _KEYS_EXAMPLE)] = ()
    roles: Annotated[
        Items[Name | RoleGrant],
        about("Roles, whole or for some models.", ["raio", {"role": "domain-lead", "models": ["fraud*"]}]),
    ] = ()
    logins: Annotated[
        Items[Login], about("Accounts on forges.", [{"forge": "github", "login": "octocat", "id": 583231}])
    ] = ()
    training: Annotated[
        dict[Name, Date], Field(default_factory=dict), about("Topic and date of training.", {"rollback": "2026-03-01"})
    ]
    until: Annotated[Date | None, about("Last day on which the person counts.", "2027-06-30")] = None
    suspended: Annotated[bool, about("Whether the person counts for nothing at present.", example=False)] = False

    def holds(self, role: str, model: str) -> bool:
        """Whether this person has ``role`` for ``model``; says nothing of training, time or suspension."""
        return any(_grants(grant, role, model) for grant in self.roles)

    def has_role(self, role: str) -> bool:
        """Whether this person has ``role`` for any model."""
        return any(role == (grant if isinstance(grant, str) else grant.role) for grant in self.roles)


def _grants(grant: str | RoleGrant, role: str, model: str) -> bool:
    if isinstance(grant, str):
        return grant == role
    return grant.role == role and any(fnmatchcase(model, pattern) for pattern in grant.models)


class Workload(Part):
    """A bot, CI system or reconciler; counts as zero approvals."""

    id: Annotated[Name, about("Identifier.", "ci")]
    emails: Annotated[Items[Email], about("Committer addresses.", ["ci@example.org"])] = ()
    keys: Annotated[Items[Key], about("Signing keys.", _KEYS_EXAMPLE)] = ()
    workflows: Annotated[Items[Workflow], about("CI workflows that sign for it keyless.", [_WORKFLOW_EXAMPLE])] = ()
    may: Annotated[Items[May], about("What it may sign.", ["evidence-added"])] = ()


class ForgeKey(Part):
    """The keys with which a forge signs merges; counts as zero approvals."""

    id: Annotated[Name, about("The forge.", "github")]
    keys: Annotated[Items[Key], about("Signing keys.", _KEYS_EXAMPLE)] = ()
    emails: Annotated[Items[Email], about("Committer addresses.", ["noreply@github.com"])] = ()


_KINDS: dict[type[Part], ActorKind] = {Person: "person", Workload: "workload", ForgeKey: "forge"}


class Compromised(Part):
    """A key that was in strange hands."""

    fingerprint: Annotated[
        str, StringConstraints(min_length=8), about("Fingerprint of the key.", "SHA256:47DEQpj8HBSa+/TImW+5JC")
    ]
    since: Annotated[ObjectId, about("Commit after which nothing it signed is trusted.", "0" * 40)]


class People(Document):
    """Everybody whose signature means something. The path is policies/people.yaml."""

    kind: Annotated[Literal["People"], about("The kind of document.", "People")] = "People"
    people: Annotated[
        Items[Person], about("Persons.", [{"id": "lead-1", "emails": ["lead-1@example.org"], "keys": _KEYS_EXAMPLE}])
    ] = ()
    workloads: Annotated[
        Items[Workload], about("Bots, CI, reconcilers.", [{"id": "ci", "may": ["evidence-added"]}])
    ] = ()
    forges: Annotated[Items[ForgeKey], about("Keys of forges.", [{"id": "github"}])] = ()
    compromised: Annotated[
        Items[Compromised],
        about("Keys known to be compromised.", [{"fingerprint": "SHA256:47DEQpj8HBSa+/TImW+5JC", "since": "0" * 40}]),
    ] = ()

    @model_validator(mode="after")
    def _nobody_twice(self) -> Self:
        _refuse_repeated("id", [member.id for member in self._members()])
        _refuse_repeated("key", [part for member in self._members() for key in member.keys for part in _parts(key)])
        _refuse_repeated("workflow", [each.fingerprint for load in self.workloads for each in load.workflows])
        self._refuse_two_kinds()
        _refuse_repeated("login", [f"{login.forge}:{login.id}" for person in self.people for login in person.logins])
        return self

    def _members(self) -> tuple[Person | Workload | ForgeKey, ...]:
        return (*self.people, *self.workloads, *self.forges)

    def _keys(self) -> Iterator[tuple[str, Actor]]:
        for member in self._members():
            kind = _KINDS[type(member)]
            may = frozenset(member.may) if isinstance(member, Workload) else None
            for key in member.keys:
                spaces = None if key.namespaces is None else frozenset(key.namespaces)
                yield key.fingerprint, Actor(kind, member.id, member.emails, spaces, may)

    def _refuse_two_kinds(self) -> None:
        """Refuse a workflow that signs as an identity which is the key of somebody else."""
        owners = {key.fingerprint: member.id for member in self._members() for key in member.keys}
        for load in self.workloads:
            for each in load.workflows:
                if owners.get(each.signer, load.id) != load.id:
                    raise ValueError(f"identity {each.signer} is listed twice")

    @cached_property
    def _by_fingerprint(self) -> dict[str, Actor]:
        return dict(self._keys())

    @cached_property
    def _by_identity(self) -> dict[tuple[str, str], Actor]:
        keys = (key for member in self._members() for key in member.keys)
        listed = [key for key in keys if isinstance(key, SigstoreKey)]
        return {(key.identity, key.issuer): self._by_fingerprint[key.fingerprint] for key in listed}

    @cached_property
    def _by_id(self) -> dict[str, Person]:
        return {person.id: person for person in self.people}

    @cached_property
    def _by_login(self) -> dict[tuple[str, int], Person]:
        return {(login.forge, login.id): person for person in self.people for login in person.logins}

    def actor(self, fingerprint: str) -> Actor | None:
        """Say whose key has this fingerprint (``SHA256:…`` for SSH, upper-case hex for OpenPGP), or None."""
        return self._by_fingerprint.get(fingerprint)

    def keyless(self, identity: str, issuer: str) -> Actor | None:
        """Say who signs keyless as ``identity`` of ``issuer``, both exactly as in the certificate, or None."""
        return self._by_identity.get((identity, issuer))

    def person(self, person_id: str) -> Person | None:
        """Return the person with this id, or None."""
        return self._by_id.get(person_id)

    def person_of_login(self, forge: str, account: int) -> Person | None:
        """Return the person with this numeric account on ``forge``, or None."""
        return self._by_login.get((forge, account))

    def workload(self, workload_id: str) -> Workload | None:
        """Return the workload with this id, or None."""
        return next((load for load in self.workloads if load.id == workload_id), None)

    def with_role(self, role: str, model: str) -> tuple[Person, ...]:
        """Return everybody who has ``role`` for ``model``, in the file's order."""
        return tuple(person for person in self.people if person.holds(role, model))


def _parts(key: Key) -> tuple[str, ...]:
    return key.parts if isinstance(key, GpgKey) else (key.fingerprint,)


def _refuse_repeated(what: str, values: list[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{what} {value} is listed twice")
        seen.add(value)
