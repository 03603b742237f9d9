"""The armored OpenPGP signature of a commit or tag (RFC 9580), read strictly before gpg sees it.

gpg reads more than a signature: several of them, keys, whole messages, text around the armor. Here the armor must hold
exactly one version 4 signature packet over binary data, which is all that ``gpg --detach-sign`` writes for git.
"""

import base64
import re

from gitops_models.registry.openpgp import packet
from gitops_models.trust.armor import decode
from gitops_models.trust.problem import SignatureProblem

__all__ = ["crc24", "digest", "literal_packet", "signature_packet"]

_BEGIN = b"-----BEGIN PGP SIGNATURE-----"
_END = b"-----END PGP SIGNATURE-----"
_MAX_BYTES = 16 * 1024
_HEADER = re.compile(rb"[A-Za-z]+: [\x20-\x7e]*")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
_SIGNATURE = 2
_VERSION = 4
_BINARY = 0x00
# After version, type and the algorithm of the key.
_DIGEST = 3
_CRC_START = 0xB704CE
_CRC_POLYNOMIAL = 0x1864CFB


def _crc_of_byte(byte: int) -> int:
    crc = byte << 16
    for _ in range(8):
        crc = crc << 1 ^ (_CRC_POLYNOMIAL if crc & 0x800000 else 0)
    return crc


_CRC_TABLE = tuple(_crc_of_byte(byte) for byte in range(256))


def signature_packet(armored: bytes) -> bytes:
    """Return the one signature packet inside ``armored``.

    Raises GM-T010 (no such armor), GM-T011 (text around it), GM-T012 (white space inside), GM-T013 (CR), GM-T014 (not
    base64, or another checksum), GM-T031 (several signatures), GM-T040 (not one version 4 signature over binary data).
    """
    data = _dearmor(armored)
    tag, start, end = _packet(data)
    if tag != _SIGNATURE:
        raise SignatureProblem("GM-T040", "the armor holds something else than a signature packet")
    if end < len(data):
        code = "GM-T031" if _packet(data[end:])[0] == _SIGNATURE else "GM-T040"
        raise SignatureProblem(code, "more than one packet in the armor")
    if data[start : start + 2] != bytes([_VERSION, _BINARY]):
        raise SignatureProblem("GM-T040", "not a version 4 signature over binary data")
    return data


def digest(signature: bytes) -> int:
    """Return the number of the digest that a signature packet names (RFC 9580, 5.2.3 and 9.5)."""
    _, start, _ = _packet(signature)
    return signature[start + _DIGEST]


def literal_packet(payload: bytes) -> bytes:
    """Return ``payload`` as literal data: after a signature packet it makes a signed message (RFC 9580, 10.3)."""
    body = b"b\0\0\0\0\0" + payload
    return b"\xcb\xff" + len(body).to_bytes(4, "big") + body


def crc24(data: bytes) -> bytes:
    """Return the checksum of an armor (RFC 9580, 6.1)."""
    crc = _CRC_START
    for byte in data:
        crc = (crc << 8 & 0xFFFFFF) ^ _CRC_TABLE[crc >> 16 ^ byte]
    return crc.to_bytes(3, "big")


def _dearmor(armored: bytes) -> bytes:
    lines = _frame(armored)
    if b"" not in lines:
        raise SignatureProblem("GM-T010", "no blank line after the headers of the armor")
    blank = lines.index(b"")
    headers, body = lines[:blank], lines[blank + 1 :]
    if not all(_HEADER.fullmatch(line) for line in headers):
        raise SignatureProblem("GM-T011", "a line of the armor that is no header of it")
    checksum = body.pop()[1:] if body and body[-1].startswith(b"=") else None
    joined = b"".join(body)
    if joined.split() != [joined] or b"" in body:
        raise SignatureProblem("GM-T012", "white space inside the base64 of the signature")
    if not _BASE64.fullmatch(joined):
        raise SignatureProblem("GM-T014", "the signature is not base64")
    data = decode(joined)
    if checksum is not None and checksum != base64.b64encode(crc24(data)):
        raise SignatureProblem("GM-T014", "the checksum of the armor is another")
    return data


def _frame(armored: bytes) -> list[bytes]:
    if len(armored) > _MAX_BYTES:
        raise SignatureProblem("GM-T010", f"a signature of more than {_MAX_BYTES} bytes")
    if b"\r" in armored:
        raise SignatureProblem("GM-T013", "carriage return in the signature")
    lines = armored.removesuffix(b"\n").split(b"\n")
    if not armored.startswith(_BEGIN) or not any(line.startswith(_END) for line in lines):
        raise SignatureProblem("GM-T010", "no OpenPGP signature between a BEGIN and an END line")
    if lines[0] != _BEGIN or lines[-1] != _END or lines.count(_END) != 1:
        raise SignatureProblem("GM-T011", "text on the BEGIN line, or on or after the END line")
    return lines[1:-1]


def _packet(data: bytes) -> tuple[int, int, int]:
    try:
        return packet(data)
    except ValueError as error:
        raise SignatureProblem("GM-T040", f"the armor {error}") from error
