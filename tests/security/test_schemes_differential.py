"""What gm says of changed signatures and objects, beside what ssh-keygen and git say of the same bytes.

gm may refuse more than they do, for the reasons on the list; it must never accept what they refuse. ``make sweep``
tries all of them.
"""

import os
import subprocess
from collections import Counter

import pytest

from gitops_models.trust.allowed_signers import AllowedSignersKeyring, parse_allowed_signers
from gitops_models.trust.problem import SignatureProblem
from gitops_models.trust.sshsig import verify_sshsig
from gitops_models.trust.verify import verify_commit, verify_tag
from tests.support.keys import ecdsa_key, ed25519_key, hardware_key, rsa_key
from tests.support.mutations import mutations
from tests.support.signed import AT, commit_bytes, put_signature, sign_commit, tag_bytes
from tests.support.sshcert import certified

MESSAGE = commit_bytes("ann")
KEYS = {
    "ed25519": ed25519_key("ann"),
    "ecdsa": ecdsa_key("ann"),
    "rsa": rsa_key(),
    "sk-ed25519": hardware_key("ann"),
    "sk-ecdsa": hardware_key("ann", "ecdsa"),
    "certificate": certified("bob"),
}
PLAIN = "".join(f"ann {signer.public_key}\n" for name, signer in KEYS.items() if name != "certificate")
SIGNERS = f"{PLAIN}ann cert-authority {ed25519_key('ca').public_key}\n"
FULL = 200
EACH = FULL if os.environ.get("GM_SWEEP") else 25
# Why gm refuses a signature that ssh-keygen takes: text around the armor, white space, carriage returns and second
# spellings of base64; fields that nothing uses. For objects: forms of a commit that git never writes.
STRICTER_SIGNATURES = {"GM-T011", "GM-T012", "GM-T013", "GM-T014", "GM-T017"}
STRICTER_OBJECTS = STRICTER_SIGNATURES | {"GM-T030", "GM-T031", "GM-T032", "GM-T033", "GM-T034", "GM-T035"}
STRICTER_TAGS = STRICTER_OBJECTS | {"GM-T037", "GM-T039"}
TAG = "fraud@v1.0.0"

pytestmark = [pytest.mark.sweep, pytest.mark.slow]


@pytest.fixture
def signers(tmp_path):
    path = tmp_path / "signers"
    path.write_text(SIGNERS)
    return path


def ours(armored):
    """The code of gm's refusal, None when it accepts."""
    ring = AllowedSignersKeyring(parse_allowed_signers(SIGNERS, "signers"))
    try:
        made = verify_sshsig(MESSAGE, armored, "git")
    except SignatureProblem as problem:
        return problem.code
    if made.certificate is None:
        return ring.lookup(made.fingerprint, "git", AT).code
    return ring.vouch(made.certificate, "git", AT).code


@pytest.mark.parametrize("name", KEYS)
def test_no_signature_is_good_that_ssh_keygen_refuses(name, signers, tmp_path):
    armored = KEYS[name].sign(MESSAGE, "git").encode()
    seen = Counter()
    for changed in (armored, *mutations(armored, EACH, name)):
        (tmp_path / "signature").write_bytes(changed)
        command = ["ssh-keygen", "-Y", "verify", "-f", signers, "-I", "ann", "-n", "git", "-s", tmp_path / "signature"]
        theirs = subprocess.run(command, input=MESSAGE, capture_output=True, check=False).returncode == 0
        code = ours(changed)
        assert theirs or code is not None, changed
        seen[code] += theirs
        assert not theirs or code is None or code in STRICTER_SIGNATURES, (code, changed)
    assert seen[None] >= 1


@pytest.mark.parametrize("name", KEYS)
def test_no_commit_is_good_that_git_refuses(name, signers, tmp_path):
    repository = tmp_path / "r"
    subprocess.run(["git", "init", "-q", "--bare", repository], check=True)
    git = ["git", "--git-dir", repository, "-c", f"gpg.ssh.allowedSignersFile={signers}"]
    ring = AllowedSignersKeyring(parse_allowed_signers(SIGNERS, "signers"))
    raw = sign_commit(MESSAGE, KEYS[name])
    extra = [put_signature(raw, "another"), raw.replace(b"\ngpgsig ", b"\ngpgsig-sha256 x\ngpgsig ")]
    for changed in (raw, *extra, *mutations(raw, EACH, f"commit {name}")):
        write = [*git, "hash-object", "-w", "-t", "commit", "--literally", "--stdin"]
        oid = subprocess.run(write, input=changed, capture_output=True, check=True).stdout.decode().strip()
        theirs = subprocess.run([*git, "verify-commit", oid], capture_output=True, check=False).returncode == 0
        code = verify_commit(changed, ring).signature.code
        assert theirs or code is not None, changed
        assert not theirs or code is None or code in STRICTER_OBJECTS, (code, changed)


@pytest.mark.parametrize("name", KEYS)
def test_no_tag_is_good_that_git_refuses(name, signers, tmp_path):
    repository = tmp_path / "r"
    subprocess.run(["git", "init", "-q", "--bare", repository], check=True)
    git = ["git", "--git-dir", repository, "-c", f"gpg.ssh.allowedSignersFile={signers}"]
    ring = AllowedSignersKeyring(parse_allowed_signers(SIGNERS, "signers"))
    unsigned = tag_bytes()
    raw = unsigned + KEYS[name].sign(unsigned, "git").encode()
    assert verify_tag(raw, TAG, ring).signature.code is None
    for changed in (raw, *mutations(raw, EACH, f"tag {name}")):
        write = [*git, "hash-object", "-w", "-t", "tag", "--literally", "--stdin"]
        oid = subprocess.run(write, input=changed, capture_output=True, check=True).stdout.decode().strip()
        theirs = subprocess.run([*git, "verify-tag", oid], capture_output=True, check=False).returncode == 0
        code = verify_tag(changed, TAG, ring).signature.code
        assert theirs or code is not None, changed
        assert not theirs or code is None or code in STRICTER_TAGS, (code, changed)


def test_the_sweep_tries_more_than_two_thousand_changed_signatures_and_objects():
    armored = {name: key.sign(MESSAGE, "git").encode() for name, key in KEYS.items()}
    commits = {f"commit {name}": sign_commit(MESSAGE, key) for name, key in KEYS.items()}
    assert sum(len({*mutations(raw, FULL, seed)}) for seed, raw in (armored | commits).items()) >= 2000


def test_every_reason_to_be_stricter_is_on_the_documented_list(repository_root):
    page = (repository_root / "docs" / "explanation" / "trust.md").read_text()
    assert [code for code in sorted(STRICTER_TAGS) if code not in page] == []
