"""OpenSSH certificates (PROTOCOL.certkeys) as signing keys: a key, and an authority that vouches for it.

Only user certificates count. They must name principals, must carry no critical option (none of them makes sense for a
signature, and one that is not understood must be obeyed), and their authority must be a plain key.
"""

from datetime import datetime
from functools import lru_cache

from gitops_models.registry.values import dataclass
from gitops_models.trust.keys import CERTIFICATE, PublicKey, fingerprint, load_key, take_key
from gitops_models.trust.problem import SignatureProblem
from gitops_models.trust.wire import Reader, string

__all__ = ["Certificate", "SigningKey", "load_signing_key"]

_USER = 1


@dataclass(frozen=True)
class Certificate:
    """What ``authority`` (a fingerprint) vouches for: ``principals`` may use the key from ``after`` until ``before``.

    Times are seconds since 1970; ``before`` itself is too late.
    """

    authority: str
    principals: tuple[str, ...]
    after: int
    before: int

    def valid(self, at: datetime | None) -> bool:
        """Whether the certificate is valid at ``at``; without a time it is not."""
        return at is not None and self.after <= at.timestamp() < self.before


@dataclass(frozen=True)
class SigningKey:
    """The key inside a signature, with its certificate if it came as one; the fingerprint is the plain key's."""

    key: PublicKey
    certificate: Certificate | None = None


@lru_cache(maxsize=4096)
def load_signing_key(blob: bytes) -> SigningKey:
    """Return the plain or certified key in ``blob``, parsed once per process.

    Raises what ``load_key`` raises; for certificates also GM-T017 (reserved field in use), GM-T027 (not by its
    authority) and GM-T029 (not for signing as a user).
    """
    reader = Reader(blob, "certificate")
    kind = reader.string()
    if not kind.endswith(CERTIFICATE):
        return SigningKey(load_key(blob))
    reader.string()  # nonce
    key = _plain_key(kind, blob, reader)
    return SigningKey(key, _certificate(reader))


def _plain_key(kind: bytes, blob: bytes, reader: Reader) -> PublicKey:
    plain = kind.removesuffix(CERTIFICATE)
    if plain.startswith(b"sk-"):
        plain += b"@openssh.com"
    start = reader.at
    check = take_key(plain, reader)
    return PublicKey(kind.decode(), blob, fingerprint(string(plain) + reader.taken(start)), check)


def _certificate(reader: Reader) -> Certificate:
    reader.u64()  # serial
    kind = reader.u32()
    reader.string()  # key id
    principals = Reader(reader.string(), "certificate").strings()
    after, before = reader.u64(), reader.u64()
    critical, _extensions, reserved, authority = (reader.string() for _ in range(4))
    _check_authority(authority, reader)
    if reserved:
        raise SignatureProblem("GM-T017", "the reserved field of the certificate is not empty")
    if kind != _USER or critical or not principals:
        raise SignatureProblem(
            "GM-T029", "no user certificate with principals and without critical options", verdict="untrusted"
        )
    names = tuple(name.decode("utf-8", "replace") for name in principals)
    return Certificate(fingerprint(authority), names, after, before)


def _check_authority(authority: bytes, reader: Reader) -> None:
    signed = reader.taken()
    signature = reader.string()
    reader.end()
    try:
        load_key(authority).check(signed, signature)
    except SignatureProblem as problem:
        raise SignatureProblem(
            "GM-T027", f"the certificate is not by its authority: {problem.detail}", verdict="bad"
        ) from problem
