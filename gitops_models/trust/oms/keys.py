"""Keys that sign models: EC on the NIST curves, as model_signing takes them, and ed25519.

The hash belongs to the curve (https://github.com/sigstore/protobuf-specs, PKIX_ECDSA_*). model_signing 1.1.1 reads no
ed25519; gm reads and writes it.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
    load_ssh_private_key,
    load_ssh_public_key,
)

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

__all__ = ["ModelKey", "ModelSigner", "parse_public_key", "read_private_key", "read_public_key"]

_PRIVATE = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
_PUBLIC = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
_HASHES: Mapping[str, type[hashes.HashAlgorithm]] = {
    "secp256r1": hashes.SHA256,
    "secp384r1": hashes.SHA384,
    "secp521r1": hashes.SHA512,
}
_SSH = (b"ssh-ed25519 ", b"ecdsa-sha2-nistp")


@dataclass(frozen=True)
class ModelKey:
    """A public key that a model signature is checked with."""

    key: _PUBLIC

    @property
    def hint(self) -> str:
        """The name that model_signing gives a key: the hex sha256 of its PEM text."""
        pem = self.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(pem).hexdigest()

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raise GM-T721 unless ``signature`` over ``data`` is by this key."""
        try:
            if isinstance(self.key, ed25519.Ed25519PublicKey):
                self.key.verify(signature, data)
            else:
                self.key.verify(signature, data, ec.ECDSA(_HASHES[self.key.curve.name]()))
        except InvalidSignature as error:
            raise GmError("GM-T721", "the signature does not fit this key and this statement") from error


@dataclass(frozen=True)
class ModelSigner:
    """A private key that signs models."""

    key: _PRIVATE

    @property
    def public(self) -> ModelKey:
        """The key that checks what this one signs."""
        return ModelKey(self.key.public_key())

    def sign(self, data: bytes) -> bytes:
        """Return the raw signature over ``data``: DER for EC, 64 bytes for ed25519."""
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(data)
        return self.key.sign(data, ec.ECDSA(_HASHES[self.key.curve.name]()))


def read_public_key(path: Path) -> ModelKey:
    """Read a PEM or OpenSSH public key; GM-T730 when it is none that signs models."""
    return parse_public_key(_read(path), str(path))


def parse_public_key(data: bytes, where: str) -> ModelKey:
    """Read the text of a PEM or OpenSSH public key; GM-T730 when it is none that signs models."""
    load = load_ssh_public_key if data.startswith(_SSH) else load_pem_public_key
    try:
        key = load(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise GmError("GM-T730", "not a public key in PEM or OpenSSH form", where=where) from error
    if not isinstance(key, _PUBLIC) or not _on_known_curve(key):
        raise GmError("GM-T730", "the key is neither EC (P-256, P-384, P-521) nor ed25519", where=where)
    return ModelKey(key)


def read_private_key(path: Path) -> ModelSigner:
    """Read an unencrypted private key, PEM or OpenSSH; GM-T730 when it is none that signs models."""
    data = _read(path)
    load = load_ssh_private_key if b"BEGIN OPENSSH" in data else load_pem_private_key
    try:
        key = load(data, None)
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise GmError("GM-T730", f"not a private key that gm can read: {error}", where=str(path)) from error
    if not isinstance(key, _PRIVATE) or not _on_known_curve(key):
        raise GmError("GM-T730", "the key is neither EC (P-256, P-384, P-521) nor ed25519", where=str(path))
    return ModelSigner(key)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise GmError("GM-T730", f"the key cannot be read: {error.strerror}", where=str(path)) from error


def _on_known_curve(key: _PUBLIC | _PRIVATE) -> bool:
    return not hasattr(key, "curve") or key.curve.name in _HASHES
