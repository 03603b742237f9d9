"""Everything the judge may know beside the change and the policy (DESIGN.md section 6, TRUST.md section 2).

The verification layer gathers these values; they hold no handle to anything that could be asked again, so the same
facts give the same verdict in the pull request, at the server's door, in the reconciler and in the audit.
"""

from __future__ import annotations

from dataclasses import field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gitops_models.registry.documents import Actor, People
    from gitops_models.registry.state import AcceptedState

SignatureVerdict = Literal["good", "untrusted", "expired", "revoked", "bad", "malformed", "unsigned"]
SignatureScheme = Literal["ssh", "gpg", "x509"]
Decision = Literal["approve", "reject", "withdraw"]
OpinionSource = Literal["signed", "forge"]


@dataclass(frozen=True)
class Signature:
    """What checking one signature gave. ``code`` is the GM-T code of the fault.

    ``fingerprint`` is ``SHA256:…`` (SSH), upper-case hex of the primary key (GPG) or of the certificate's SHA-256
    (X.509). ``touch`` and ``pin`` say what a hardware key asked of its owner; None for other keys.
    ``alias`` is the signing part of a GPG key where it is not the primary one, or the listed identity (X.509).
    """

    verdict: SignatureVerdict
    code: str | None = None
    fingerprint: str | None = None
    detail: str = ""
    scheme: SignatureScheme | None = None
    touch: bool | None = None
    pin: bool | None = None
    alias: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The fingerprint and the alias, where there are such: what the people file may call the key."""
        return tuple(name for name in (self.fingerprint, self.alias) if name)

    @property
    def good(self) -> bool:
        """Whether the signature is valid and made by a key of the accepted people file."""
        return self.verdict == "good"


@dataclass(frozen=True)
class CommitFact:
    """One proposal commit (or the single fast-forwarded commit) that touches governed paths.

    ``blobs`` holds each touched path with the object id that the commit leaves there (None: it removed the file), so
    that nobody is taken for the signer of what a later commit put in its place. ``email_ok`` says that the committer
    e-mail belongs to ``actor``; ``reason`` is the commit's ``Gm-Reason``.
    """

    oid: str
    blobs: tuple[tuple[str, str | None], ...]
    signature: Signature
    actor: Actor | None
    email_ok: bool
    reason: str | None = None

    @cached_property
    def touched(self) -> tuple[str, ...]:
        """The touched paths."""
        return tuple(path for path, _ in self.blobs)

    @property
    def signer(self) -> str | None:
        """Who signed it: the id of a known actor, None where the signature is not good."""
        return self.actor.id if self.actor is not None and self.signature.good else None


@dataclass(frozen=True)
class MergeFact:
    """The first-parent commit itself; ``oid`` is None while nothing is merged.

    ``foreign`` lists governed paths whose blob is in none of the merge's parents: content nobody proposed.
    """

    oid: str | None = None
    signature: Signature | None = None
    actor: Actor | None = None
    email_ok: bool = True
    foreign: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attestation:
    """What checking the statement at ``path`` against one declared workload gave.

    ``code`` is the GM-T code of what does not hold, None where the workload signed where the version comes from.
    """

    path: str
    workload: str
    code: str | None = None
    detail: str = ""


@dataclass(frozen=True)
class Unratified:
    """An emergency rollback of one stage that nobody but its proposers agreed to so far.

    ``at`` is the time of its acceptance, ``change_id`` what a ratification speaks for.
    """

    model: str
    stage: str
    step: str
    change_id: str
    at: datetime | None


@dataclass(frozen=True)
class Opinion:
    """The standing decision of one reviewer on a change, or one that trust already ignored (``problem`` says why).

    ``person`` is the id in the accepted people file, None for a key or login that belongs to no person. ``sha256``
    identifies the signed record (None for a forge review). ``roles`` are the roles the record claims; they are shown,
    never believed. ``touch`` says that a hardware key signed and somebody touched it.
    """

    person: str | None
    fingerprint: str | None
    decision: Decision
    sha256: str | None
    change_id: str
    created: datetime
    expires: datetime | None = None
    source: OpinionSource = "signed"
    problem: str | None = None
    roles: tuple[str, ...] = ()
    touch: bool = False


@dataclass(frozen=True)
class Facts:
    """Facts for one change.

    ``follows`` are pairs of a commit that the change calls poisoned and a commit of code that descends from it in this
    repository.
    ``at`` is the acceptance's time (the only time the judge sees; None means that time bound rules cannot be met).
    ``people`` and ``state`` are the accepted ones before this step. ``live`` is True for whoever sees the step now:
    admission rules deny then and only warn on replay. ``commits`` are all commits behind the change: where a scope is
    blocked, those of the blocked steps too, because their content is judged again. ``tags`` maps the name of each tag
    with a good signature to the commit it stands for (``None``: tags were not looked at). ``bytes_present`` maps
    (model, version) to presence (``None``: not looked at). ``provenance`` maps (model, version) to what became of each
    statement attached to it under each workload that a stage of the change asks for. ``malformed`` maps the path of
    each signature that the change attaches to the GM-T code and reason why it is none. ``accepted`` says that an
    acceptance record exists or that none is needed. ``unratified`` are the emergencies of the change's models that
    nobody ratified (``None``: not looked at).
    """

    change_id: str
    at: datetime | None
    people: People
    state: AcceptedState
    commits: tuple[CommitFact, ...] = ()
    merge: MergeFact | None = None
    opinions: tuple[Opinion, ...] = ()
    live: bool = True
    tags: Mapping[str, str] | None = None
    bytes_present: Mapping[tuple[str, str], bool] | None = None
    provenance: Mapping[tuple[str, str], tuple[Attestation, ...]] = field(default_factory=dict)
    follows: frozenset[tuple[str, str]] = frozenset()
    malformed: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    accepted: bool = True
    unratified: tuple[Unratified, ...] | None = None

    @property
    def proposers(self) -> Mapping[str, Actor]:
        """The actors who signed proposal commits, by id."""
        known = {commit.actor.id: commit.actor for commit in self.commits if commit.actor and commit.signature.good}
        return MappingProxyType(known)
