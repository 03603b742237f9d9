"""SSH signatures checked in this process (OpenSSH PROTOCOL.sshsig).

Rules, stricter than ssh-keygen where a lenient reader would give one signature many spellings:

1. the armor has one form (``armor.py``);
2. the blob is ``SSHSIG``, version 1, key, namespace, empty reserved, hash, signature, and nothing after it;
3. the namespace is exactly the expected one, the hash sha256 or sha512;
4. the key is ed25519, ecdsa p256/384/521, RSA of at least 2048 bits (which signs with rsa-sha2-256 or -512 only), a
   hardware (sk) key of the first two kinds, or a certificate of one of them;
5. the signature is over ``SSHSIG | namespace | reserved | hash | H(message)``.
"""

import hashlib

from gitops_models.registry.values import dataclass
from gitops_models.trust.armor import dearmor
from gitops_models.trust.certificates import Certificate, SigningKey, load_signing_key
from gitops_models.trust.hardware import Presence
from gitops_models.trust.problem import SignatureProblem
from gitops_models.trust.wire import Reader, string

__all__ = ["SshSignature", "signed_data", "sshsig_blob", "verify_sshsig"]

MAGIC = b"SSHSIG"
VERSION = 1
_HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}


@dataclass(frozen=True)
class SshSignature:
    """A signature that fits: by which key, with which hash, certified by whom, and who was there."""

    fingerprint: str
    public_blob: bytes
    key_type: str
    hash_alg: str
    certificate: Certificate | None = None
    presence: Presence | None = None


@dataclass(frozen=True)
class _Parts:
    signing: SigningKey
    namespace: bytes
    hash_alg: bytes
    signature: bytes


def verify_sshsig(message: bytes, armored: bytes, namespace: str) -> SshSignature:
    """Return the key that made ``armored`` over ``message`` in ``namespace``.

    Says nothing about whose key it is. Raises ``SignatureProblem`` with the GM-T code of the first rule broken.
    """
    parts = _parse(dearmor(armored))
    key = parts.signing.key
    if parts.namespace != namespace.encode():
        claimed = parts.namespace.decode("utf-8", "replace")
        raise SignatureProblem("GM-T006", f"signed for {claimed!r}, not for {namespace!r}", verdict="bad")
    presence = key.check(signed_data(message, namespace, parts.hash_alg), parts.signature)
    certificate = parts.signing.certificate
    return SshSignature(key.fingerprint, key.blob, key.type, parts.hash_alg.decode(), certificate, presence)


def signed_data(message: bytes, namespace: str, hash_alg: bytes = b"sha512") -> bytes:
    """Return the bytes that the key itself signs."""
    digest = _HASHES[hash_alg](message).digest()
    return MAGIC + string(namespace.encode()) + string(b"") + string(hash_alg) + string(digest)


def sshsig_blob(public_blob: bytes, namespace: str, signature: bytes, hash_alg: bytes = b"sha512") -> bytes:
    """Return the signature file's blob around a key's ``signature`` field."""
    head = MAGIC + VERSION.to_bytes(4, "big") + string(public_blob) + string(namespace.encode())
    return head + string(b"") + string(hash_alg) + string(signature)


def _parse(blob: bytes) -> _Parts:
    reader = Reader(blob, "signature")
    if reader.take(len(MAGIC)) != MAGIC:
        raise SignatureProblem("GM-T010", "the armor holds no SSHSIG")
    if (version := reader.u32()) != VERSION:
        raise SignatureProblem("GM-T016", f"SSHSIG version {version}; only version 1 exists")
    public_blob, namespace, reserved, hash_alg, signature = (reader.string() for _ in range(5))
    reader.end()
    if reserved:
        raise SignatureProblem("GM-T017", "the reserved field of the signature is not empty")
    if hash_alg not in _HASHES:
        raise SignatureProblem("GM-T018", f"hash {hash_alg.decode('ascii', 'replace')!r}; sha256 or sha512 are known")
    return _Parts(load_signing_key(public_blob), namespace, hash_alg, signature)
