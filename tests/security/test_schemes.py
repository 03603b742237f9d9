"""Attacks on signatures of every scheme: git's own scenarios, look-alikes, and objects changed at random."""

import json
import subprocess

import pytest

from gitops_models.cli.run import run
from gitops_models.trust.allowed_signers import AllowedSignersKeyring, parse_allowed_signers
from gitops_models.trust.armor import armor, dearmor
from gitops_models.trust.gitsign import Gitsign
from gitops_models.trust.gpg import gpg_keys
from gitops_models.trust.payload import commit_payload, tag_payload
from gitops_models.trust.verify import Trusted, verify_commit, verify_many
from tests.support.cms import cms_commit, log_entry, rekor_attribute
from tests.support.gpg import gpg_home
from tests.support.keys import ecdsa_key, ed25519_key, hardware_key, rsa_key
from tests.support.mutations import mutations
from tests.support.signed import commit_bytes, people, put_signature, sign_commit, signed_tag, tag_bytes
from tests.support.sshcert import certified

RAW = commit_bytes("ann")
ANN, CA = ed25519_key("ann"), ed25519_key("ca")
SSH = {
    "ed25519": ANN,
    "ecdsa": ecdsa_key("ann"),
    "rsa": rsa_key(),
    "sk-ed25519": hardware_key("ann"),
    "sk-ecdsa": hardware_key("ann", "ecdsa"),
    "certificate": certified("bob", principals=("ann@example.org",)),
}
LINES = "".join(f"ann@example.org {signer.public_key}\n" for name, signer in SSH.items() if name != "certificate")
SIGNERS = f"{LINES}*@example.org cert-authority {CA.public_key}\n"
RING = AllowedSignersKeyring(parse_allowed_signers(SIGNERS, "signers"))


@pytest.fixture(scope="module")
def gpg(tmp_path_factory):
    """A key of ann, and what it signed."""
    home = gpg_home(tmp_path_factory.mktemp("gpg") / "home")
    ann = home.make("ann")
    tag = tag_bytes()
    yield {
        "keys": home.export(ann),
        "commit": home.commit("ann", ann),
        "tag": tag + home.sign(tag, ann).encode(),
    }
    home.stop()


def found(raw, trusted):
    signature = verify_commit(raw, trusted).signature
    return signature.verdict, signature.code


# Git's own scenarios and the real keyless commits, through the command line.


def bundle(shared_data, tmp_path, stem):
    source = shared_data / "git-signatures" / stem
    repository = tmp_path / "cases.git"
    subprocess.run(["git", "init", "-q", "--bare", repository], check=True)
    fetch = ["git", "--git-dir", repository, "fetch", "-q", source.with_suffix(".bundle"), "+refs/*:refs/cases/*"]
    subprocess.run(fetch, check=True)
    return repository, json.loads(source.with_suffix(".json").read_text())["cases"]


def lines(capsys, repository, *arguments):
    status = run(["-C", str(repository), "trust", "verify", *arguments, "--json"])
    return status, {line["oid"]: line for line in map(json.loads, capsys.readouterr().out.splitlines())}


@pytest.mark.parametrize(
    ("stem", "option", "keys", "count"),
    [
        ("t7528-signed-commit-ssh", "--allowed-signers", "t7528-signed-commit-ssh.allowed_signers", 23),
        ("t7510-signed-commit", "--gpg-keys", "t7510-signed-commit.pubkeys.asc", 19),
    ],
)
def test_the_verdicts_on_gits_own_scenarios_are_the_strict_ones(
    shared_data, tmp_path, capsys, stem, option, keys, count
):
    repository, cases = bundle(shared_data, tmp_path, stem)
    status, answers = lines(capsys, repository, "--all", option, str(shared_data / "git-signatures" / keys))
    assert status == 5
    accepted = {case["name"]: answers[case["oid"]]["verdict"] == "good" for case in cases}
    assert accepted == {case["name"]: case["accept"] for case in cases}
    assert len(accepted) == count


@pytest.mark.attack("a gitsign commit without its log entry", "GM-T052", by="forge")
def test_real_keyless_commits_are_good_only_with_their_log_entry(shared_data, tmp_path, capsys):
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "r"], check=True)
    answers = {}
    for mode in ("offline", "online"):
        raw = (shared_data / "git-signatures" / f"gitsign-{mode}.commit").read_bytes()
        write = ["git", "--git-dir", tmp_path / "r", "hash-object", "-w", "-t", "commit", "--stdin"]
        oid = subprocess.check_output(write, input=raw).decode().strip()
        who = ["--identity", "billy@chainguard.dev", "--issuer", "https://accounts.google.com"]
        status, found_lines = lines(capsys, tmp_path / "r", oid, *who, "-v")
        answers[mode] = status, found_lines[oid]
    assert answers["offline"][0] == 0
    assert answers["offline"][1]["principal"] == "billy@chainguard.dev"
    status, line = answers["online"]
    assert (status, line["verdict"], line["code"]) == (5, "untrusted", "GM-T052")
    assert "gitsign.rekorMode=offline" in line["detail"]


# One mechanism each, beside a benign look-alike.


@pytest.mark.lookalike("each kind of SSH key")
@pytest.mark.parametrize("name", SSH)
def test_each_kind_of_ssh_key_is_good_before_it_is_attacked(name):
    assert found(sign_commit(RAW, SSH[name]), RING) == ("good", None)


@pytest.mark.attack("a hardware signature without a touch", "GM-T021", by="thief")
def test_a_hardware_signature_without_a_touch_is_refused_where_one_is_needed():
    trusted = Trusted(RING, touch=True)
    assert found(sign_commit(RAW, hardware_key("ann")), trusted) == ("good", None)
    assert found(sign_commit(RAW, hardware_key("ann", flags=4)), trusted) == ("untrusted", "GM-T021")


