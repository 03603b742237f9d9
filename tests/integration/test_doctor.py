"""``gm doctor``: what is right and what is missing, each problem with its remedy."""

import json
import shutil
import subprocess

import pytest

from gitops_models.cli.run import run


def git(repo, *words):
    done = subprocess.run(["git", *words], cwd=repo, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def doctor(capsys, repo):
    capsys.readouterr()
    status = run(["-C", str(repo), "--json", "doctor"])
    shown = capsys.readouterr()
    return status, {check["what"]: check for check in json.loads(shown.out)["checks"]}


@pytest.fixture
def clone(tmp_path):
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote.git")
    words = ["init", "--name", "Ada", "--email", "ada@example.org", "--remote", str(tmp_path / "remote.git")]
    assert run(["-C", str(tmp_path / "reg"), "--no-input", *words]) == 0
    return tmp_path / "reg"


def test_a_complete_clone_is_well(clone, capsys):
    status, found = doctor(capsys, clone)
    assert (status, {check["level"] for check in found.values()}) == (0, {"ok"})
    assert {"git", "ssh-keygen", "signing key", "pin", "remote", "signer", "DVC remote", "history"} <= set(found)


def test_keyless_signers_need_a_pinned_root(clone, capsys):
    words = ["trust", "people", "add", "bob", "--email", "bob@example.org", "--role", "ml-engineer"]
    words += ["--sigstore", "bob@example.org", "--issuer", "https://issuer.example", "-m", "new", "--merge"]
    assert run(["-C", str(clone), "--no-input", *words]) == 0
    status, found = doctor(capsys, clone)
    root = found["trusted root"]
    assert (status, root["level"], root["found"].split(":")[0]) == (3, "problem", "GM-T708")
    assert "trusted_root.json" in root["remedy"]


def no_key(clone):
    git(clone, "config", "--unset", "user.signingkey")


def no_pin(clone):
    (clone / ".git" / "gm" / "memory.json").unlink()


def no_remote_there(clone):
    shutil.move(clone.parent / "remote.git", clone.parent / "elsewhere.git")


def foreign_key(clone):
    key = clone.parent / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    git(clone, "config", "user.signingkey", str(key))


def mirror(clone):
    git(clone, "config", "remote.origin.mirror", "true")


@pytest.mark.parametrize(
    ("spoil", "what", "says"),
    [
        (no_key, "signing key", "git config"),
        (no_pin, "pin", "gm trust pin"),
        (no_remote_there, "remote", "git remote -v"),
        (foreign_key, "signer", "people.yaml"),
        (mirror, "fetch and push", "git config --unset remote.origin.mirror"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(spoil, what, says, clone, capsys):
    spoil(clone)
    status, found = doctor(capsys, clone)
    assert (status, found[what]["level"]) == (3, "problem")
    assert says in found[what]["remedy"]


PLACE = "{id: on-call, routes: [ops], webhook: {url: 'https://hooks.example.org/', secret_file: secret}}"

MAIL = (
    "{id: mail, smtp: {host: h.example, sender: a@b.example, recipients: [c@d.example], user: u, password_file: gone}}"
)


@pytest.mark.parametrize(
    ("places", "level", "says"),
    [
        (f"notifications: [{PLACE}, {{id: desk, command: [page]}}]", "ok", "on-call (ops), desk (ops, security)"),
        ("notifications: []", "ok", "nobody"),
        (f"notifications: [{PLACE.replace('secret}', 'gone}')}]", "problem", "GM-R703"),
        ("notifications: [{id: chat, slack: {url_file: gone}}]", "problem", "GM-R711"),
        ("notifications: [{id: chat, teams: {url_env: GM_NOT_SET}}]", "problem", "GM-R711"),
        (f"notifications: [{MAIL}]", "problem", "GM-R711"),
        (f"notifications: [{MAIL.replace('gone', 'secret')}]", "ok", "mail (ops, security)"),
        ("notices: []", "problem", "GM-R710"),
    ],
)
def test_whom_a_person_tells_is_looked_at_before_it_matters(places, level, says, clone, capsys):
    file = clone.parent / "notifications.yaml"
    file.write_text(f"apiVersion: gitops-models/v1\nkind: Notifications\n{places}\n")
    (clone.parent / "secret").write_text("a shared secret of some length")
    git(clone, "config", "--global", "gm.notifications", str(file))
    found = doctor(capsys, clone)[1]["notifications"]
    assert (found["level"], says in found["found"]) == (level, True), found


def test_a_setting_that_loses_the_ledger_has_its_code_in_a_clone_and_on_a_server(clone, capsys):
    mirror(clone)
    assert "GM-C171" in doctor(capsys, clone)[1]["fetch and push"]["found"]
    server = clone.parent / "remote.git"
    git(server, "config", "transfer.hideRefs", "refs/gm")
    assert "GM-C171" in doctor(capsys, server)[1]["fetch and push"]["found"]


def test_outside_a_repository_the_programs_are_looked_at(tmp_path, capsys):
    status, found = doctor(capsys, tmp_path)
    assert (status, found["git"]["level"], found["repository"]["level"]) == (3, "ok", "problem")


def test_before_init_the_remedy_is_init(tmp_path, capsys):
    git(tmp_path, "init", "-q", ".")
    status, found = doctor(capsys, tmp_path)
    assert (status, "gm init" in found["registry"]["remedy"]) == (3, True)


def test_a_server_without_hook_and_pin_is_not_protected(clone, capsys):
    server = clone.parent / "remote.git"
    status, found = doctor(capsys, server)
    assert (status, found["protection"]["level"], found["pin"]["level"]) == (3, "problem", "problem")
    assert "gm hook install" in found["protection"]["remedy"]
    assert run(["hook", "install", str(server)]) == 0
    assert run(["-C", str(server), "trust", "pin"]) == 0
    assert doctor(capsys, server)[0] == 0


def test_the_next_command_is_the_first_remedy(clone, capsys):
    no_pin(clone)
    run(["-C", str(clone), "doctor"])
    assert "gm trust pin" in capsys.readouterr().err.splitlines()[-1]
