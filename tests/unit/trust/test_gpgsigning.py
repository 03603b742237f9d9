import subprocess

import pytest

from gitops_models.registry.documents import People
from gitops_models.trust import gpgsigning
from gitops_models.trust.gpgsigning import GpgSigner, gpg_signer
from gitops_models.trust.signing import in_namespace, key_signer
from gitops_models.trust.usersigner import record_signer_from_config, signer_from_config
from gitops_models.trust.verify import verify_commit
from tests.support.gpg import PAST, gpg_home, listed
from tests.support.keys import ed25519_key
from tests.support.refusals import why_refused
from tests.support.signed import commit_bytes, put_signature

RAW = commit_bytes("ann")
USER = {"user.name": "ann", "user.email": "ann@example.org"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    made = gpg_home(tmp_path_factory.mktemp("gpg") / "home")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def ann(home):
    return home.make("ann")


@pytest.fixture(autouse=True)
def _own_home(home, monkeypatch):
    monkeypatch.setenv("GNUPGHOME", str(home.path))


@pytest.fixture
def ssh(tmp_path):
    return ed25519_key("ann").write(tmp_path / "key")


def made(**config):
    return signer_from_config((USER | {name.replace("_", "."): value for name, value in config.items()}).get)


def script(tmp_path, text):
    path = tmp_path / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_commit_is_signed_with_the_key_that_git_would_use(home, ann):
    for key in (ann, f"{ann}!", "ann@example.org"):
        signer = made(gpg_format="openpgp", user_signingkey=key)
        assert (signer.fingerprint, signer.public_key) == (ann, listed(home, ann)["key"])
        raw = put_signature(RAW, signer.sign(RAW, "git"))
        known = People.model_validate(
            {"people": [{"id": "ann", "emails": ["ann@example.org"], "keys": [listed(home, ann)]}]}
        )
        assert verify_commit(raw, known).actor.id == "ann"


def test_a_subkey_can_be_named(home):
    primary = home.make("two")
    subkey = home.add_subkey(primary)
    signer = made(gpg_format="openpgp", user_signingkey=f"{subkey}!")
    assert signer.fingerprint == primary
    assert "BEGIN PGP SIGNATURE" in signer.sign(RAW, "git")


def test_without_a_named_key_it_is_that_of_the_users_name(ann):
    assert made(gpg_format="openpgp").fingerprint == ann


def test_without_a_format_the_key_says_what_it_is(ann, ssh):
    assert made(user_signingkey=ann).fingerprint == ann
    assert made(user_signingkey=str(ssh)).fingerprint == ed25519_key("ann").fingerprint
    assert made(user_signingkey=f"key::{ed25519_key('ann').public_key}").path is None
    assert why_refused(made) == "GM-T200"


@pytest.mark.parametrize("form", ["x509", "pigeon"])
def test_other_formats_are_refused(form):
    assert why_refused(made, gpg_format=form) == "GM-T205"
    assert why_refused(record_signer_from_config, {"gpg.format": form}.get) == "GM-T205"


def test_a_program_that_signs_with_another_key_is_noticed(home, ann, tmp_path):
    mallory = home.make("mallory2")
    text = f'case "$*" in *detach*) exec gpg --batch --armor --detach-sign -u {mallory};; esac\nexec gpg "$@"'
    assert why_refused(GpgSigner(ann, ann, script(tmp_path, text)).sign, RAW, "git") == "GM-T208"


@pytest.mark.parametrize("output", ["true", "echo no signature", "echo '-----BEGIN PGP SIGNATURE-----'"])
def test_a_program_that_does_not_sign_is_noticed(ann, tmp_path, output):
    text = f'case "$*" in *detach*) {output}; exit 0;; esac\nexec gpg "$@"'
    assert why_refused(GpgSigner(ann, ann, script(tmp_path, text)).sign, RAW, "git") == "GM-T208"


def test_a_signature_over_something_else_is_noticed(ann, tmp_path):
    text = 'case "$*" in *detach*) echo other | exec gpg "$@"; exit;; esac\nexec gpg "$@"'
    assert why_refused(GpgSigner(ann, ann, script(tmp_path, text)).sign, RAW, "git") == "GM-T208"


def test_a_signature_that_is_made_to_expire_is_noticed(ann, tmp_path):
    text = 'case "$*" in *detach*) set -- --default-sig-expire 1y "$@";; esac\nexec gpg "$@"'
    assert why_refused(GpgSigner(ann, ann, script(tmp_path, text)).sign, RAW, "git") == "GM-T208"


def test_a_key_with_an_expiry_signs(home):
    brief = home.make("brief", expires="2y")
    assert "BEGIN PGP SIGNATURE" in made(gpg_format="openpgp", user_signingkey=brief).sign(RAW, "git")


def test_an_expired_key_does_not_sign(home):
    old = home.make("old", expires="1y", clock=PAST)
    assert why_refused(made(gpg_format="openpgp", user_signingkey=old).sign, RAW, "git") == "GM-T208"


def test_a_key_that_is_not_there_is_said(home):
    home.make("twin-a")
    home.make("twin-b")
    for key in ("0" * 40, "nobody@example.org", "twin-", "--version"):
        assert why_refused(made, gpg_format="openpgp", user_signingkey=key) == "GM-T209"
    assert why_refused(lambda: GpgSigner("0" * 40, "0" * 40).public_key) == "GM-T209"


def test_a_program_that_gives_no_public_key_is_said(ann, tmp_path):
    program = script(tmp_path, 'case "$*" in *--export*) exit 0;; esac\nexec gpg "$@"')
    assert why_refused(lambda: GpgSigner(ann, ann, program).public_key) == "GM-T209"


def test_a_missing_or_broken_program_is_said(ann, tmp_path):
    assert why_refused(made, gpg_format="openpgp", user_signingkey=ann, gpg_program="/nowhere/gpg") == "GM-T302"
    broken = tmp_path / "broken"
    broken.write_text("no program")
    assert why_refused(made, gpg_format="openpgp", user_signingkey=ann, gpg_program=str(broken)) == "GM-T208"
    silent = script(tmp_path, "exit 3")
    assert why_refused(made, gpg_format="openpgp", user_signingkey=ann, gpg_program=silent) == "GM-T208"


def test_a_program_in_the_home_directory_is_found(ann, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    script(tmp_path, 'exec gpg "$@"')
    signer = made(gpg_format="openpgp", user_signingkey=ann, gpg_program="~/program")
    assert signer.program == str(tmp_path / "program")


def test_a_locked_key_fails_where_nobody_can_unlock_it(home):
    locked = home.make("locked", passphrase="secret")
    home.stop()
    assert why_refused(made(gpg_format="openpgp", user_signingkey=locked).sign, RAW, "git") == "GM-T208"


def test_somebody_at_a_terminal_is_asked_by_gpg_itself(ann, monkeypatch):
    seen = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda command, **how: seen.append((command, how)) or run(command, **how))
    signer = signer_from_config((USER | {"gpg.format": "openpgp", "user.signingkey": ann}).get, interactive=True)
    signer.sign(RAW, "git")
    (command, how) = next(one for one in seen if "--detach-sign" in one[0])
    assert command[1:] == ["--armor", "--detach-sign", f"--local-user={ann}"]
    assert not how["start_new_session"]


def test_git_variables_do_not_reach_the_program(ann, monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_DIR", "/somewhere")
    out = tmp_path / "seen"
    program = script(tmp_path, f'env >>{out}\nexec gpg "$@"')
    GpgSigner(ann, ann, program).sign(RAW, "git")
    assert "GIT_DIR" not in out.read_text()


def test_records_are_signed_with_the_ssh_key_beside(ann, ssh):
    alone = made(gpg_format="openpgp", user_signingkey=ann)
    assert (alone.records, alone.also) == (None, ())
    assert why_refused(alone.sign, b"x", "gm-approval@v1") == "GM-T207"
    assert why_refused(in_namespace, alone, "gm-record@v1") == "GM-T207"
    both = made(gpg_format="openpgp", user_signingkey=ann, gm_signingkey=str(ssh))
    assert both.also == (ed25519_key("ann").fingerprint,)
    assert in_namespace(both, "git") is both
    assert in_namespace(both, "gm-record@v1") == key_signer(ssh)
    assert both.sign(b"x", "gm-approval@v1").startswith("-----BEGIN SSH SIGNATURE-----")
    assert in_namespace(key_signer(ssh), "gm-record@v1") == key_signer(ssh)


def test_the_signer_of_records_alone(ssh):
    assert record_signer_from_config({"gpg.format": "openpgp"}.get) is None
    assert record_signer_from_config({"gpg.format": "openpgp", "gm.signingkey": str(ssh)}.get) == key_signer(ssh)
    assert record_signer_from_config({"user.signingkey": str(ssh)}.get) == key_signer(ssh)


def test_a_program_that_never_ends_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(gpgsigning, "_UNATTENDED_SECONDS", 0.2)
    assert why_refused(gpg_signer, {"gpg.program": script(tmp_path, "sleep 60")}.get) == "GM-T208"
