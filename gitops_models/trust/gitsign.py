"""Keyless signatures of commits and tags (gitsign), checked offline as Sigstore bundles.

gitsign signs the attributes of a CMS; the transparency log holds their digest, the signature and the certificate. With
``gitsign.rekorMode=offline`` the log entry comes along in an unsigned attribute, without its body, which is made again
from what it must be about: a wrong guess fails the proof of inclusion. Without the entry nobody can say when the
short-lived certificate was used, so nothing is verified (and no log is asked: judging needs no network).
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.trust.cms import CmsSignature, check_cms
from gitops_models.trust.keyrings import Checked, Standing
from gitops_models.trust.payload import Signed
from gitops_models.trust.problem import SignatureProblem
from gitops_models.trust.protobuf import Fields, read_fields

if TYPE_CHECKING:
    from sigstore.verify import Verifier

__all__ = ["WITHOUT_ENTRY", "Gitsign", "rebuild_bundle"]

_OFFLINE = "gitsign.rekorMode=offline"
_LINE = 64
WITHOUT_ENTRY = Standing(
    "untrusted", "GM-T052", f"the signature carries no transparency log entry: set {_OFFLINE} and sign again"
)


@dataclass(frozen=True)
class Gitsign:
    """One accepted signer: ``identity`` as ``issuer`` vouches for it; ``root`` as in ``keyless.load_verifier``."""

    identity: str | None = None
    issuer: str | None = None
    root: Path | None = None

    def check(self, objects: Sequence[Signed]) -> list[Checked | SignatureProblem]:
        """Say for each object what its X.509 signature is worth.

        GM-T052 without a log entry, GM-T053 with a broken one, GM-T036 where no identity is expected, GM-T703 and
        GM-T704 by another identity or issuer, GM-T702 for whatever else does not hold; the codes of ``cms`` first.
        """
        return [self._check(signed) for signed in objects]

    def _check(self, signed: Signed) -> Checked | SignatureProblem:
        try:
            made = check_cms(signed.payload, signed.signature or b"")
            bundle = rebuild_bundle(made)
        except SignatureProblem as problem:
            return problem
        return Checked(made.fingerprint, self._standing(made, bundle))

    def _standing(self, made: CmsSignature, bundle: bytes | None) -> Standing:
        if bundle is None:
            return WITHOUT_ENTRY
        if self.identity is None or self.issuer is None:
            return Standing("untrusted", "GM-T036", "signed keyless, and no identity and issuer are given")
        from gitops_models.trust.keyless.bundle import verify_bundle  # noqa: PLC0415 - reaches sigstore
        from gitops_models.trust.keyless.claims import SignedBy  # noqa: PLC0415 - as above

        digest = hashlib.sha256(made.attributes).hexdigest()
        try:
            verify_bundle(bundle, digest, claim=SignedBy(self.identity, self.issuer), verifier=self._verifier)
        except GmError as error:
            return Standing("untrusted", error.code, error.message)
        return Standing("good", principals=(self.identity,))

    @cached_property
    def _verifier(self) -> "Verifier":
        from gitops_models.trust.keyless.roots import load_verifier  # noqa: PLC0415 - reaches sigstore

        return load_verifier(self.root)


def rebuild_bundle(made: CmsSignature) -> bytes | None:
    """Return the Sigstore bundle that says the same, None without a log entry; GM-T053 for an entry that is none."""
    if made.rekor is None:
        return None
    try:
        entry = _log_entry(read_fields(made.rekor), made)
    except (ValueError, LookupError, TypeError) as error:
        raise SignatureProblem("GM-T053", f"the transparency log entry cannot be read: {error}") from error
    digest = hashlib.sha256(made.attributes).digest()
    bundle = {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"certificate": {"rawBytes": _base64(made.certificate)}, "tlogEntries": [entry]},
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": _base64(digest)},
            "signature": _base64(made.signature),
        },
    }
    return json.dumps(bundle).encode()


def _log_entry(fields: Fields, made: CmsSignature) -> dict[str, Any]:
    """Return dev.sigstore.rekor.v1.TransparencyLogEntry (protobuf-specs, sigstore_rekor.proto) as JSON."""
    kind, proof = fields.message(3), fields.message(6)
    body = fields.data(7) if 7 in fields else _body(made)  # noqa: PLR2004 - the field's number
    return {
        "logIndex": str(fields.number(1)),
        "logId": {"keyId": _base64(fields.message(2).data(1))},
        "kindVersion": {"kind": kind.text(1), "version": kind.text(2)},
        "integratedTime": str(fields.number(4)),
        "inclusionPromise": {"signedEntryTimestamp": _base64(fields.message(5).data(1))},
        "inclusionProof": {
            "logIndex": str(proof.number(1)),
            "rootHash": _base64(proof.data(2)),
            "treeSize": str(proof.number(3)),
            "hashes": [_base64(each) for each in proof.all(4)],
            "checkpoint": {"envelope": proof.message(5).text(1)},
        },
        "canonicalizedBody": _base64(body),
    }


def _body(made: CmsSignature) -> bytes:
    """Return the hashedrekord entry, in the canonical form in which the log keeps it."""
    text = base64.b64encode(made.certificate).decode()
    lines = "".join(f"{text[at : at + _LINE]}\n" for at in range(0, len(text), _LINE))
    pem = f"-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n".encode()
    digest = hashlib.sha256(made.attributes).hexdigest()
    signature = {"content": _base64(made.signature), "publicKey": {"content": _base64(pem)}}
    spec = {"data": {"hash": {"algorithm": "sha256", "value": digest}}, "signature": signature}
    document = {"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": spec}
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
