"""Keyless signatures (gitsign) on governed history: by the identities that the accepted people file lists.

Verified offline against the trusted root that the accepted policy pins; without one no keyless signature counts.
Sigstore, which takes a second to import, is reached only for a commit that a listed identity may have signed and that
carries its log entry.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.documents import SigstoreKey
from gitops_models.registry.paths import TRUSTED_ROOT_JSON
from gitops_models.trust.cms import CmsSignature, check_cms
from gitops_models.trust.gitsign import WITHOUT_ENTRY, rebuild_bundle
from gitops_models.trust.keyrings import Checked, PeopleKeyring, Standing, listed_keys
from gitops_models.trust.payload import Signed
from gitops_models.trust.problem import SignatureProblem
from gitops_models.trust.verdicts import PASSING

if TYPE_CHECKING:
    from sigstore.verify import Verifier

    from gitops_models.registry.documents import People

__all__ = ["PeopleGitsign"]

_GIT = "git"


class PeopleGitsign:
    """Checks keyless signatures by one accepted people file; ``root`` are the bytes of a pinned trusted root."""

    def __init__(self, people: "People", root: bytes | None = None) -> None:
        self._people = people
        self._root = root

    def check(self, objects: Sequence[Signed]) -> list[Checked | SignatureProblem]:
        """Say for each object what its keyless signature is worth.

        GM-T002 (by nobody who is listed), GM-T005 (declared compromised), GM-T007 (not for Git), GM-T052 (no log entry
        inside), GM-T053 (a broken one), GM-T702 to GM-T704 and GM-T708 (does not verify), and the codes of ``cms``.
        """
        return [self._check(signed) for signed in objects]

    def _check(self, signed: Signed) -> Checked | SignatureProblem:
        try:
            made = check_cms(signed.payload, signed.signature or b"")
            bundle = rebuild_bundle(made)
        except SignatureProblem as problem:
            return problem
        standing, alias = self._standing(made, bundle) if bundle else (WITHOUT_ENTRY, None)
        return Checked(made.fingerprint, standing, alias=alias)

    def _standing(self, made: CmsSignature, bundle: bytes) -> tuple[Standing, str | None]:
        """How the signature stands, and the fingerprint of the listed identity that made it."""
        standing = Standing("untrusted", "GM-T002", "signed keyless by nobody in the accepted people file")
        digest = hashlib.sha256(made.attributes).hexdigest()
        for key in self._candidates(made):
            listed = PeopleKeyring(self._people).lookup(key.fingerprint, _GIT)
            fault = _fault_now(bundle, digest, key.identity, key.issuer, self._root)
            if fault is None:
                return listed, key.fingerprint
            standing = Standing("untrusted", *fault)
        return standing, None

    def _candidates(self, made: CmsSignature) -> Iterator[SigstoreKey]:
        """The listed identities whose words stand in the certificate; what it really says is verified after."""
        for key in listed_keys(self._people):
            if not isinstance(key, SigstoreKey):
                continue
            if key.identity.encode() in made.certificate and key.issuer.encode() in made.certificate:
                yield key


def _fault_now(bundle: bytes, digest: str, identity: str, issuer: str, root: bytes | None) -> tuple[str, str] | None:
    """Code and reason why the bundle does not speak for this identity; what may pass is asked again the next time."""
    try:
        return _fault(bundle, digest, identity, issuer, root)
    except GmError as error:
        return error.code, error.message


# A blocked step is judged again and again; one verification takes as long as hundreds of SSH signatures.
@lru_cache(maxsize=4096)
def _fault(bundle: bytes, digest: str, identity: str, issuer: str, root: bytes | None) -> tuple[str, str] | None:
    """Code and reason why the bundle does not speak for this identity; None when it does. Raises what may pass."""
    from gitops_models.trust.keyless.bundle import verify_bundle  # noqa: PLC0415 - reaches sigstore
    from gitops_models.trust.keyless.claims import SignedBy  # noqa: PLC0415 - as above

    try:
        verify_bundle(bundle, digest, claim=SignedBy(identity, issuer), verifier=_verifier(root))
    except GmError as error:
        if error.code in PASSING:
            raise
        return error.code, error.message
    return None


@lru_cache(maxsize=4)
def _verifier(root: bytes | None) -> "Verifier":
    from gitops_models.trust.keyless.roots import verifier_of  # noqa: PLC0415 - reaches sigstore

    return verifier_of(root, TRUSTED_ROOT_JSON)
