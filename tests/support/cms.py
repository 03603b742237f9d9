"""Detached CMS signatures as gitsign writes them, made by hand so that they can be made wrong."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.keys import ecdsa_key, rsa_key
from tests.support.signed import AT, commit_bytes, put_signature
from tests.support.timestamps import tlv

INTEGER, OCTETS, OID, SEQUENCE, SET, FIRST, SECOND = 0x02, 0x04, 0x06, 0x30, 0x31, 0xA0, 0xA1
DATA = "2a864886f70d010701"
SIGNED_DATA = "2a864886f70d010702"
CONTENT_TYPE = "2a864886f70d010903"
DIGEST = "2a864886f70d010904"
SHA256 = "608648016503040201"
ECDSA_SHA256 = "2a8648ce3d040302"
REKOR = "2b0601040183bf300301"


def oid(text):
    return tlv(OID, bytes.fromhex(text))


def attribute(kind, *values):
    return tlv(SEQUENCE, oid(kind), tlv(SET, *values))


def certificate(private=None):
    """A certificate that nobody vouches for."""
    return _certificate(private or ecdsa_key("ann").private)


@cache
def _certificate(private):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    builder = x509.CertificateBuilder(name, name, private.public_key(), 7, AT, AT + timedelta(days=1))
    made = builder.sign(private, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER)


def tbs(cert):
    made = x509.load_der_x509_certificate(cert)
    serial = made.serial_number
    return made.issuer.public_bytes(), tlv(INTEGER, serial.to_bytes(serial.bit_length() // 8 + 1, "big"))


def cms(
    payload,
    *,
    private=None,
    cert=None,
    attributes=None,
    certificates=None,
    outer=SIGNED_DATA,
    content=None,
    signers=1,
    algorithm=SHA256,
    unsigned=(),
    unsigned_tag=SECOND,
    signature=None,
):
    cert = cert or certificate(private)
    private = private or ecdsa_key("ann").private
    digest = hashlib.sha256(payload).digest()
    if attributes is None:
        attributes = [attribute(CONTENT_TYPE, oid(DATA)), attribute(DIGEST, tlv(OCTETS, digest))]
    signed = b"".join(attributes)
    if signature is None:
        signature = sign(private, tlv(SET, signed))
    issuer, serial = tbs(cert)
    signer = tlv(
        SEQUENCE,
        tlv(INTEGER, b"\x01"),
        tlv(SEQUENCE, issuer, serial),
        tlv(SEQUENCE, oid(algorithm)),
        tlv(FIRST, signed),
        tlv(SEQUENCE, oid(ECDSA_SHA256)),
        tlv(OCTETS, signature),
        *([tlv(unsigned_tag, *unsigned)] if unsigned else []),
    )
    data = tlv(
        SEQUENCE,
        tlv(INTEGER, b"\x01"),
        tlv(SET, tlv(SEQUENCE, oid(SHA256))),
        tlv(SEQUENCE, oid(DATA), *([content] if content else [])),
        tlv(FIRST, *([cert] if certificates is None else certificates)),
        tlv(SET, *[signer] * signers),
    )
    return tlv(SEQUENCE, oid(outer), tlv(FIRST, data))


def sign(private, data):
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return private.sign(data, ec.ECDSA(hashes.SHA256()))
    return b"not by an RSA key"


def message(data, width=64):
    """``data`` in the armor of a SIGNED MESSAGE."""
    text = base64.b64encode(data).decode()
    lines = "\n".join(text[at : at + width] for at in range(0, len(text), width))
    return f"-----BEGIN SIGNED MESSAGE-----\n{lines}\n-----END SIGNED MESSAGE-----\n"


def cms_commit(**fields):
    raw = commit_bytes("ann")
    return put_signature(raw, message(cms(raw, **fields)))


def rekor_attribute(entry):
    return attribute(REKOR, tlv(OCTETS, entry))


def field(number, value):
    """One field of a protobuf message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def log_entry(*, body=None, drop=None):
    """A transparency log entry that no log made."""
    proof = field(2, b"r" * 32) + field(3, 9) + field(4, b"h" * 32) + field(5, field(1, b"note\n"))
    parts = {
        1: field(1, 5),
        2: field(2, field(1, b"l" * 32)),
        3: field(3, field(1, b"hashedrekord") + field(2, b"0.0.1")),
        4: field(4, int(datetime.now(UTC).timestamp())),
        5: field(5, field(1, b"promise")),
        6: field(6, proof),
    }
    parts.pop(drop, None)
    return b"".join(parts.values()) + (field(7, body) if body else b"")


RSA = rsa_key().private
