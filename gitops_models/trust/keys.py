"""OpenSSH public keys: from their wire form to something that checks a signature.

Formats: RFC 4253 section 6.6 (rsa), RFC 5656 (ecdsa), RFC 8709 (ed25519), RFC 8332 (rsa-sha2), PROTOCOL.u2f (sk).
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import TypeVar

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from gitops_models.registry.values import dataclass
from gitops_models.trust.hardware import Presence, algorithm_of, check_hardware
from gitops_models.trust.problem import SignatureProblem
from gitops_models.trust.wire import Reader

__all__ = ["PublicKey", "fingerprint", "load_key", "read_key_line", "take_key"]

RSA_BITS = range(2048, 16385)
_CURVES: Mapping[bytes, tuple[bytes, ec.EllipticCurve, hashes.HashAlgorithm]] = {
    b"ecdsa-sha2-nistp256": (b"nistp256", ec.SECP256R1(), hashes.SHA256()),
    b"ecdsa-sha2-nistp384": (b"nistp384", ec.SECP384R1(), hashes.SHA384()),
    b"ecdsa-sha2-nistp521": (b"nistp521", ec.SECP521R1(), hashes.SHA512()),
}
_RSA_HASHES: Mapping[bytes, hashes.HashAlgorithm] = {b"rsa-sha2-256": hashes.SHA256(), b"rsa-sha2-512": hashes.SHA512()}
# The points of small order by their y coordinate (the list of libsodium): a signature made without any secret fits
# such a key for every message, so its owner could later say that anybody signed.
_SMALL_ORDER = frozenset(
    int.from_bytes(bytes.fromhex(text), "little")
    for text in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)
_SIGN_BIT = 1 << 255
_UNCOMPRESSED = b"\x04"
CERTIFICATE = b"-cert-v01@openssh.com"
_Key = TypeVar("_Key")
Check = Callable[[bytes, bytes], Presence | None]
Fits = Callable[[bytes, bytes], None]


@dataclass(frozen=True)
class PublicKey:
    """A parsed key; ``check(data, signature_field)`` raises a problem unless the signature is this key's.

    What ``check`` returns is the presence that a hardware key vouches for, None for every other key.
    """

    type: str
    blob: bytes
    fingerprint: str
    check: Check

    @property
    def line(self) -> str:
        """Return the key as people write it: type and base64, without a comment."""
        return f"{self.type} {base64.b64encode(self.blob).decode()}"


def fingerprint(blob: bytes) -> str:
    """Return the name that OpenSSH gives a key: ``SHA256:`` and the unpadded base64 of the digest of its wire form."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def read_key_line(line: str) -> PublicKey:
    """Return the key of a line ``type base64 [comment]``; GM-T024 when the two words disagree or are no key."""
    words = line.split()
    if len(words) < 2:  # noqa: PLR2004 - type and key
        raise SignatureProblem("GM-T024", "a public key is written `type base64`")
    try:
        key = load_key(base64.b64decode(words[1], validate=True))
    except ValueError as error:
        raise SignatureProblem("GM-T024", "the public key is not base64") from error
    if key.type != words[0]:
        raise SignatureProblem("GM-T024", f"the line says {words[0]}, the key is {key.type}")
    return key


@lru_cache(maxsize=4096)
def load_key(blob: bytes) -> PublicKey:
    """Return the key in ``blob``, parsed once per process.

    Raises GM-T015 (cut short), GM-T020 (type), GM-T022 (RSA size), GM-T024 (not a valid key), GM-T025 (certificate),
    GM-T026 (anybody could sign).
    """
    reader = Reader(blob, "public key")
    kind = reader.string()
    if kind.endswith(CERTIFICATE):
        raise SignatureProblem("GM-T025", "an OpenSSH certificate where a plain key belongs", verdict="untrusted")
    key = take_key(kind, reader)
    reader.end()
    return PublicKey(kind.decode(), blob, fingerprint(blob), key)


def take_key(kind: bytes, reader: Reader) -> Check:
    """Take the fields of a key of type ``kind`` off ``reader``; what is left over is the caller's."""
    if kind not in _LOADERS:
        raise SignatureProblem("GM-T020", f"key type {kind.decode('ascii', 'replace')!r} is not supported")
    return _LOADERS[kind](kind, reader)


