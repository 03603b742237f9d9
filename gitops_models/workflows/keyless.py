"""Verifying what others signed: any Sigstore bundle over a file, any OpenSSF model signature over a directory."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.trust.keyless.bundle import Proof, verify_bundle, verify_statement
from gitops_models.trust.keyless.claims import SignedBy
from gitops_models.trust.keyless.roots import load_verifier
from gitops_models.trust.oms.envelope import open_with_key
from gitops_models.trust.oms.keys import read_public_key
from gitops_models.trust.oms.statement import ModelManifest, read_manifest
from gitops_models.trust.oms.tree import ModelFile
from gitops_models.trust.oms.verify import verify_tree

__all__ = ["Instance", "ModelProof", "check_bundle", "check_model", "digest_of"]


@dataclass(frozen=True)
class Instance:
    """Which Sigstore counts: a trusted root from a file, or the production or staging one that sigstore carries."""

    trusted_root: Path | None = None
    staging: bool = False


@dataclass(frozen=True)
class ModelProof:
    """A model that is what was signed: the statement, and the files that it covers."""

    manifest: ModelManifest
    files: tuple[ModelFile, ...]


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


def check_model(
    directory: Path, signature: Path, signer: Path | SignedBy, instance: Instance, *, ignored: Sequence[Path] = ()
) -> ModelProof:
    """Verify an OpenSSF model signature over a directory; ``signer`` is a public key's file or a Sigstore identity.

    Raises GM-T72n and GM-T73n for the model and its signature, GM-T70n for a Sigstore bundle. The signature's own file
    may lie in the directory.
    """
    root = directory.resolve()
    left_out = (*_inside(root, [signature]), *_ignored(root, ignored))
    manifest = read_manifest(_payload(signature.read_bytes(), signer, instance))
    return ModelProof(manifest, verify_tree(root, manifest, ignored=left_out))


def _payload(data: bytes, signer: Path | SignedBy, instance: Instance) -> bytes:
    if isinstance(signer, Path):
        return open_with_key(data, read_public_key(signer))
    verifier = load_verifier(instance.trusted_root, staging=instance.staging)
    return verify_statement(data, claim=signer, verifier=verifier).payload


def _ignored(root: Path, paths: Sequence[Path]) -> tuple[str, ...]:
    """Paths as typed: below the working directory when that leads into the model, else below the model."""
    found = [path for given in paths for path in (_inside(root, [given]) or _inside(root, [root / given]) or [""])]
    if "" in found:
        raise GmError("GM-T732", "a path to ignore leads out of the model or is the model itself", where=str(root))
    return tuple(found)


def _inside(root: Path, paths: Sequence[Path]) -> list[str]:
    """Return those below ``root``, relative to it; the last part is not followed when it is a link."""
    placed = [path.resolve() if path.name in {"", ".."} else path.parent.resolve() / path.name for path in paths]
    return [path.relative_to(root).as_posix() for path in placed if path != root and path.is_relative_to(root)]
