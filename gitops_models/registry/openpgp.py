"""OpenPGP packets and public keys as bytes (RFC 9580): what can be said of a key without a cryptographic library.

The fingerprint is a digest of the key itself, so a document that states both cannot name one key and hold another.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from gitops_models.registry.values import dataclass

__all__ = ["DSA", "RSA", "KeyPart", "key_parts", "packet", "packets", "primary_fingerprint"]

# RFC 9580, 4.2.1: where the forms of a length begin.
_TWO_OCTETS, _PARTIAL, _FIVE_OCTETS = 192, 224, 255
_NEW_FORM, _PACKET = 0x40, 0x80
# RFC 9580, 5: what a public key consists of.
_SIGNATURE, _PUBLIC_KEY, _USER_ID, _PUBLIC_SUBKEY, _USER_ATTRIBUTE = 2, 6, 13, 14, 17
_SECRET = frozenset({5, 7})
_OF_A_KEY = frozenset({_SIGNATURE, _PUBLIC_KEY, _USER_ID, _PUBLIC_SUBKEY, _USER_ATTRIBUTE})
_VERSION = 4
# RFC 9580, 9.1: the algorithms of keys that gpg reads, and of how many integers each consists (5.5.5).
RSA, DSA = frozenset({1, 2, 3}), 17
_ECDH, _ON_CURVES = 18, frozenset({18, 19, 22})
_INTEGERS = {1: 2, 2: 2, 3: 2, 16: 3, DSA: 4, _ECDH: 1, 19: 1, 22: 1}
# Version, time, algorithm.
_HEAD = 6
# gpg ends at a larger integer (MAX_EXTERN_MPI_BITS).
_MAX_BITS = 16384
_RESERVED = 256
_UNREADABLE = "has a key or subkey packet that is not well-formed"


@dataclass(frozen=True)
class KeyPart:
    """A primary key or subkey: its algorithm (RFC 9580, 9.1), and the size of its first integer in bits.

    That is the modulus of RSA and the prime of DSA; of a key on a curve it says nothing.
    """

    algorithm: int
    bits: int


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

    ``ValueError`` for anything but one version 4 key with its user IDs, subkeys and their signatures, and for a key or
    subkey that is not well-formed.
    """
    found = list(packets(data))
    tags = [tag for tag, _ in found]
    if not _SECRET.isdisjoint(tags):
        raise ValueError("holds a private key: take it out of circulation, and export the public one")
    if tags[:1] != [_PUBLIC_KEY] or tags.count(_PUBLIC_KEY) != 1 or not _OF_A_KEY.issuperset(tags):
        raise ValueError("is not one OpenPGP public key")
    for body in _keys(found):
        _part(body)
    return _fingerprint(found[0][1])


def key_parts(data: bytes) -> Mapping[str, KeyPart]:
    """Return primary key and subkeys of the public key ``data`` by fingerprint; ``ValueError`` as in ``packet``."""
    return {_fingerprint(body): _part(body) for body in _keys(packets(data))}


def _keys(found: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
    return (body for tag, body in found if tag in {_PUBLIC_KEY, _PUBLIC_SUBKEY})


def _fingerprint(body: bytes) -> str:
    # RFC 9580, 5.5.4.2; SHA-1 names the key here, as Git's ids name objects.
    return hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body, usedforsecurity=False).hexdigest().upper()


def _part(body: bytes) -> KeyPart:
    """Read a key packet to its end: gpg gives up the whole file at one that it cannot read."""
    if body[:1] != bytes([_VERSION]):
        raise ValueError("is not a version 4 OpenPGP key")
    algorithm = int.from_bytes(body[_HEAD - 1 : _HEAD])
    if algorithm not in _INTEGERS:
        raise ValueError(f"has an OpenPGP key or subkey of unknown algorithm {algorithm}")
    rest = _counted(body[_HEAD:])[1] if algorithm in _ON_CURVES else body[_HEAD:]
    first, rest = _integer(rest)
    for _ in range(1, _INTEGERS[algorithm]):
        _, rest = _integer(rest)
    if algorithm == _ECDH:
        _, rest = _counted(rest)
    if rest:
        raise ValueError(_UNREADABLE)
    return KeyPart(algorithm, first)


def _integer(data: bytes) -> tuple[int, bytes]:
    """Return the bits that are in the integer, and what follows it (RFC 9580, 3.2)."""
    bits = int.from_bytes(data[:2])
    end = 2 + (bits + 7) // 8
    if not 0 < bits <= _MAX_BITS or end > len(data):
        raise ValueError(_UNREADABLE)
    return int.from_bytes(data[2:end]).bit_length(), data[end:]


def _counted(data: bytes) -> tuple[bytes, bytes]:
    """Return a field with its length in one octet before it, and what follows (0 and 255 are reserved)."""
    end = 1 + int.from_bytes(data[:1])
    if not 1 < end < _RESERVED or end > len(data):
        raise ValueError(_UNREADABLE)
    return data[1:end], data[end:]


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
