import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.errors import GmError
from gitops_models.registry.canonical import jcs
from gitops_models.trust.dsse import MAX_BYTES, PAYLOAD_TYPE, Envelope, EnvelopeSignature, pae, read_canonical

PLAIN = Envelope(PAYLOAD_TYPE, b"{}", (EnvelopeSignature("SHA256:x", b"armor"),))


def code_of(data):
    with pytest.raises(GmError) as caught:
        Envelope.decode(data)
    return caught.value.code


def changed(**fields):
    return jcs({**json.loads(PLAIN.encode()), **fields})


def signature(**fields):
    return changed(signatures=[{**json.loads(PLAIN.encode())["signatures"][0], **fields}])


def test_the_encoding_that_is_signed_is_the_one_of_the_specification():
    # The example of the DSSE specification, protocol.md.
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@given(st.binary(max_size=200), st.text(max_size=20), st.binary(max_size=200))
def test_an_envelope_is_read_back(payload, keyid, sig):
    envelope = Envelope(PAYLOAD_TYPE, payload, (EnvelopeSignature(keyid, sig),))
    assert Envelope.decode(envelope.encode()) == envelope


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"{" + b" " * MAX_BYTES, "GM-T100"),
        (b"", "GM-T101"),
        (b"\xff", "GM-T101"),
        (b"[" * 60_000, "GM-T101"),
        (b"[]", "GM-T101"),
        (changed(extra=1), "GM-T101"),
        (changed(payload=1), "GM-T101"),
        (changed(payload="*"), "GM-T101"),
        (changed(payload="ä"), "GM-T101"),
        (signature(extra=1), "GM-T101"),
        (signature(keyid=1), "GM-T101"),
        (signature(sig=None), "GM-T101"),
        (changed(signatures=["x"]), "GM-T101"),
        (changed(payloadType="text/plain"), "GM-T102"),
        (changed(signatures=[]), "GM-T103"),
        (changed(signatures={}), "GM-T103"),
        (changed(signatures=json.loads(PLAIN.encode())["signatures"] * 2), "GM-T103"),
        (PLAIN.encode() + b"\n", "GM-T104"),
        (PLAIN.encode().replace(b":", b": ", 1), "GM-T104"),
        (changed(payload="e31="), "GM-T104"),
        (b'{"a":NaN}', "GM-T104"),
        (b'{"a":1,"a":1}', "GM-T104"),
    ],
)
def test_another_form_is_refused(data, code):
    assert code_of(data) == code


def test_an_envelope_that_would_be_too_large_is_not_written():
    with pytest.raises(GmError) as caught:
        Envelope(PAYLOAD_TYPE, b"x" * MAX_BYTES, ()).encode()
    assert caught.value.code == "GM-T100"


def test_base64_has_one_spelling():
    assert base64.b64decode("e31=") == base64.b64decode("e30=")


def test_canonical_json_is_read():
    assert read_canonical(b'{"a":[1,2]}', "statement") == {"a": [1, 2]}
