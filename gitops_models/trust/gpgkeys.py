"""The keys of a gpg home as ``gpg --with-colons --list-keys`` lists them (gnupg, doc/DETAILS)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import field

from gitops_models.registry.values import dataclass

__all__ = ["GpgKey", "read_listing"]

_EMAIL = re.compile(r"<([^<>\s]+@[^<>\s]+)>\s*$")
_BARE = re.compile(r"[^<>\s]+@[^<>\s]+")
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")
_DEAD = frozenset("red")
_VALIDITY, _EXPIRES, _TEXT, _ABILITIES = 1, 6, 9, 11
_REVOKED, _SIGNS = "r", "s"


@dataclass(frozen=True)
class GpgKey:
    """One primary key. ``parts``: full fingerprint of it and of each subkey, with its expiry (None: never).

    ``users`` are its user IDs that are neither revoked nor expired, ``emails`` the addresses in them, lower case.
    ``revoked`` and ``idle`` are the parts that are revoked, and those that are not for signing.
    """

    fingerprint: str
    parts: Mapping[str, int | None]
    users: tuple[str, ...] = ()
    revoked: frozenset[str] = frozenset()
    idle: frozenset[str] = frozenset()

    @property
    def emails(self) -> frozenset[str]:
        """The addresses that the key speaks for."""
        found = (_EMAIL.search(user) or _BARE.fullmatch(user) for user in self.users)
        return frozenset(match[match.lastindex or 0].lower() for match in found if match)

    def until(self, fingerprint: str, signature_expires: int | None) -> int | None:
        """When a signature by the part ``fingerprint`` stops being good: the first of all expiries."""
        ends = (self.parts[self.fingerprint], self.parts[fingerprint], signature_expires)
        return min((end for end in ends if end), default=None)


@dataclass
class _Draft:
    parts: dict[str, int | None] = field(default_factory=dict)
    users: list[str] = field(default_factory=list)
    part: list[str] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)
    idle: set[str] = field(default_factory=set)

    def done(self) -> GpgKey:
        fingerprint = next(iter(self.parts))
        return GpgKey(fingerprint, self.parts, tuple(self.users), frozenset(self.revoked), frozenset(self.idle))

    def name(self, fingerprint: str, now: float) -> None:
        """Note the part that was read last under its fingerprint."""
        expires = int(self.part[_EXPIRES] or 0)
        self.parts[fingerprint] = expires if expires > now else None
        if self.part[_VALIDITY] == _REVOKED:
            self.revoked.add(fingerprint)
        if _SIGNS not in "".join(self.part[_ABILITIES : _ABILITIES + 1]):
            self.idle.add(fingerprint)


def read_listing(listing: bytes, now: float) -> Mapping[str, GpgKey]:
    """Return the keys of ``listing`` by fingerprint, without expiries before ``now``: those gpg itself reports."""
    drafts: list[_Draft] = []
    for fields in _records(listing):
        if fields[0] == "pub":
            drafts.append(_Draft())
        if drafts:
            _note(drafts[-1], fields, now)
    keys = [draft.done() for draft in drafts if draft.parts]
    return {key.fingerprint: key for key in keys}


def _note(draft: _Draft, fields: list[str], now: float) -> None:
    if fields[0] in {"pub", "sub"}:
        draft.part = fields
    elif fields[0] == "fpr":
        draft.name(fields[_TEXT], now)
    elif fields[0] == "uid" and fields[_VALIDITY] not in _DEAD:
        draft.users.append(_ESCAPED.sub(lambda match: chr(int(match[1], 16)), fields[_TEXT]))


def _records(listing: bytes) -> Iterator[list[str]]:
    # At newlines only: gpg leaves the other line breaks of Unicode in a user ID as they are.
    for line in listing.decode("utf-8", "replace").split("\n"):
        fields = line.split(":")
        if len(fields) > _TEXT:
            yield fields
