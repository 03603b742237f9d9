import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.trust.openpgp import crc24, literal_packet, signature_packet
from gitops_models.trust.problem import SignatureProblem

BODY = bytes([4, 0]) + b"made by nobody, but of the right form"
PACKET = b"\xc2" + bytes([len(BODY)]) + BODY


def armored(data=PACKET, *, headers="", checksum=None, width=64, begin="PGP SIGNATURE", blank="\n"):
    text = base64.b64encode(data).decode()
    lines = "\n".join(text[at : at + width] for at in range(0, len(text), width))
    ending = f"\n={checksum}" if checksum else ""
    return f"-----BEGIN {begin}-----\n{headers}{blank}{lines}{ending}\n-----END {begin}-----\n".encode()


def code_of(text):
    with pytest.raises(SignatureProblem) as caught:
        signature_packet(text)
    assert caught.value.verdict == "malformed"
    return caught.value.code


CRC = base64.b64encode(crc24(PACKET)).decode()


@pytest.mark.parametrize(
    "text",
    [
        armored(),
        armored().removesuffix(b"\n"),
        armored(checksum=CRC),
        armored(headers="Version: GnuPG v1\nComment: by nobody\n"),
        armored(width=76),
    ],
)
def test_one_signature_packet_is_read(text):
    assert signature_packet(text) == PACKET


@pytest.mark.parametrize(
    "data",
    [
        b"\x88" + bytes([len(BODY)]) + BODY,
        b"\x89\0" + bytes([len(BODY)]) + BODY,
        b"\x8a\0\0\0" + bytes([len(BODY)]) + BODY,
        b"\xc2\xff\0\0\0" + bytes([len(BODY)]) + BODY,
        b"\xc2\xc0\x08" + BODY + b"." * (200 - len(BODY)),
    ],
    ids=["old 1", "old 2", "old 4", "new 5", "new 2"],
)
def test_every_form_of_a_packets_length_is_understood(data):
    assert signature_packet(armored(data)) == data


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "GM-T010"),
        (armored(begin="PGP MESSAGE"), "GM-T010"),
        (b"-----BEGIN PGP SIGNATURE-----\n", "GM-T010"),
        (armored(blank=""), "GM-T010"),
        (b"x" * 20000, "GM-T010"),
        (armored() + b"and more\n", "GM-T011"),
        (armored()[:-1] + b" approved\n", "GM-T011"),
        (armored().replace(b"-----\n\n", b"----- approved\n\n"), "GM-T011"),
        (armored(headers="approved by all\n"), "GM-T011"),
        (armored() + armored(), "GM-T011"),
        (armored().replace(b"wi", b"w i", 1), "GM-T012"),
        (armored(width=8).replace(b"\n", b"\n\n", 3), "GM-T012"),
        (armored(b""), "GM-T012"),
        (armored().replace(b"\n", b"\r\n"), "GM-T013"),
        (armored().replace(b"\n\n", b"\n\n*"), "GM-T014"),
        (armored().replace(b"\n\n", b"\n\nA"), "GM-T014"),
        (armored(PACKET[:2] + BODY[:-1] + b"\xf0" + b"", width=999).replace(b"=\n", b"\n"), "GM-T014"),
        (armored(checksum="AAAA"), "GM-T014"),
        (armored(PACKET + PACKET), "GM-T031"),
        (armored(PACKET + b"\xcb\x01x"), "GM-T040"),
        (armored(b"\xcb" + PACKET[1:]), "GM-T040"),
        (armored(PACKET[:-1]), "GM-T040"),
        (armored(b"\x42" + PACKET[1:]), "GM-T040"),
        (armored(b"\xc2"), "GM-T040"),
        (armored(b"\x8b" + BODY), "GM-T040"),
        (armored(b"\xc2\xe4" + BODY), "GM-T040"),
        (armored(PACKET.replace(b"\x04\0made", b"\x03\0made")), "GM-T040"),
        (armored(PACKET.replace(b"\x04\0made", b"\x04\x01made")), "GM-T040"),
    ],
)
def test_everything_else_is_malformed(text, code):
    assert code_of(text) == code


def test_the_free_bits_of_base64_are_no_second_spelling():
    text = armored(PACKET[:1] + bytes([len(BODY) + 2]) + BODY + b"xx")
    body = text.split(b"\n\n")[1].split(b"\n")[0]
    assert body.endswith(b"==")
    other = body[:-3] + bytes([body[-3] + 1]) + b"=="
    assert code_of(text.replace(body, other)) == "GM-T014"


def test_the_checksum_is_the_one_of_the_format():
    # The check value of CRC-24/OPENPGP.
    assert crc24(b"123456789").hex() == "21cf02"


def test_literal_data_holds_the_payload_behind_its_length():
    assert literal_packet(b"abc") == b"\xcb\xff\0\0\0\x09b\0\0\0\0\0abc"


@given(st.binary(max_size=300))
def test_no_garbage_makes_it_fail(garbage):
    for text in (garbage, armored(garbage or b"x"), armored(b"\xc2" + garbage), armored(b"\x88" + garbage)):
        try:
            signature_packet(text)
        except SignatureProblem as problem:
            assert problem.verdict == "malformed"  # noqa: PT017 - garbage may happen to be a packet
