import pytest

from gitops_models.trust.cms import check_cms
from gitops_models.trust.der import read_der
from gitops_models.trust.problem import SignatureProblem
from tests.support.cms import (
    CONTENT_TYPE,
    DATA,
    DIGEST,
    OCTETS,
    OID,
    RSA,
    SEQUENCE,
    SET,
    attribute,
    certificate,
    cms,
    message,
    oid,
    rekor_attribute,
)
from tests.support.keys import ecdsa_key
from tests.support.timestamps import tlv

PAYLOAD = b"tree and everything\n"
TYPE = attribute(CONTENT_TYPE, oid(DATA))
RIGHT = message(cms(PAYLOAD))


def problem_of(text):
    with pytest.raises(SignatureProblem) as caught:
        check_cms(PAYLOAD, text.encode())
    return caught.value.code, caught.value.verdict


def test_a_plain_signature_is_read():
    made = check_cms(PAYLOAD, RIGHT.encode())
    assert (made.certificate, made.rekor) == (certificate(), None)
    assert len(made.fingerprint) == 64


def test_a_log_entry_comes_along_in_an_unsigned_attribute():
    other = attribute("2a864886f70d01090e", oid(DATA))
    text = message(cms(PAYLOAD, unsigned=[other, rekor_attribute(b"entry")]))
    assert check_cms(PAYLOAD, text.encode()).rekor == b"entry"
    assert check_cms(PAYLOAD, message(cms(PAYLOAD, unsigned=[other])).encode()).rekor is None


def test_the_signers_certificate_is_found_among_others():
    other = certificate(ecdsa_key("bob").private)
    text = message(cms(PAYLOAD, certificates=[tlv(SEQUENCE), tlv(SET, tlv(OID)), certificate()]))
    assert check_cms(PAYLOAD, text.encode()).certificate == certificate()
    assert problem_of(message(cms(PAYLOAD, certificates=[tlv(SEQUENCE)]))) == ("GM-T050", "malformed")
    assert problem_of(message(cms(PAYLOAD, certificates=[other])))[0] == "GM-T003"


@pytest.mark.parametrize(
    ("text", "code", "verdict"),
    [
        (message(cms(b"another")), "GM-T051", "bad"),
        (message(cms(PAYLOAD, signature=b"none")), "GM-T003", "bad"),
        (message(cms(PAYLOAD, private=RSA)), "GM-T020", "untrusted"),
        (message(cms(PAYLOAD, outer=DATA)), "GM-T050", "malformed"),
        (message(cms(PAYLOAD, content=tlv(0xA0, tlv(OCTETS, PAYLOAD)))), "GM-T050", "malformed"),
        (message(cms(PAYLOAD, signers=2)), "GM-T050", "malformed"),
        (message(cms(PAYLOAD, signers=0)), "GM-T050", "malformed"),
        (message(cms(PAYLOAD, algorithm="2b0e03021a")), "GM-T050", "malformed"),
        (message(cms(PAYLOAD, attributes=[TYPE])), "GM-T050", "malformed"),
        (message(cms(PAYLOAD, attributes=[TYPE, TYPE])), "GM-T050", "malformed"),
        (message(cms(PAYLOAD, attributes=[attribute(DIGEST, tlv(OCTETS, b"x"))])), "GM-T050", "malformed"),
        (message(cms(PAYLOAD, attributes=[attribute(CONTENT_TYPE, oid(DIGEST))])), "GM-T050", "malformed"),
        (message(cms(PAYLOAD, attributes=[attribute(CONTENT_TYPE)])), "GM-T050", "malformed"),
        (message(cms(PAYLOAD, attributes=[tlv(SEQUENCE, oid(DATA))])), "GM-T050", "malformed"),
        (message(cms(PAYLOAD, unsigned=[TYPE], unsigned_tag=SET)), "GM-T050", "malformed"),
        (message(cms(PAYLOAD, unsigned=[attribute("2b0601040183bf300301", oid(DATA))])), "GM-T050", "malformed"),
        (message(cms(PAYLOAD) + b"x"), "GM-T050", "malformed"),
        (message(cms(PAYLOAD)[:-1]), "GM-T050", "malformed"),
        (message(tlv(SET)), "GM-T050", "malformed"),
        ("x" * 70000, "GM-T050", "malformed"),
        (RIGHT.replace("MESSAGE-----\n", "MESSAGE----- approved\n", 1), "GM-T011", "malformed"),
        (RIGHT + "approved\n", "GM-T011", "malformed"),
        (RIGHT.replace("MI", "M I", 1), "GM-T012", "malformed"),
        (RIGHT.replace("\n", "\n\n", 2), "GM-T012", "malformed"),
        (RIGHT.replace("\n", "\r\n"), "GM-T013", "malformed"),
        (RIGHT.replace("MI", "M*", 1), "GM-T014", "malformed"),
        (message(b"0"), "GM-T050", "malformed"),
        (message(b"0").replace("MA==", "MB=="), "GM-T014", "malformed"),
    ],
)
def test_everything_else_is_refused_with_its_reason(text, code, verdict):
    assert problem_of(text) == (code, verdict)


def test_a_certificate_that_cannot_be_read_is_refused():
    fields = read_der(certificate()).children()[0].children()
    broken = tlv(SEQUENCE, tlv(SEQUENCE, fields[1].raw, fields[2].raw, fields[3].raw))
    assert problem_of(message(cms(PAYLOAD, certificates=[broken]))) == ("GM-T020", "malformed")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30",
        b"\x30\x01",
        b"\x3f\x00",
        b"\x30\x80\x00\x00",
        b"\x30\x81\x05" + b"\x02\x03abc",
        b"\x30\x82\x00\x80" + bytes(128),
        b"\x30\x85\x00\x00\x00\x00\x00",
        b"\x30\x00\x00",
    ],
)
def test_what_is_not_der_is_refused(data):
    with pytest.raises(SignatureProblem, match="GM-T050"):
        read_der(data)


def test_long_lengths_are_read():
    node = read_der(tlv(SEQUENCE, tlv(OCTETS, bytes(300))))
    assert [len(child.body) for child in node.children()] == [300]
