import subprocess

import pytest

from gitops_models.trust.armor import armor, dearmor
from gitops_models.trust.problem import SignatureProblem
from gitops_models.trust.sshsig import signed_data, verify_sshsig
from gitops_models.trust.wire import string
from tests.support.keys import CURVES, TestSigner, ecdsa_key, ed25519_key, rsa_key

ANN = ed25519_key("ann")
SIGNERS = [
    ANN,
    TestSigner(ANN.private, hash_alg=b"sha256"),
    *(ecdsa_key("ann", curve) for curve in CURVES),
    rsa_key(),
    rsa_key(rsa_hash="256"),
]
MESSAGE = b"tree and everything\n"


def problem_of(armored, message=MESSAGE, namespace="git"):
    with pytest.raises(SignatureProblem) as caught:
        verify_sshsig(message, armored.encode(), namespace)
    return caught.value


def handmade(*, magic=b"SSHSIG", version=1, reserved=b"", hash_alg=b"sha512", rest=b"", blob=ANN.blob):
    field = ANN.field(signed_data(MESSAGE, "git"))
    head = magic + version.to_bytes(4, "big") + string(blob) + string(b"git")
    return armor(head + string(reserved) + string(hash_alg) + string(field) + rest)


@pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.public_key.split()[0])
def test_what_ssh_keygen_signs_is_good_here(signer, tmp_path):
    path = signer.write(tmp_path / "key")
    command = ["ssh-keygen", "-Y", "sign", "-n", "git", "-f", path]
    armored = subprocess.run(command, input=MESSAGE, capture_output=True, check=True).stdout
    made = verify_sshsig(MESSAGE, armored, "git")
    assert made.fingerprint == signer.fingerprint
    assert (made.public_blob, made.hash_alg) == (signer.blob, "sha512")


@pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.public_key.split()[0])
def test_what_is_signed_here_is_good_for_ssh_keygen(signer, tmp_path):
    armored = signer.sign(MESSAGE, "git")
    assert verify_sshsig(MESSAGE, armored.encode(), "git").hash_alg == signer.hash_alg.decode()
    (tmp_path / "signature").write_text(armored)
    command = ["ssh-keygen", "-Y", "check-novalidate", "-n", "git", "-s", tmp_path / "signature"]
    done = subprocess.run(command, input=MESSAGE, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_signature_made_by_hand_is_good_before_it_is_broken():
    assert verify_sshsig(MESSAGE, handmade().encode(), "git").key_type == "ssh-ed25519"


def test_a_signature_for_another_namespace_is_bad():
    problem = problem_of(ANN.sign(MESSAGE, "file"))
    assert (problem.code, problem.verdict) == ("GM-T006", "bad")


def test_a_signature_over_another_message_is_bad():
    problem = problem_of(ANN.sign(MESSAGE, "git"), b"another")
    assert (problem.code, problem.verdict, problem.fingerprint) == ("GM-T003", "bad", None)


@pytest.mark.parametrize(
    ("armored", "code"),
    [
        (handmade(magic=b"SSHSIX"), "GM-T010"),
        (handmade(version=2), "GM-T016"),
        (handmade(version=0), "GM-T016"),
        (handmade(reserved=b"x"), "GM-T017"),
        (handmade(hash_alg=b"sha1"), "GM-T018"),
        (handmade(rest=b"x"), "GM-T015"),
        (armor(dearmor(handmade().encode())[:-1]), "GM-T015"),
        (handmade(blob=string(b"ssh-dss")), "GM-T020"),
    ],
)
def test_every_other_form_is_malformed(armored, code):
    problem = problem_of(armored)
    assert (problem.code, problem.verdict) == (code, "malformed")
