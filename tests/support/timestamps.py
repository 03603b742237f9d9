"""A timestamp authority (RFC 3161) small enough to read: DER by hand, because nothing installed here writes it."""

import datetime as dt
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

SHA256, ECDSA_SHA256 = "2.16.840.1.101.3.4.2.1", "1.2.840.10045.4.3.2"
SIGNED_DATA, TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"


def tlv(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def sequence(*parts):
    return tlv(0x30, *parts)


def set_of(*parts):
    return tlv(0x31, *sorted(parts))


def integer(value):
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(data):
    return tlv(0x04, data)


def oid(text):
    first, second, *rest = (int(part) for part in text.split("."))
    body = bytearray([first * 40 + second])
    for number in rest:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(number & 0x7F | 0x80)
        body += bytes(reversed(groups))
    return tlv(0x06, bytes(body))


def children(data):
    """The elements inside one DER element, each with its tag and header."""
    body, _ = _split(data)
    found = []
    while body:
        _, rest = _split(body)
        found.append(body[: len(body) - len(rest)])
        body = rest
    return found


def _split(data):
    length, start = data[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start], "big")
    return data[start : start + length], data[start + length :]


def respond(query, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, now: dt.datetime):
    """The TimeStampResp for a TimeStampReq: granted, signed by ``key``."""
    _version, imprint, *rest = children(query)
    nonces = [part for part in rest if part[0] == 0x02]
    time = tlv(0x18, now.strftime("%Y%m%d%H%M%SZ").encode())
    info = sequence(integer(1), oid("1.2.3.4"), imprint, integer(7), time, *nonces)
    token = sequence(oid(SIGNED_DATA), tlv(0xA0, _signed_data(info, key, certificate)))
    return sequence(sequence(integer(0)), token)


def _signed_data(info, key, certificate):
    der = certificate.public_bytes(Encoding.DER)
    digest = sequence(oid(SHA256))
    attributes = [
        sequence(oid(CONTENT_TYPE), set_of(oid(TST_INFO))),
        sequence(oid(MESSAGE_DIGEST), set_of(octets(hashlib.sha256(info).digest()))),
        sequence(
            oid(SIGNING_CERTIFICATE_V2),
            set_of(sequence(sequence(sequence(octets(hashlib.sha256(der).digest()))))),
        ),
    ]
    signature = key.sign(set_of(*attributes), ec.ECDSA(hashes.SHA256()))
    signer = sequence(
        integer(1),
        sequence(certificate.issuer.public_bytes(), integer(certificate.serial_number)),
        digest,
        tlv(0xA0, *sorted(attributes)),
        sequence(oid(ECDSA_SHA256)),
        octets(signature),
    )
    content = sequence(oid(TST_INFO), tlv(0xA0, octets(info)))
    return sequence(integer(3), set_of(digest), content, tlv(0xA0, der), set_of(signer))