def _load_ed25519(kind: bytes, reader: Reader) -> Check:
    return partial(_check_field, kind, _ed25519_fits(reader))


def _load_ecdsa(kind: bytes, reader: Reader) -> Check:
    return partial(_check_field, kind, _ecdsa_fits(kind, reader))


def _load_sk_ed25519(kind: bytes, reader: Reader) -> Check:
    fits = _ed25519_fits(reader)
    return partial(check_hardware, kind, reader.string(), fits)


def _load_sk_ecdsa(kind: bytes, reader: Reader) -> Check:
    fits = _ecdsa_fits(b"ecdsa-sha2-nistp256", reader)
    return partial(check_hardware, kind, reader.string(), fits)


def _load_rsa(_kind: bytes, reader: Reader) -> Check:
    exponent, modulus = reader.mpint(), reader.mpint()
    if modulus.bit_length() not in RSA_BITS:
        raise SignatureProblem("GM-T022", f"an RSA key of {modulus.bit_length()} bits; at least 2048 are needed")
    return partial(_check_rsa, _valid(lambda _: rsa.RSAPublicNumbers(exponent, modulus).public_key(), b""))


def _ed25519_fits(reader: Reader) -> Fits:
    raw = reader.string()
    if int.from_bytes(raw, "little") & ~_SIGN_BIT in _SMALL_ORDER:
        raise SignatureProblem("GM-T026", "a point of small order: anybody could sign for this key")
    key = _valid(ed25519.Ed25519PublicKey.from_public_bytes, raw)
    return lambda data, signature: _fits(lambda: key.verify(signature, data))


def _ecdsa_fits(kind: bytes, reader: Reader) -> Fits:
    name, curve, digest = _CURVES[kind]
    if reader.string() != name:
        raise SignatureProblem("GM-T024", "the key names another curve than its type")
    point = reader.string()
    # A compressed point would give one key a second blob, hence a second fingerprint.
    if point[:1] != _UNCOMPRESSED:
        raise SignatureProblem("GM-T024", "the curve point is not in uncompressed form")
    key = _valid(partial(ec.EllipticCurvePublicKey.from_encoded_point, curve), point)
    return partial(_check_ecdsa, key, digest)


_LOADERS: Mapping[bytes, Callable[[bytes, Reader], Check]] = {
    b"ssh-ed25519": _load_ed25519,
    b"ssh-rsa": _load_rsa,
    **dict.fromkeys(_CURVES, _load_ecdsa),
    b"sk-ssh-ed25519@openssh.com": _load_sk_ed25519,
    b"sk-ecdsa-sha2-nistp256@openssh.com": _load_sk_ecdsa,
}


def _valid(make: Callable[[bytes], _Key], raw: bytes) -> _Key:
    try:
        return make(raw)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SignatureProblem("GM-T024", "the public key is not a valid key of its type") from error


def _check_field(kind: bytes, fits: Fits, data: bytes, field: bytes) -> None:
    algorithm, raw = algorithm_of(field)
    if algorithm != kind:
        raise SignatureProblem("GM-T023", "the signature's algorithm is not the one of its key")
    fits(data, raw)


def _check_ecdsa(key: ec.EllipticCurvePublicKey, digest: hashes.HashAlgorithm, data: bytes, raw: bytes) -> None:
    reader = Reader(raw, "signature")
    r, s = reader.mpint(), reader.mpint()
    reader.end()
    _fits(lambda: key.verify(encode_dss_signature(r, s), data, ec.ECDSA(digest)))


def _check_rsa(key: rsa.RSAPublicKey, data: bytes, field: bytes) -> None:
    algorithm, raw = algorithm_of(field)
    # RFC 8332: the key is of type ssh-rsa, the signature names its hash; plain ssh-rsa would be SHA-1.
    if algorithm not in _RSA_HASHES:
        raise SignatureProblem("GM-T023", "an RSA key signs with rsa-sha2-256 or rsa-sha2-512 only")
    _fits(lambda: key.verify(raw, data, padding.PKCS1v15(), _RSA_HASHES[algorithm]))


def _fits(verify: Callable[[], None]) -> None:
    try:
        verify()
    except InvalidSignature as error:
        raise SignatureProblem("GM-T003", "the signature does not fit the signed bytes", verdict="bad") from error
