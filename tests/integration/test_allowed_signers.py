"""The file of `gm trust allowed-signers` in the hands of the real git and ssh-keygen."""

import subprocess

import pytest

from gitops_models.cli.run import run
from gitops_models.trust.signerswriter import write_allowed_signers
from tests.support.git import init_repository
from tests.support.keys import ecdsa_key, ed25519_key, hardware_key, rsa_key
from tests.support.registry import Registry
from tests.support.signed import commit_bytes, key_entry, people, person, sign_commit

SECONDS = 60
SIGNERS = {
    "ann": ed25519_key("ann"),
    "touch": hardware_key("touch"),
    "curve": ecdsa_key("curve"),
    "big": rsa_key(),
    "ended": ed25519_key("ended"),
    "still": ed25519_key("still"),
    "review": ed25519_key("review"),
    "lost": ed25519_key("lost"),
    "bot": ed25519_key("bot"),
}
GOOD = {"ann", "touch", "curve", "big", "bot"}


def team():
    limits = {
        "ended": {"until": "2026-11-17"},
        "still": {"suspended": True},
        "review": {"keys": [key_entry("review", namespaces=["gm-approval@v1"])]},
    }
    members = [
        person(name, **{"keys": [{"type": "ssh", "key": key.public_key}], **limits.get(name, {})})
        for name, key in SIGNERS.items()
        if name != "bot"
    ]
    broken = person("broken", keys=[{"type": "ssh", "key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAAQA="}])
    bot = {"id": "bot", "emails": ["bot@example.org"], "keys": [key_entry("bot", namespaces=["git"])]}
    lost = {"fingerprint": SIGNERS["lost"].fingerprint, "since": "0" * 40}
    return people(people=[broken, *members], workloads=[bot], compromised=[lost])


@pytest.fixture
def signers(tmp_path):
    path = tmp_path / "signers"
    path.write_text(write_allowed_signers(team()))
    return path


def verified_by_git(repository, signers, oid):
    command = ["git", "-C", repository.path, "-c", f"gpg.ssh.allowedSignersFile={signers}", "verify-commit", oid]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


@pytest.mark.parametrize("name", SIGNERS)
def test_git_takes_the_commits_of_those_who_count_and_of_nobody_else(name, tmp_path, home, signers):
    repository = init_repository(tmp_path / "r.git", home, bare=True)
    repository.git("hash-object", "-w", "-t", "tree", "--stdin")
    raw = sign_commit(commit_bytes(name), SIGNERS[name])
    oid = repository.git("hash-object", "-w", "-t", "commit", "--stdin", stdin=raw)
    done = verified_by_git(repository, signers, oid)
    assert (done.returncode == 0) == (name in GOOD), done.stderr
    if name in GOOD:
        assert f'Good "git" signature for {name}@example.org' in done.stderr


@pytest.mark.parametrize(
    ("name", "namespace", "good"),
    [
        ("ann", "git", True),
        ("ann", "gm-approval@v1", True),
        ("review", "gm-approval@v1", True),
        ("review", "git", False),
        ("bot", "git", True),
        ("bot", "gm-record@v1", False),
        ("lost", "gm-approval@v1", False),
        ("still", "gm-approval@v1", False),
        ("ended", "gm-approval@v1", False),
    ],
)
def test_ssh_keygen_takes_signatures_in_the_namespaces_of_a_key(name, namespace, good, tmp_path, signers):
    signature = tmp_path / "signature"
    signature.write_text(SIGNERS[name].sign(b"what was said", namespace))
    options = ["-f", str(signers), "-I", f"{name}@example.org", "-n", namespace, "-s", str(signature)]
    command = ["ssh-keygen", "-Y", "verify", *options, "-Overify-time=20261120Z"]
    done = subprocess.run(command, input=b"what was said", capture_output=True, timeout=SECONDS, check=False)
    assert (done.returncode == 0) == good, done


def test_the_command_writes_the_accepted_people(tmp_path, capsys):
    registry = Registry(tmp_path / "registry", persons={"raio2": {"suspended": True}})
    path = tmp_path / "signers"
    assert run(["-C", str(registry.path), "trust", "allowed-signers", "-o", str(path)]) == 0
    assert f"gpg.ssh.allowedSignersFile {path}" in capsys.readouterr().err
    assert "# raio2: suspended, left out\n" in path.read_text()
    command = ["git", "-C", registry.path, "-c", f"gpg.ssh.allowedSignersFile={path}", "verify-commit", registry.pin]
    assert subprocess.run(command, capture_output=True, timeout=SECONDS, check=False).returncode == 0
