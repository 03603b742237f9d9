import subprocess

import pytest
from cryptography.hazmat.primitives import serialization

from gitops_models.errors import GmError
from gitops_models.trust.privatekey import public_half
from tests.support.keys import ed25519_key, rsa_key

ANN = ed25519_key("ann")


def code_of(path):
    with pytest.raises(GmError) as caught:
        public_half(path)
    assert caught.value.where == str(path)
    return caught.value.code


def test_the_public_half_is_read_without_unlocking_the_key(tmp_path):
    path = ANN.write(tmp_path / "key", passphrase="secret")
    path.with_name("key.pub").unlink()
    assert public_half(path).fingerprint == ANN.fingerprint


def test_a_public_key_file_is_read(tmp_path):
    ANN.write(tmp_path / "key")
    assert public_half(tmp_path / "key.pub").line == ANN.public_key


def test_a_key_that_ssh_keygen_made_is_read(tmp_path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    assert public_half(tmp_path / "key") == public_half(tmp_path / "key.pub")


def test_an_older_key_file_is_known_by_the_file_beside_it(tmp_path):
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL)
    (tmp_path / "key").write_bytes(rsa_key().private.private_bytes(*form, serialization.NoEncryption()))
    (tmp_path / "key.pub").write_text(rsa_key().public_key)
    assert public_half(tmp_path / "key").fingerprint == rsa_key().fingerprint


def framed(text):
    return f"-----BEGIN OPENSSH PRIVATE KEY-----\n{text}\n-----END OPENSSH PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "hello",
        framed("*"),
        framed("AAAA"),
        framed("b3BlbnNzaC1rZXkteDEA"),
        # openssh-key-v1, three empty strings, two keys
        framed("b3BlbnNzaC1rZXktdjEAAAAAAAAAAAAAAAAAAAAAAg=="),
    ],
)
def test_what_is_no_key_is_refused(tmp_path, content):
    (tmp_path / "key").write_text(content)
    assert code_of(tmp_path / "key") == "GM-T202"


def test_a_missing_key_is_refused(tmp_path):
    assert code_of(tmp_path / "none") == "GM-T202"
