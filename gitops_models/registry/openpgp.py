"""OpenPGP packets and public keys as bytes (RFC 9580): what can be said of a key without a cryptographic library.

The fingerprint is a digest of the key itself, so a document that states both cannot name one key and hold another.
"""

import hashlib
from collections.abc import Iterator

__all__ = ["packet", "packets", "primary_fingerprint"]

# RFC 9580, 4.2.1: where the forms of a length begin.
_TWO_OCTETS, _PARTIAL, _FIVE_OCTETS = 192, 224, 255
_NEW_FORM, _PACKET = 0x40, 0x80
# RFC 9580, 5: what a public key consists of.
_SIGNATURE, _PUBLIC_KEY, _USER_ID, _PUBLIC_SUBKEY, _USER_ATTRIBUTE = 2, 6, 13, 14, 17
_SECRET = frozenset({5, 7})
_OF_A_KEY = frozenset({_SIGNATURE, _PUBLIC_KEY, _USER_ID, _PUBLIC_SUBKEY, _USER_ATTRIBUTE})
_VERSION = 4


def packet(data: bytes) -> tuple[int, int, int]:
    """Return tag, start and end of the packet at the beginning of ``data`` (RFC 9580, 4.2).

    ``ValueError`` for what is cut short, and for partial and open lengths: what follows would become part of it.
    """
    if not data or not data[0] & _PACKET:
        raise ValueError("is no OpenPGP packet")
    new = data[0] & _NEW_FORM
    tag = data[0] & 0x3F if new else data[0] >> 2 & 0x0F
    start, size = _new_length(data) if new else _old_length(data)
    if size < 0 or start + size > len(data):
        raise ValueError("has an OpenPGP packet that is cut short, or of open length")
    return tag, start, start + size


def packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and body of every packet; ``ValueError`` as in ``packet``."""
    while data:
        tag, start, end = packet(data)
        yield tag, data[start:end]
        data = data[end:]


def primary_fingerprint(data: bytes) -> str:
    """Return the fingerprint of the one public key in ``data`` (binary), upper-case hex.

    ``ValueError`` for anything but one version 4 key with its user IDs, subkeys and their signatures.
    """
    found = list(packets(data))
    tags = [tag for tag, _ in found]
    if not _SECRET.isdisjoint(tags):
        raise ValueError("holds a private key: take it out of circulation, and export the public one")
    if tags[:1] != [_PUBLIC_KEY] or tags.count(_PUBLIC_KEY) != 1 or not _OF_A_KEY.issuperset(tags):
        raise ValueError("is not one OpenPGP public key")
    body = found[0][1]
    if body[:1] != bytes([_VERSION]):
        raise ValueError("is not a version 4 OpenPGP key")
    # RFC 9580, 5.5.4.2; SHA-1 names the key here, as Git's ids name objects.
    return hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body, usedforsecurity=False).hexdigest().upper()


def _new_length(data: bytes) -> tuple[int, int]:
    first = int.from_bytes(data[1:2], "big")
    if first < _TWO_OCTETS:
        return 2, first
    if first < _PARTIAL:
        return 3, (first - _TWO_OCTETS << 8) + int.from_bytes(data[2:3], "big") + _TWO_OCTETS
    return 6, int.from_bytes(data[2:6], "big") if first == _FIVE_OCTETS else -1


def _old_length(data: bytes) -> tuple[int, int]:
    octets = (1, 2, 4, 0)[data[0] & 3]
    return 1 + octets, int.from_bytes(data[1 : 1 + octets], "big") if octets else -1
