"""Signing with the real ssh-keygen and ssh-agent, and git's own opinion of what comes out."""

import os
import re
import subprocess
from dataclasses import FrozenInstanceError, fields

import pytest

from gitops_models.errors import GmError
from gitops_models.store.config import user_config
from gitops_models.store.objects import Ident
from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.store.worktree import init
from gitops_models.store.writer import write_commit, write_tag, write_tree
from gitops_models.trust.records import verify_record
from gitops_models.trust.signerswriter import write_allowed_signers
from gitops_models.trust.signing import SshSigner, generate_key, key_signer, ssh_signer_from_config
from gitops_models.trust.sshsig import verify_sshsig
from gitops_models.trust.verify import verify_commit, verify_tag
from tests.support.keys import ecdsa_key, ed25519_key, rsa_key
from tests.support.signed import WHEN, decision, people

ANN = ed25519_key("ann")
DATA = b"what is signed"


@pytest.fixture
def agent(monkeypatch, tmp_path):
    """A running ssh-agent of this test's own."""
    started = subprocess.run(
        ["ssh-agent", "-s", "-a", tmp_path / "agent"], capture_output=True, text=True, check=True
    ).stdout
    process = int(re.search(r"SSH_AGENT_PID=(\d+)", started)[1])
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    yield lambda path: subprocess.run(["ssh-add", "-q", path], check=True)
    os.kill(process, 15)


def code_of(call, *arguments, **options):
    with pytest.raises(GmError) as caught:
        call(*arguments, **options)
    assert int(caught.value.exit_status) in {4, 7}
    return caught.value.code


def from_config(**values):
    return ssh_signer_from_config(lambda name: values.get(name.replace(".", "_")))


@pytest.mark.parametrize("key", [ANN, ecdsa_key("ann"), rsa_key()], ids=lambda key: key.public_key.split()[0])
def test_a_key_file_signs(key, tmp_path):
    signer = key_signer(key.write(tmp_path / "key"))
    assert (signer.fingerprint, signer.public_key) == (key.fingerprint, key.public_key)
    made = verify_sshsig(DATA, signer.sign(DATA, "git").encode(), "git")
    assert made.fingerprint == key.fingerprint


def test_the_users_git_configuration_chooses_the_key(tmp_path):
    path = ANN.write(tmp_path / "key")
    store = init(tmp_path / "clone")
    subprocess.run(["git", "-C", store.work_tree, "config", "gpg.format", "ssh"], check=True)
    subprocess.run(["git", "-C", store.work_tree, "config", "user.signingkey", path], check=True)
    assert ssh_signer_from_config(user_config(store).get).fingerprint == ANN.fingerprint


def test_a_path_below_home_is_found(home):
    ANN.write(home / ".ssh" / "id_ed25519")
    assert from_config(user_signingkey="~/.ssh/id_ed25519.pub").sign(DATA, "git")


@pytest.mark.parametrize("prefix", ["key::", ""])
def test_a_literal_key_signs_through_the_agent(prefix, agent, tmp_path):
    agent(ANN.write(tmp_path / "key"))
    signer = from_config(user_signingkey=prefix + ANN.public_key + " comment")
    assert verify_sshsig(DATA, signer.sign(DATA, "gm-approval@v1").encode(), "gm-approval@v1")


def test_a_literal_key_that_is_not_in_the_agent_is_locked(agent, tmp_path):
    agent(ed25519_key("bob").write(tmp_path / "key"))
    assert code_of(from_config(user_signingkey=ANN.public_key).sign, DATA, "git") == "GM-T203"


def test_a_literal_key_without_an_agent_is_locked():
    assert code_of(from_config(user_signingkey=ANN.public_key).sign, DATA, "git") == "GM-T203"


def test_a_passphrase_without_an_agent_is_locked_and_does_not_wait(tmp_path):
    signer = key_signer(ANN.write(tmp_path / "key", passphrase="secret"))
    assert code_of(signer.sign, DATA, "git") == "GM-T203"


def test_a_public_key_whose_private_half_is_gone_is_locked(tmp_path):
    ANN.write(tmp_path / "key").unlink()
    assert code_of(key_signer(tmp_path / "key.pub").sign, DATA, "git") == "GM-T203"


def test_no_key_another_format_and_no_such_file_are_named():
    assert code_of(from_config) == "GM-T200"
    assert code_of(from_config, gpg_format="openpgp", user_signingkey="ABCD") == "GM-T205"
    assert code_of(from_config, user_signingkey="/nowhere/key") == "GM-T202"
    assert code_of(from_config, user_signingkey="key::ssh-ed25519 AAAA") == "GM-T202"


def test_a_missing_program_is_named(tmp_path):
    path = ANN.write(tmp_path / "key")
    signer = from_config(user_signingkey=str(path), gpg_ssh_program=str(tmp_path / "none"))
    assert code_of(signer.sign, DATA, "git") == "GM-T201"


