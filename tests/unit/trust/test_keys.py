import base64
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization

from gitops_models.trust.keys import fingerprint, load_key, read_key_line
from gitops_models.trust.problem import SignatureProblem
from gitops_models.trust.wire import Reader, mpint, string
from tests.support.keys import CURVES, ecdsa_key, ed25519_key, rsa_key

KEYS = [ed25519_key("ann"), *(ecdsa_key("ann", curve) for curve in CURVES), rsa_key()]


def code_of(call, argument):
    with pytest.raises(SignatureProblem) as caught:
        call(argument)
    return caught.value.code


@pytest.mark.parametrize("signer", KEYS, ids=lambda signer: signer.public_key.split()[0])
def test_the_fingerprint_is_the_one_ssh_keygen_prints(signer, tmp_path):
    path = signer.write(tmp_path / "key")
    printed = subprocess.run(["ssh-keygen", "-l", "-f", path], capture_output=True, text=True, check=True).stdout
    assert printed.split()[1] == load_key(signer.blob).fingerprint == fingerprint(signer.blob)


def test_a_key_is_parsed_once():
    assert load_key(KEYS[0].blob) is load_key(bytes(KEYS[0].blob))


def test_a_public_key_line_is_read_with_and_without_comment():
    line = ed25519_key("ann").public_key
    assert read_key_line(line) == read_key_line(f"{line} ann@example.org laptop")
    assert read_key_line(line).line == line


@pytest.mark.parametrize(
    "line",
    [
        "ssh-ed25519",
        "ssh-ed25519 AAA*",
        "ssh-ed25519 \u00e4\u00e4\u00e4\u00e4",
        f"ssh-rsa {ed25519_key('ann').public_key.split()[1]}",
    ],
    ids=["one word", "no base64", "no ASCII", "other type"],
)
def test_a_line_that_is_no_key_is_refused(line):
    assert code_of(read_key_line, line) == "GM-T024"


def compressed_point():
    raw = (serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    return ecdsa_key("ann").private.public_key().public_bytes(*raw)


def rsa_blob(exponent, modulus):
    return string(b"ssh-rsa") + mpint(exponent) + mpint(modulus)


@pytest.mark.parametrize(
    ("blob", "code"),
    [
        (b"", "GM-T015"),
        (ed25519_key("ann").blob + b"x", "GM-T015"),
        (string(b"ssh-dss"), "GM-T020"),
        (string(b"\xff"), "GM-T020"),
        (rsa_blob(65537, (1 << 1023) + 1), "GM-T022"),
        (rsa_blob(65537, (1 << 16384) + 1), "GM-T022"),
        (rsa_blob(2, (1 << 2047) + 1), "GM-T024"),
        (string(b"ssh-ed25519") + string(b"short"), "GM-T024"),
        (string(b"ecdsa-sha2-nistp256") + string(b"nistp384") + string(b"\x04"), "GM-T024"),
        (string(b"ecdsa-sha2-nistp256") + string(b"nistp256") + string(compressed_point()), "GM-T024"),
        (string(b"ecdsa-sha2-nistp256") + string(b"nistp256") + string(b"\x04" + bytes(64)), "GM-T024"),
        (string(b"ssh-ed25519-cert-v01@openssh.com"), "GM-T025"),
    ],
)
def test_a_blob_that_is_no_usable_key_is_refused(blob, code):
    assert code_of(load_key, blob) == code


def test_the_signature_field_must_be_of_the_keys_algorithm():
    key = load_key(ed25519_key("ann").blob)
    field = ed25519_key("ann").field(b"data")
    key.check(b"data", field)
    with pytest.raises(SignatureProblem) as caught:
        key.check(b"data", field.replace(b"ssh-ed25519", b"ssh-ed25518"))
    assert caught.value.code == "GM-T023"


@pytest.mark.parametrize("algorithm", [b"ssh-rsa", b"rsa-sha2-384"])
def test_an_rsa_key_signs_with_sha2_only(algorithm):
    reader = Reader(rsa_key().field(b"data"), "signature")
    reader.string()
    with pytest.raises(SignatureProblem) as caught:
        load_key(rsa_key().blob).check(b"data", string(algorithm) + string(reader.string()))
    assert caught.value.code == "GM-T023"


@pytest.mark.parametrize("signer", [*KEYS, rsa_key(rsa_hash="256")], ids=lambda signer: signer.public_key.split()[0])
def test_a_signature_over_other_bytes_is_bad(signer):
    key = load_key(signer.blob)
    key.check(b"data", signer.field(b"data"))
    with pytest.raises(SignatureProblem) as caught:
        key.check(b"Data", signer.field(b"data"))
    assert (caught.value.code, caught.value.verdict) == ("GM-T003", "bad")


def test_base64_of_a_blob_is_the_line():
    assert base64.b64decode(ed25519_key("ann").public_key.split()[1]) == ed25519_key("ann").blob
