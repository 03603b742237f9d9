"""Verifying what others signed: any Sigstore bundle over a file, any OpenSSF model signature over a directory."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from gitops_models.trust.keyless.bundle import Proof, verify_bundle
from gitops_models.trust.keyless.claims import SignedBy
from gitops_models.trust.keyless.roots import load_verifier

__all__ = ["Instance", "check_bundle", "digest_of"]


@dataclass(frozen=True)
class Instance:
    """Which Sigstore counts: a trusted root from a file, or the production or staging one that sigstore carries."""

    trusted_root: Path | None = None
    staging: bool = False


def digest_of(file: Path) -> str:
    """Return the hex sha256 of a file, read in pieces."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_bundle(
    sha256: str, bundle: Path, signer: SignedBy, instance: Instance, *, predicate_type: str | None = None
) -> Proof:
    """Verify offline that ``signer`` signed the bytes of this digest; raises GM-T70n otherwise."""
    verifier = load_verifier(instance.trusted_root, staging=instance.staging)
    return verify_bundle(bundle.read_bytes(), sha256, claim=signer, verifier=verifier, predicate_type=predicate_type)
