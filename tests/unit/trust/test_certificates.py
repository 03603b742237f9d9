import subprocess

import pytest

from gitops_models.trust.allowed_signers import AllowedSignersKeyring, parse_allowed_signers
from gitops_models.trust.certificates import load_signing_key
from gitops_models.trust.problem import SignatureProblem
from gitops_models.trust.sshsig import verify_sshsig
from gitops_models.trust.verify import verify_commit
from tests.support.keys import ecdsa_key, ed25519_key, hardware_key, rsa_key
from tests.support.signed import WHEN, commit_bytes, people, sign_commit
from tests.support.sshcert import HOST, certified

CA = ed25519_key("ca").public_key
SIGNERS = [ed25519_key("ann"), ecdsa_key("ann"), rsa_key(), hardware_key("ann"), hardware_key("ann", "ecdsa")]
KINDS = ["ed25519", "ecdsa", "rsa", "sk-ed25519", "sk-ecdsa"]


def answer(signer, lines=f"ann cert-authority {CA}", principal=None):
    ring = AllowedSignersKeyring(parse_allowed_signers(lines, "signers"), principal=principal)
    found = verify_commit(sign_commit(commit_bytes("ann"), signer), ring)
    return found.signature.verdict, found.signature.code, found.principals


@pytest.mark.parametrize("signer", SIGNERS, ids=KINDS)
def test_a_certified_key_is_good_for_whom_its_authority_names(signer, tmp_path):
    made = certified(signer=signer, principals=("ann", "bob", "eve"))
    assert answer(made, f"a*,b*,!bob cert-authority {CA}") == ("good", None, ("ann",))
    assert load_signing_key(made.blob).key.fingerprint == signer.fingerprint
    (tmp_path / "signers").write_text(f"a*,b*,!bob cert-authority {CA}")
    (tmp_path / "signature").write_text(made.sign(b"text", "git"))
    command = ["ssh-keygen", "-Y", "verify", "-f", tmp_path / "signers", "-I", "ann", "-n", "git"]
    done = subprocess.run([*command, "-s", tmp_path / "signature"], input=b"text", capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("authority", [ecdsa_key("ca", "nistp384"), rsa_key(), hardware_key("ca")])
def test_any_plain_key_can_be_an_authority(authority):
    lines = f"ann cert-authority {authority.public_key}"
    assert answer(certified(authority=authority), lines) == ("good", None, ("ann",))


def test_a_plain_key_needs_no_certificate():
    assert load_signing_key(ed25519_key("ann").blob).certificate is None


@pytest.mark.parametrize(
    ("changes", "verdict", "code"),
    [
        ({"authority": ed25519_key("eve")}, "untrusted", "GM-T025"),
        ({"after": WHEN + 1}, "expired", "GM-T028"),
        ({"before": WHEN}, "expired", "GM-T028"),
        ({"principals": ("eve",)}, "untrusted", "GM-T029"),
        ({"principals": ()}, "untrusted", "GM-T029"),
        ({"kind": HOST}, "untrusted", "GM-T029"),
        ({"critical": b"\0\0\0\x01x\0\0\0\0"}, "untrusted", "GM-T029"),
        ({"reserved": b"x"}, "malformed", "GM-T017"),
        ({"authority": certified("ca", authority=ed25519_key("root"))}, "bad", "GM-T027"),
    ],
)
def test_a_certificate_that_does_not_fit_the_use_is_refused(changes, verdict, code):
    assert answer(certified(**changes))[:2] == (verdict, code)
    assert answer(certified(after=WHEN, before=WHEN + 1))[0] == "good"


def test_a_certificate_says_nothing_where_its_key_is_not_an_authority():
    assert answer(certified(), f"ann {CA}")[1] == "GM-T025"
    assert answer(certified(), f"ann {ed25519_key('ann').public_key}")[1] == "GM-T025"


def test_the_options_of_the_authoritys_line_hold_for_its_certificates():
    assert answer(certified(), f'ann cert-authority,namespaces="file" {CA}')[1] == "GM-T007"
    assert answer(certified(), f'ann cert-authority,valid-before="20200101" {CA}')[1] == "GM-T004"


def test_a_certificate_can_be_asked_for_one_principal():
    both = certified(principals=("ann", "bob"))
    assert answer(both, f"* cert-authority {CA}", "bob") == ("good", None, ("bob",))
    assert answer(both, f"* cert-authority {CA}", "eve")[1] == "GM-T029"


def test_governed_history_knows_no_authorities():
    found = verify_commit(sign_commit(commit_bytes("ann"), certified()), people("ann", "ca")).signature
    assert (found.verdict, found.code) == ("untrusted", "GM-T025")


def test_a_changed_certificate_is_not_by_its_authority():
    blob = certified().blob
    for at in range(40, len(blob), 7):
        changed = blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]
        with pytest.raises(SignatureProblem):
            load_signing_key(changed)
    with pytest.raises(SignatureProblem, match="GM-T015"):
        load_signing_key(blob + b"x")


def test_what_ssh_keygen_certifies_and_signs_is_good_here(tmp_path):
    authority, key = ed25519_key("ca").write(tmp_path / "ca"), ed25519_key("ann").write(tmp_path / "key")
    certify = ["ssh-keygen", "-q", "-s", authority, "-I", "id", "-n", "ann", "-V", "20200101:20400101"]
    subprocess.run([*certify, tmp_path / "key.pub"], check=True, capture_output=True)
    sign = ["ssh-keygen", "-Y", "sign", "-n", "git", "-f", tmp_path / "key-cert.pub"]
    armored = subprocess.run(sign, input=b"text", check=True, capture_output=True).stdout
    made = verify_sshsig(b"text", armored, "git")
    assert (made.certificate.principals, made.fingerprint) == (("ann",), ed25519_key("ann").fingerprint)
    assert key.exists()
