"""Whose key it is: the question that comes after a signature fits."""

from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

from gitops_models.registry.values import dataclass
from gitops_models.trust.hardware import Presence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.registry.documents import Actor, Key, People
    from gitops_models.trust.certificates import Certificate

__all__ = ["Checked", "Keyring", "PeopleKeyring", "Standing", "listed_keys"]

StandingVerdict = Literal["good", "untrusted", "expired", "revoked"]


@dataclass(frozen=True)
class Standing:
    """What a keyring says about a key for one purpose at one time."""

    verdict: StandingVerdict
    code: str | None = None
    detail: str = ""
    principals: tuple[str, ...] = ()
    actor: "Actor | None" = None


@dataclass(frozen=True)
class Checked:
    """A signature that fits, by the key of ``fingerprint``: how that key stands, and who was there (hardware keys).

    ``until``: the verdict may be another one from then on (seconds since 1970), because a key expires. ``alias``
    is what else the people file may call the key: the part that signed (GPG), the identity (X.509).
    """

    fingerprint: str
    standing: Standing
    presence: Presence | None = None
    until: int | None = None
    alias: str | None = None


class Keyring(Protocol):
    """Knows keys by their OpenSSH fingerprint."""

    def lookup(self, fingerprint: str, namespace: str, at: datetime | None) -> Standing:
        """Say how the key stands for signatures in ``namespace`` made at ``at``."""
        ...

    def vouch(self, certificate: "Certificate", namespace: str, at: datetime | None) -> Standing:
        """Say how a certified key stands: whether an authority that is known here vouches for it."""
        ...


def listed_keys(people: "People") -> "Iterator[Key]":
    """Yield the keys of everybody in the file."""
    for group in (people.people, people.workloads, people.forges):
        for member in group:
            yield from member.keys


class PeopleKeyring:
    """The keys of one accepted people file. It knows no dates: a key counts as long as the file names it."""

    def __init__(self, people: "People") -> None:
        self._people = people
        self._compromised = frozenset(entry.fingerprint for entry in people.compromised)

    def lookup(self, fingerprint: str, namespace: str, at: datetime | None = None) -> Standing:  # noqa: ARG002 - see class
        """Say whose key it is; GM-T002 nobody's, GM-T005 declared compromised, GM-T007 not for this namespace."""
        actor = self._people.actor(fingerprint)
        if fingerprint in self._compromised:
            return Standing("revoked", "GM-T005", f"key {fingerprint} is declared compromised", actor=actor)
        if actor is None:
            return Standing("untrusted", "GM-T002", f"key {fingerprint} belongs to nobody in the accepted people file")
        if actor.namespaces is not None and namespace not in actor.namespaces:
            detail = f"the key of {actor.id} is limited to {', '.join(sorted(actor.namespaces))}"
            return Standing("untrusted", "GM-T007", detail, actor=actor)
        return Standing("good", principals=(actor.id,), actor=actor)

    def vouch(self, certificate: "Certificate", namespace: str, at: datetime | None = None) -> Standing:  # noqa: ARG002 - see below
        """Refuse certificates (GM-T025): an authority outside the accepted file would decide who counts."""
        detail = f"certified by {certificate.authority}, but the people file names keys, not authorities"
        return Standing("untrusted", "GM-T025", detail)