@pytest.mark.attack("a touch added to a hardware signature", "GM-T003", by="thief")
def test_a_touch_cannot_be_added_afterwards():
    untouched = hardware_key("ann", flags=0)
    signature = untouched.sign(RAW, "git")
    assert found(put_signature(RAW, signature), RING) == ("good", None)
    raw = bytearray(dearmor(signature.encode()))
    assert raw[-5] == 0
    raw[-5] = 1
    assert found(put_signature(RAW, armor(bytes(raw))), RING) == ("bad", "GM-T003")


@pytest.mark.attack("a hardware key of another application", "GM-T002", by="thief")
def test_a_hardware_key_of_another_application_is_another_key():
    assert found(sign_commit(RAW, hardware_key("ann", application=b"ssh:evil")), RING) == ("untrusted", "GM-T002")


def test_an_authoritys_own_key_signs_nothing():
    assert found(sign_commit(RAW, CA), RING) == ("untrusted", "GM-T002")


@pytest.mark.attack("a certificate signed by oneself", "GM-T025", by="thief")
def test_a_certificate_by_oneself_is_no_certificate():
    assert found(sign_commit(RAW, certified("eve", authority=ed25519_key("eve"))), RING) == ("untrusted", "GM-T025")


@pytest.mark.attack("a certificate for another name", "GM-T029", by="thief")
def test_a_certificate_for_a_name_outside_its_line_counts_for_nothing():
    assert found(sign_commit(RAW, certified("eve", principals=("ann@evil.org",))), RING) == ("untrusted", "GM-T029")


def test_a_certificate_does_not_replace_a_key_in_the_people_file():
    made = sign_commit(RAW, certified("ann"))
    assert found(made, people("ann")) == ("untrusted", "GM-T025")
    assert found(sign_commit(RAW, ANN), people("ann")) == ("good", None)


@pytest.mark.attack("an expired certificate", "GM-T028", by="thief")
def test_an_expired_certificate_is_not_revived_by_a_later_date_of_the_key():
    assert found(sign_commit(RAW, certified(principals=("ann@example.org",), before=1)), RING) == ("expired", "GM-T028")


def test_gpg_signatures_are_held_against_the_given_keys_alone(gpg):
    with gpg_keys(gpg["keys"]) as given:
        trusted = Trusted(gpg=given)
        assert found(gpg["commit"], trusted) == ("good", None)
        moved = put_signature(commit_bytes("ann", message="other\n"), signature_of(gpg["commit"]))
        assert found(moved, trusted) == ("bad", "GM-T003")
        stranger = commit_bytes("eve")
        assert found(put_signature(stranger, signature_of(gpg["commit"])), trusted) == ("bad", "GM-T003")


def signature_of(raw):
    armored = raw.partition(b"\ngpgsig ")[2].partition(b"\n\n")[0]
    return armored.replace(b"\n ", b"\n").decode()


@pytest.mark.attack("text beside a GPG signature", "GM-T011", by="author")
def test_text_that_rides_along_with_a_gpg_signature_is_refused(gpg):
    text = signature_of(gpg["commit"])
    with gpg_keys(gpg["keys"]) as given:
        trusted = Trusted(gpg=given)
        assert found(put_signature(RAW, text + "\napproved by all"), trusted) == ("malformed", "GM-T011")
        assert found(put_signature(RAW, text.replace("\n\n", "\napproved\n\n", 1)), trusted) == ("malformed", "GM-T011")
        assert found(put_signature(RAW, text.replace("\n", "\r\n")), trusted) == ("malformed", "GM-T013")


@pytest.mark.attack("a log entry made up by the signer", "GM-T702", by="thief")
def test_a_log_entry_made_up_by_the_signer_makes_nobody_trusted():
    made_up = cms_commit(unsigned=[rekor_attribute(log_entry())])
    assert found(made_up, Trusted(x509=Gitsign("ann@example.org", "https://example.org"))) == ("untrusted", "GM-T702")


# Whatever the bytes: a verdict, never an error, never good.


@pytest.mark.filterwarnings("ignore")  # cryptography warns of odd certificates before it refuses them
@pytest.mark.parametrize("name", [*SSH, "gpg", "x509", "ssh tag", "gpg tag"])
def test_a_changed_object_is_never_good_and_never_an_error(name, gpg):
    objects = {
        **{kind: sign_commit(RAW, signer) for kind, signer in SSH.items()},
        "gpg": gpg["commit"],
        "x509": cms_commit(unsigned=[rekor_attribute(log_entry())]),
        "ssh tag": signed_tag(),
        "gpg tag": gpg["tag"],
    }
    take_apart = tag_payload if name.endswith("tag") else commit_payload
    with gpg_keys(gpg["keys"]) as given:
        trusted = Trusted(RING, given, Gitsign("ann@example.org", "https://example.org"))
        answers = verify_many([(raw, take_apart) for raw in mutations(objects[name], 300, name)], trusted)
    assert len(answers) > 250
    verdicts = {one.signature.verdict for one in answers}
    assert verdicts <= {"untrusted", "expired", "revoked", "bad", "malformed", "unsigned"}
    assert all(one.signature.code for one in answers)


@pytest.mark.filterwarnings("ignore")
def test_a_real_keyless_commit_that_was_changed_is_never_good(shared_data):
    raw = (shared_data / "git-signatures" / "gitsign-offline.commit").read_bytes()
    trusted = Trusted(x509=Gitsign("billy@chainguard.dev", "https://accounts.google.com"))
    answers = verify_many([(changed, commit_payload) for changed in mutations(raw, 150, "gitsign")], trusted)
    assert not any(one.signature.good for one in answers)
