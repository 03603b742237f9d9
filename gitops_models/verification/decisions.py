"""Whose a decision is: the owner's of its key, or, of one in a Sigstore bundle, the person's whom it names.

A keyless decision counts when one of the identities that the accepted people file lists for that very person signed it,
verified offline against the root that the accepted policy pins; where none is pinned no keyless decision counts.
Sigstore, which takes a second to import, is reached only for a person who has such an identity.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.documents import SigstoreKey
from gitops_models.registry.paths import TRUSTED_ROOT_JSON
from gitops_models.trust.keyrings import PeopleKeyring, Standing
from gitops_models.trust.records import Decision
from gitops_models.verification.attached import root_of

if TYPE_CHECKING:
    from gitops_models.registry.documents import People
    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.trust.records import Record

__all__ = ["key_of", "standing_of"]

_NOBODY = Standing("untrusted", "GM-T002", "signed keyless by no identity that the people file lists for this person")


def standing_of(record: Record, people: People, accepted: Snapshot | None = None) -> Standing:
    """Say whose word ``record`` is; ``accepted`` holds the pinned trusted root.

    GM-T002 (nobody's here), GM-T005 (declared compromised), GM-T007 (not for decisions), and for a keyless one GM-T700
    to GM-T704 and GM-T708 (it does not verify).
    """
    keyring = PeopleKeyring(people)
    if not record.keyless:
        return keyring.lookup(record.fingerprint, record.namespace)
    person = people.person(record.body.person) if isinstance(record.body, Decision) else None
    standing, root = _NOBODY, root_of(accepted) if accepted is not None else None
    for key in person.keys if person else ():
        if not isinstance(key, SigstoreKey):
            continue
        fault = _fault(record.envelope, key.identity, key.issuer, root)
        if fault is None:
            return keyring.lookup(key.fingerprint, record.namespace)
        standing = Standing("untrusted", *fault)
    return standing


def key_of(record: Record, people: People, accepted: Snapshot) -> str:
    """The fingerprint of the key that signed a decision which counts, or of the listed identity that did."""
    person = people.person(record.body.person) if record.keyless and isinstance(record.body, Decision) else None
    listed = [key for key in person.keys if isinstance(key, SigstoreKey)] if person else []
    root = root_of(accepted) if listed else None
    theirs = (key for key in listed if _fault(record.envelope, key.identity, key.issuer, root) is None)
    return next((key.fingerprint for key in theirs), record.fingerprint)


def _fault(bundle: bytes, identity: str, issuer: str, root: bytes | None) -> tuple[str, str] | None:
    """Code and reason why the bundle does not speak for this identity; None when it does.

    Anybody may push junk: what names somebody else costs no verification, and takes no place among those kept.
    """
    from gitops_models.trust.keyless.claims import SignedBy  # noqa: PLC0415 - few decisions are keyless
    from gitops_models.trust.keyless.glance import require_named  # noqa: PLC0415 - as above

    try:
        require_named(bundle, SignedBy(identity, issuer))
        return _verified(bundle, identity, issuer, root)
    except GmError as error:
        return error.code, error.message


# A record is weighed again with every acceptance and every step that blocks; it is at most 64 KiB.
@lru_cache(maxsize=1024)
def _verified(bundle: bytes, identity: str, issuer: str, root: bytes | None) -> tuple[str, str] | None:
    from gitops_models.trust.keyless.bundle import verify_statement  # noqa: PLC0415 - reaches sigstore
    from gitops_models.trust.keyless.claims import SignedBy  # noqa: PLC0415 - few decisions are keyless
    from gitops_models.trust.keyless.roots import verifier_of  # noqa: PLC0415 - as above
    from gitops_models.trust.verdicts import PASSING  # noqa: PLC0415 - as above

    try:
        verify_statement(bundle, claim=SignedBy(identity, issuer), verifier=verifier_of(root, TRUSTED_ROOT_JSON))
    except GmError as error:
        if error.code in PASSING:  # not kept, also here: the next time it may be otherwise
            raise
        return error.code, error.message
    return None
