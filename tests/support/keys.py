"""Fixed test keys and a signer that makes SSH signatures in this process, so that signed objects are cheap in tests.

The keys are derived from fixed numbers: object ids stay stable from run to run. They protect nothing.
"""

import base64
import hashlib
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from gitops_models.trust.armor import armor
from gitops_models.trust.keys import load_key
from gitops_models.trust.sshsig import signed_data, sshsig_blob
from gitops_models.trust.wire import Reader, mpint, string

CURVES = {
    "nistp256": (ec.SECP256R1(), hashes.SHA256()),
    "nistp384": (ec.SECP384R1(), hashes.SHA384()),
    "nistp521": (ec.SECP521R1(), hashes.SHA512()),
}
# Two primes of 1024 bits, found once, so that the RSA key is as fixed as the others.
RSA_P = int(
    "e8d11366823bafe9839a19a61d10162578165bed80d4a591662ca719ccef45292e57629fe3fe9f2ee939a5644ef21cee"
    "b5ac6fe468e1140093e8748299744131635e4c6604a311304f3ccbd51f3bcdd3984ce725ae647650233a95f45f886bf3"
    "83b0e1b547981d4141d46bca01457eaaf79a50d7ab26c69f6c3dffa32a4bfd79",
    16,
)
RSA_Q = int(
    "baf7a76356b725e1d15ad7deaec193bceb69f12a07208b902a2a524343b6de3ba93ee826ade44f1b2ac32668103cfa93"
    "a0544da5c60b7a6bf22e87202687fe02f0f864a1afacaffb88b9d9aa99ceed6d7d7ed6c37e6ec8b5141163387b359016"
    "ea6951dbee8a778c0f9feffe64cabde1c786f697007b327d8e93e694a1504e5b",
    16,
)


class Named:
    """What a key is known by; ``blob`` is its public half."""

    blob: bytes

    @property
    def fingerprint(self) -> str:
        return load_key(self.blob).fingerprint

    @property
    def public_key(self) -> str:
        return load_key(self.blob).line


@dataclass(frozen=True)
class TestSigner(Named):
    """Signs like ``ssh-keygen -Y sign`` without a process; satisfies the ``Signer`` protocol."""

    __test__ = False

    private: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    hash_alg: bytes = b"sha512"
    rsa_hash: str = "512"

    @property
    def blob(self) -> bytes:
        return public_blob(self.private)

    def sign(self, data: bytes, namespace: str) -> str:
        field = self.field(signed_data(data, namespace, self.hash_alg))
        return armor(sshsig_blob(self.blob, namespace, field, self.hash_alg))

    def field(self, data: bytes) -> bytes:
        private = self.private
        if isinstance(private, ed25519.Ed25519PrivateKey):
            return string(b"ssh-ed25519") + string(private.sign(data))
        if isinstance(private, ec.EllipticCurvePrivateKey):
            return self._ecdsa_field(private, data)
        digest = {"256": hashes.SHA256(), "512": hashes.SHA512()}[self.rsa_hash]
        return string(f"rsa-sha2-{self.rsa_hash}".encode()) + string(private.sign(data, padding.PKCS1v15(), digest))

    def _ecdsa_field(self, private, data):
        name = curve_name(private)
        digest = CURVES[name][1]
        r, s = decode_dss_signature(private.sign(data, ec.ECDSA(digest, deterministic_signing=True)))
        return string(f"ecdsa-sha2-{name}".encode()) + string(mpint(r) + mpint(s))

    def write(self, path: Path, *, passphrase: str = "") -> Path:
        """The private key at ``path`` in OpenSSH's format and the public key beside it."""
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.private.private_bytes(*form))
        path.chmod(0o600)
        if passphrase:
            command = ["ssh-keygen", "-q", "-p", "-P", "", "-N", passphrase, "-f", path]
            subprocess.run(command, check=True, capture_output=True)
        path.with_name(path.name + ".pub").write_text(f"{self.public_key} {path.name}\n")
        return path


@dataclass(frozen=True)
class Authenticator(Named):
    """A hardware key in software (OpenSSH PROTOCOL.u2f); satisfies the ``Signer`` protocol.

    ``flags``: bit 0 says that somebody touched it, bit 2 that the PIN was entered.
    """

    inner: TestSigner
    flags: int = 0x01
    application: bytes = b"ssh:"
    counter: int = 7

    @property
    def kind(self) -> bytes:
        edwards = isinstance(self.inner.private, ed25519.Ed25519PrivateKey)
        return b"sk-ssh-ed25519@openssh.com" if edwards else b"sk-ecdsa-sha2-nistp256@openssh.com"

    @property
    def blob(self) -> bytes:
        reader = Reader(self.inner.blob, "public key")
        plain = reader.string()
        return string(self.kind) + self.inner.blob[4 + len(plain) :] + string(self.application)

    def sign(self, data: bytes, namespace: str) -> str:
        return armor(sshsig_blob(self.blob, namespace, self.field(signed_data(data, namespace))))

    def field(self, data: bytes) -> bytes:
        presence = bytes([self.flags]) + self.counter.to_bytes(4, "big")
        signed = hashlib.sha256(self.application).digest() + presence + hashlib.sha256(data).digest()
        reader = Reader(self.inner.field(signed), "signature")
        reader.string()
        return string(self.kind) + string(reader.string()) + presence


def curve_name(private: ec.EllipticCurvePrivateKey) -> str:
    return next(name for name, (curve, _) in CURVES.items() if curve.name == private.curve.name)


def public_blob(private) -> bytes:
    raw = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return base64.b64decode(private.public_key().public_bytes(*raw).split()[1])


@cache
def ed25519_key(name: str) -> TestSigner:
    """The ed25519 key that belongs to ``name`` in every test run."""
    return TestSigner(ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"test " + name.encode()).digest()))


@cache
def ecdsa_key(name: str, curve: str = "nistp256") -> TestSigner:
    # OpenSSH refuses private numbers of less than half the curve's bits.
    size = CURVES[curve][0].key_size // 8
    number = int.from_bytes(hashlib.shake_256(b"test " + name.encode()).digest(size), "big") >> 1
    return TestSigner(ec.derive_private_key(number, CURVES[curve][0]))


@cache
def rsa_key(*, rsa_hash: str = "512") -> TestSigner:
    """One RSA key of 2048 bits."""
    d = pow(65537, -1, (RSA_P - 1) * (RSA_Q - 1))
    numbers = rsa.RSAPrivateNumbers(
        RSA_P,
        RSA_Q,
        d,
        rsa.rsa_crt_dmp1(d, RSA_P),
        rsa.rsa_crt_dmq1(d, RSA_Q),
        rsa.rsa_crt_iqmp(RSA_P, RSA_Q),
        rsa.RSAPublicNumbers(65537, RSA_P * RSA_Q),
    )
    return TestSigner(numbers.private_key(), rsa_hash=rsa_hash)


def hardware_key(name: str, kind: str = "ed25519", **facts) -> Authenticator:
    """A hardware key of ``name``; ``facts`` are flags, application and counter."""
    return Authenticator(ed25519_key(name) if kind == "ed25519" else ecdsa_key(name), **facts)