def program(tmp_path, script):
    path = tmp_path / "program"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    "script", ["echo signed", "exit 1", "echo >&2 out of order; echo >&2 for good; exit 1", "kill -9 $$"]
)
def test_a_program_that_fails_or_talks_nonsense_is_not_believed(script, tmp_path):
    signer = key_signer(ANN.write(tmp_path / "key"), program=program(tmp_path, script))
    assert code_of(signer.sign, DATA, "git") == "GM-T204"


def test_a_program_that_cannot_be_run_is_named(tmp_path):
    (tmp_path / "program").write_text("")
    signer = key_signer(ANN.write(tmp_path / "key"), program=str(tmp_path / "program"))
    assert code_of(signer.sign, DATA, "git") == "GM-T204"


def test_a_program_that_signs_with_another_key_is_noticed(tmp_path):
    other = ed25519_key("bob").write(tmp_path / "other")
    script = program(tmp_path, f"exec ssh-keygen -Y sign -n git -f {other}")
    assert code_of(key_signer(ANN.write(tmp_path / "key"), program=script).sign, DATA, "git") == "GM-T204"


def test_an_attended_program_keeps_the_terminal(tmp_path):
    signer = key_signer(ANN.write(tmp_path / "key"), interactive=True)
    assert signer.interactive
    assert signer.sign(DATA, "git")


def test_a_generated_key_signs_and_is_not_overwritten(tmp_path):
    path = tmp_path / "keys" / "gm"
    signer = generate_key(path, "ann@example.org")
    assert verify_sshsig(DATA, signer.sign(DATA, "git").encode(), "git").key_type == "ssh-ed25519"
    assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys" / "gm.pub").read_text().endswith(" ann@example.org\n")
    assert code_of(generate_key, path, "again") == "GM-T206"
    path.unlink()
    assert code_of(generate_key, path, "again") == "GM-T206"


def test_a_decision_signed_by_ssh_keygen_is_a_good_record(tmp_path):
    record = decision("ann", signer=key_signer(ANN.write(tmp_path / "key")))
    assert verify_record(record.envelope).fingerprint == ANN.fingerprint


def test_git_and_gm_agree_on_what_gm_signed(tmp_path):
    store = init(tmp_path / "clone")
    signer = key_signer(ANN.write(tmp_path / "key"))
    ident = Ident("ann", "ann@example.org", WHEN)
    tree = write_tree(store, None, {"README": b"models\n"})
    commit = write_commit(store, tree, [], "Add\n\nGm-Reason: new", ident, ident, lambda data: signer.sign(data, "git"))
    tag = write_tag(store, "fraud@v1.0.0", commit, "fraud 1.0.0", ident, lambda data: signer.sign(data, "git"))
    update_refs(store, [RefUpdate("refs/tags/fraud@v1.0.0", tag, None)])
    team = people("ann")
    assert verify_commit(store.commit(commit).raw, team).signature.good
    found = verify_tag(store.tag(tag).raw, "fraud@v1.0.0", team)
    assert (found.signature.good, found.target) == (True, commit)
    (tmp_path / "signers").write_text(write_allowed_signers(team))
    git = ["git", "-C", store.work_tree, "-c", f"gpg.ssh.allowedSignersFile={tmp_path / 'signers'}"]
    subprocess.run([*git, "verify-commit", commit], check=True)
    subprocess.run([*git, "verify-tag", "fraud@v1.0.0"], check=True)


def test_gm_agrees_with_what_git_signed(tmp_path):
    path = ANN.write(tmp_path / "key")
    store = init(tmp_path / "clone")
    options = ["-c", "gpg.format=ssh", "-c", f"user.signingkey={path}", "-c", "user.name=ann"]
    git = ["git", "-C", store.work_tree, *options, "-c", "user.email=ann@example.org"]
    encoding = ["-c", "i18n.commitEncoding=ISO-8859-1"]
    subprocess.run([*git, *encoding, "commit", "-q", "-S", "--allow-empty", "-m", "F\xfcr alle"], check=True)
    subprocess.run([*git, "tag", "-s", "-m", "first", "fraud@v1.0.0"], check=True)
    commit = store.resolve("HEAD")
    raw = store.commit(commit).raw
    assert b"\nencoding ISO-8859-1\n" in raw
    assert verify_commit(raw, people("ann")).signature.good
    tag = store.ref("refs/tags/fraud@v1.0.0")
    assert verify_tag(store.tag(tag).raw, "fraud@v1.0.0", people("ann")).target == commit


def test_a_signer_is_a_value(tmp_path):
    signer = key_signer(ed25519_key("ann").write(tmp_path / "key"))
    assert isinstance(signer, SshSigner)
    for field in fields(signer):
        with pytest.raises(FrozenInstanceError):
            setattr(signer, field.name, None)
