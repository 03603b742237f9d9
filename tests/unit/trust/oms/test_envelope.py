"""model.sig signed with a key."""

import base64
import json

import pytest
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from gitops_models.errors import GmError
from gitops_models.trust.oms.envelope import open_with_key, seal_with_key
from gitops_models.trust.oms.keys import ModelSigner, read_private_key, read_public_key

KEYS = {
    "P-256": ec.derive_private_key(7, ec.SECP256R1()),
    "P-384": ec.derive_private_key(7, ec.SECP384R1()),
    "P-521": ec.derive_private_key(7, ec.SECP521R1()),
    "ed25519": ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32))),
}
SIGNER = ModelSigner(KEYS["P-256"])
SEALED = seal_with_key(b'{"x":1}', SIGNER)


def refusal_of(data, key=SIGNER.public):
    with pytest.raises(GmError) as refusal:
        open_with_key(data, key)
    return refusal.value.code


def edited(**changes):
    return json.dumps({**json.loads(SEALED), **changes}).encode()


def enveloped(**changes):
    return edited(dsseEnvelope={**json.loads(SEALED)["dsseEnvelope"], **changes})


@pytest.mark.parametrize("name", KEYS)
def test_what_a_key_seals_opens_with_its_public_half(name):
    signer = ModelSigner(KEYS[name])
    sealed = seal_with_key(b"payload", signer)
    assert open_with_key(sealed, signer.public) == b"payload"
    other = ModelSigner(KEYS["ed25519" if name != "ed25519" else "P-256"])
    assert refusal_of(sealed, other.public) == "GM-T721"


def test_the_spellings_of_older_releases_are_read():
    signature = {**json.loads(SEALED)["dsseEnvelope"]["signatures"][0], "keyid": None}
    material = {"publicKey": {"rawBytes": "eA==", "keyDetails": "PKIX_ECDSA_P256_SHA_256"}}
    envelope = {**json.loads(SEALED)["dsseEnvelope"], "signatures": [signature]}
    data = edited(verificationMaterial=material, dsseEnvelope=envelope)
    assert open_with_key(data, SIGNER.public) == b'{"x":1}'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        SEALED[:-1],
        edited(mediaType="application/vnd.dev.sigstore.bundle+json;version=0.2"),
        edited(verificationMaterial=7),
        edited(dsseEnvelope=None),
        edited(verificationMaterial={"certificate": {"rawBytes": "eA=="}, "tlogEntries": []}),
        edited(verificationMaterial={"publicKey": {}, "tlogEntries": [{"logIndex": "1"}]}),
        edited(verificationMaterial={"publicKey": "x"}),
        enveloped(payloadType="text/plain"),
        enveloped(signatures=[]),
        enveloped(signatures=json.loads(SEALED)["dsseEnvelope"]["signatures"] * 2),
        enveloped(signatures=[{"sig": "eA==", "extra": 1}]),
        enveloped(signatures=[{"sig": "eA"}]),
        enveloped(payload="e A=="),
    ],
)
def test_what_is_no_model_signature_is_refused(data):
    assert refusal_of(data) == "GM-T720"


@pytest.mark.parametrize(
    "data",
    [
        enveloped(payload=base64.b64encode(b'{"x":2}').decode()),
        enveloped(signatures=[{"sig": "eA=="}]),
        edited(verificationMaterial={"publicKey": {"hint": "ab" * 32}}),
    ],
)
def test_a_signature_that_is_not_by_this_key_is_refused(data):
    assert refusal_of(data) == "GM-T721"


@pytest.mark.parametrize("byte", range(0, 64, 7))
def test_one_flipped_byte_in_a_signature_is_refused(byte):
    raw = bytearray(base64.b64decode(json.loads(SEALED)["dsseEnvelope"]["signatures"][0]["sig"]))
    raw[byte] ^= 1
    assert refusal_of(enveloped(signatures=[{"sig": base64.b64encode(bytes(raw)).decode()}])) == "GM-T721"


def write(path, data):
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("ssh", [True, False])
def test_keys_are_read_as_pem_and_as_openssh(name, ssh, tmp_path):
    key = KEYS[name]
    private = ser.PrivateFormat.OpenSSH if ssh else ser.PrivateFormat.PKCS8
    public = (
        key.public_key().public_bytes(ser.Encoding.OpenSSH, ser.PublicFormat.OpenSSH)
        if ssh
        else b"Public Key Information:\n" + pem(key)
    )
    signer = read_private_key(write(tmp_path / "k", key.private_bytes(ser.Encoding.PEM, private, ser.NoEncryption())))
    assert signer.public.hint == read_public_key(write(tmp_path / "k.pub", public)).hint


def pem(key):
    return key.public_key().public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo)


def private_pem(key, encryption=None):
    return key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, encryption or ser.NoEncryption())


FOREIGN = [rsa.generate_private_key(65537, 2048), ec.derive_private_key(7, ec.SECP256K1())]


@pytest.mark.parametrize("key", FOREIGN, ids=["rsa", "secp256k1"])
def test_keys_of_another_kind_are_refused(key, tmp_path):
    for read, data in ((read_public_key, pem(key)), (read_private_key, private_pem(key))):
        with pytest.raises(GmError) as refusal:
            read(write(tmp_path / "k", data))
        assert (refusal.value.code, refusal.value.exit_status) == ("GM-T730", 2)


@pytest.mark.parametrize("read", [read_public_key, read_private_key])
def test_what_is_no_key_is_refused(read, tmp_path):
    locked = private_pem(KEYS["P-256"], ser.BestAvailableEncryption(b"x"))
    for data in (b"", b"ssh-ed25519 AAAA", b"-----BEGIN OPENSSH PRIVATE KEY-----", locked):
        with pytest.raises(GmError) as refusal:
            read(write(tmp_path / "k", data))
        assert refusal.value.code == "GM-T730"
    with pytest.raises(GmError) as refusal:
        read(tmp_path / "absent")
    assert refusal.value.code == "GM-T730"
