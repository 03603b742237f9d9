import base64

import pytest
from pydantic import ValidationError

from gitops_models.registry.documents import GpgKey
from gitops_models.registry.documents.keys import EXAMPLE_GPG, EXAMPLE_GPG_FINGERPRINT
from gitops_models.registry.openpgp import KeyPart, key_parts, packet, packets, primary_fingerprint

KEY = base64.b64decode(EXAMPLE_GPG)
PRIMARY, *REST = packets(KEY)


def written(tag, body):
    """A packet in the new form with a length of five octets."""
    return bytes([0xC0 | tag, 0xFF]) + len(body).to_bytes(4, "big") + body


WHOLE = b"".join(written(*one) for one in (PRIMARY, *REST))


def test_a_key_is_its_primary_packet_with_what_belongs_to_it():
    assert [tag for tag, _ in (PRIMARY, *REST)] == [6, 13, 2]
    assert primary_fingerprint(KEY) == primary_fingerprint(WHOLE) == EXAMPLE_GPG_FINGERPRINT


@pytest.mark.parametrize(
    ("head", "start", "size"),
    [
        (bytes([0xC2, 5]), 2, 5),
        (bytes([0xC2, 192, 8]), 3, 200),
        (bytes([0xC2, 0xFF, 0, 0, 0, 9]), 6, 9),
        (bytes([0x88, 7]), 2, 7),
        (bytes([0x89, 1, 0]), 3, 256),
        (bytes([0x8A, 0, 0, 0, 3]), 5, 3),
    ],
)
def test_every_form_of_a_length_is_read(head, start, size):
    assert packet(head + bytes(size) + b"more") == (2, start, start + size)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x02\x01a",
        bytes([0xC2]),
        bytes([0xC2, 5]) + b"four",
        bytes([0xC2, 0xE1]) + b"partial",
        bytes([0x8B]) + b"open",
    ],
)
def test_what_is_cut_short_or_open_is_no_packet(data):
    with pytest.raises(ValueError, match="packet"):
        packet(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not one OpenPGP public key"),
        (KEY + KEY, "not one OpenPGP public key"),
        (b"".join(written(*one) for one in REST), "not one OpenPGP public key"),
        (WHOLE + written(11, b"b\0\0\0\0\0text"), "not one OpenPGP public key"),
        (written(5, PRIMARY[1]), "private key"),
        (WHOLE + written(7, PRIMARY[1]), "private key"),
        (written(6, b"\x06" + PRIMARY[1][1:]), "version 4"),
        (KEY[:-1], "cut short"),
    ],
)
def test_anything_else_is_no_listed_key(data, words):
    with pytest.raises(ValueError, match=words):
        primary_fingerprint(data)
    with pytest.raises(ValidationError, match=words):
        GpgKey(type="gpg", fingerprint=EXAMPLE_GPG_FINGERPRINT, key=base64.b64encode(data).decode())


ED25519 = b"\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01\0\1\1"
PARTS = {
    "rsa": (b"\x01\x07\xff\x40" + bytes(255) + b"\0\x11\1\0\1", KeyPart(1, 2047)),
    "elgamal": (b"\x10" + b"\0\2\3" * 3, KeyPart(16, 2)),
    "dsa": (b"\x11" + b"\0\2\3" * 4, KeyPart(17, 2)),
    "ecdh": (b"\x12" + ED25519 + b"\3\1\x08\x07", KeyPart(18, 1)),
    "ecdsa": (b"\x13" + ED25519, KeyPart(19, 1)),
    "eddsa": (b"\x16" + ED25519, KeyPart(22, 1)),
}
UNREADABLE = {
    "nothing": b"",
    "version": b"\x09" + bytes(40),
    "no algorithm": b"\4\0\0\0\1",
    "algorithm": b"\4\0\0\0\1\x1b" + bytes(32),
    "no curve": b"\4\0\0\0\1\x16",
    "curve of no length": b"\4\0\0\0\1\x16\0\0\1\1",
    "curve of a reserved length": b"\4\0\0\0\1\x16\xff" + bytes(300),
    "curve that is cut short": b"\4\0\0\0\1\x16\x09\x2b",
    "no integer": b"\4\0\0\0\1\1",
    "integer of no bits": b"\4\0\0\0\1\1" + bytes(4),
    "integer that is too large": b"\4\0\0\0\1\1\x40\1" + b"\1" * 2049 + b"\0\1\1",
    "integer that is cut short": b"\4\0\0\0\1\1\x08\0" + b"\1" * 20,
    "one integer too few": b"\4\0\0\0\1\1\0\1\1",
    "one integer too many": b"\4\0\0\0\1\1" + b"\0\1\1" * 3,
}


@pytest.mark.parametrize("name", PARTS)
def test_a_key_packet_is_read_to_its_end(name):
    fields, expected = PARTS[name]
    data = WHOLE + written(14, b"\4\0\0\0\1" + fields)
    assert primary_fingerprint(data) == EXAMPLE_GPG_FINGERPRINT
    own, other = key_parts(data).items()
    assert own == (EXAMPLE_GPG_FINGERPRINT, KeyPart(22, 263))
    assert other[1] == expected


@pytest.mark.parametrize("tag", [6, 14])
@pytest.mark.parametrize("name", UNREADABLE)
def test_a_key_packet_that_gpg_might_end_at_is_refused(name, tag):
    data = WHOLE + written(14, UNREADABLE[name]) if tag == 14 else written(6, UNREADABLE[name])
    with pytest.raises(ValueError, match=r"well-formed|unknown algorithm|version 4"):
        primary_fingerprint(data)


def test_a_listed_key_must_have_the_fingerprint_that_stands_beside_it():
    with pytest.raises(ValidationError, match="another fingerprint"):
        GpgKey(type="gpg", fingerprint="A" * 40, key=EXAMPLE_GPG)
    with pytest.raises(ValidationError, match="base64"):
        GpgKey(type="gpg", fingerprint=EXAMPLE_GPG_FINGERPRINT, key=f"{EXAMPLE_GPG}\n")
