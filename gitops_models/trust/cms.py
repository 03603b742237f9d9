"""X.509 signatures as git carries them: a detached CMS SignedData (RFC 5652) in the armor of a SIGNED MESSAGE.

Read as gitsign writes it: one signer, SHA-256, signed attributes, an ECDSA certificate that comes along. Whether that
certificate means anything is not decided here.
"""

import hashlib
from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from gitops_models.registry.values import dataclass
from gitops_models.trust.armor import decode
from gitops_models.trust.der import Node, read_der
from gitops_models.trust.problem import SignatureProblem

__all__ = ["CmsSignature", "check_cms"]

_BEGIN = b"-----BEGIN SIGNED MESSAGE-----"
_END = b"-----END SIGNED MESSAGE-----"
_MAX_BYTES = 64 * 1024
_INTEGER, _OCTETS, _OID, _SEQUENCE, _SET, _FIRST, _SECOND = 0x02, 0x04, 0x06, 0x30, 0x31, 0xA0, 0xA1
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_DATA = bytes.fromhex("2a864886f70d010701")
_CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
_SHA256 = bytes.fromhex("608648016503040201")
_REKOR = bytes.fromhex("2b0601040183bf300301")  # 1.3.6.1.4.1.57264.3.1
_DATA_FORM = (_INTEGER, _SET, _SEQUENCE, _FIRST, _SET)
_SIGNER_FORM = (_INTEGER, _SEQUENCE, _SEQUENCE, _FIRST, _SEQUENCE, _OCTETS)


@dataclass(frozen=True)
class CmsSignature:
    """A signature that fits: ``attributes`` are the bytes it is over, ``rekor`` the log entry that came along."""

    certificate: bytes
    attributes: bytes
    signature: bytes
    rekor: bytes | None

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the certificate, upper-case hex."""
        return hashlib.sha256(self.certificate).hexdigest().upper()


def check_cms(payload: bytes, armored: bytes) -> CmsSignature:
    """Return the signature over ``payload``.

    Raises GM-T050 (not such a signature), GM-T051 (of other bytes), GM-T003 (does not fit its certificate), GM-T020 (a
    certificate of another algorithm), GM-T011 to GM-T014 (the armor).
    """
    certificates, signer = _signed_data(read_der(_dearmor(armored)))
    parts = signer.children()
    _expect([part.tag for part in parts[:6]] == list(_SIGNER_FORM) and len(parts) <= 7)  # noqa: PLR2004 - RFC 5652, 5.3
    _check_digest(_attributes(parts[3]), parts[2], payload)
    # What is signed is the set, not the implicit tag it stands under (RFC 5652, 5.4).
    attributes = bytes([_SET]) + parts[3].raw[1:]
    certificate = _certificate_of(parts[1], certificates)
    _check_signature(certificate, parts[5].body, attributes)
    return CmsSignature(certificate.raw, attributes, parts[5].body, _rekor_entry(parts[6:]))


def _signed_data(content: Node) -> tuple[tuple[Node, ...], Node]:
    outer = content.children()
    _expect(content.tag == _SEQUENCE and [part.tag for part in outer] == [_OID, _FIRST])
    _expect(outer[0].body == _SIGNED_DATA)
    parts = read_der(outer[1].body).children()
    _expect(tuple(part.tag for part in parts) == _DATA_FORM)
    # The content is not there: it is the object that is signed.
    _expect([part.body for part in parts[2].children()] == [_DATA])
    signers = parts[4].children()
    _expect(len(signers) == 1)
    return parts[3].children(), signers[0]


def _check_digest(attributes: dict[bytes, Node], algorithm: Node, payload: bytes) -> None:
    _expect([part.body for part in algorithm.children()][:1] == [_SHA256])
    _expect(_CONTENT_TYPE in attributes and attributes[_CONTENT_TYPE].body == _DATA)
    _expect(_MESSAGE_DIGEST in attributes)
    if attributes[_MESSAGE_DIGEST].body != hashlib.sha256(payload).digest():
        raise SignatureProblem("GM-T051", "the signature is over another digest than the object's", verdict="bad")


def _attributes(node: Node) -> dict[bytes, Node]:
    found: dict[bytes, Node] = {}
    for attribute in node.children():
        parts = attribute.children()
        _expect([part.tag for part in parts] == [_OID, _SET] and parts[0].body not in found)
        values = parts[1].children()
        _expect(len(values) == 1)
        found[parts[0].body] = values[0]
    return found


def _certificate_of(signer: Node, certificates: Sequence[Node]) -> Node:
    """Return the certificate that ``signer`` names by issuer and serial number."""
    wanted = [part.raw for part in signer.children()]
    for node in certificates:
        fields = [part.raw for body in node.children()[:1] for part in body.children() if part.tag != _FIRST]
        # RFC 5280, 4.1: after the version come serial number, algorithm and issuer.
        if wanted == [*fields[2:3], *fields[:1]]:
            return node
    raise SignatureProblem("GM-T050", "the signer's certificate is not there")


def _check_signature(certificate: Node, signature: bytes, signed: bytes) -> None:
    try:
        key = x509.load_der_x509_certificate(certificate.raw).public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SignatureProblem("GM-T020", "the certificate or its key is of no known kind") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise SignatureProblem("GM-T020", "the certificate's key is not an ECDSA key", verdict="untrusted")
    try:
        key.verify(signature, signed, ec.ECDSA(SHA256()))
    except InvalidSignature as error:
        raise SignatureProblem("GM-T003", "the signature does not fit the signed bytes", verdict="bad") from error


def _rekor_entry(unsigned: Sequence[Node]) -> bytes | None:
    if not unsigned:
        return None
    _expect(unsigned[0].tag == _SECOND)
    entry = _attributes(unsigned[0]).get(_REKOR)
    _expect(entry is None or entry.tag == _OCTETS)
    return entry.body if entry else None


def _expect(condition: bool) -> None:  # noqa: FBT001 - an assertion with a code
    if not condition:
        raise SignatureProblem("GM-T050", "not a detached CMS signature by one signer over SHA-256")


def _dearmor(armored: bytes) -> bytes:
    if len(armored) > _MAX_BYTES:
        raise SignatureProblem("GM-T050", f"a signature of more than {_MAX_BYTES} bytes")
    if b"\r" in armored:
        raise SignatureProblem("GM-T013", "carriage return in the signature")
    lines = armored.removesuffix(b"\n").split(b"\n")
    if lines[0] != _BEGIN or lines[-1] != _END:
        raise SignatureProblem("GM-T011", "text on the BEGIN line, or on or after the END line")
    joined = b"".join(lines[1:-1])
    if joined.split() != [joined] or b"" in lines:
        raise SignatureProblem("GM-T012", "white space inside the base64 of the signature")
    return decode(joined)
