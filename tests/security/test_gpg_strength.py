"""Attacks with weak GPG keys and digests, with a gpg that is made to hang, and with key blocks that harm others."""

import base64
import os
import shutil

import pytest

from gitops_models.errors import GmError
from gitops_models.registry.documents import People
from gitops_models.trust import gpg, peoplegpg
from gitops_models.trust.payload import commit_payload
from gitops_models.trust.verify import verify_commit, verify_many
from tests.security.test_gpg_history import PEOPLE_YAML, Gpg, hold, of
from tests.support.gpg import gpg_home, listed
from tests.support.registry import people_document
from tests.support.signed import person
from tests.support.stories import CROWD, last

REFUSED = ("denied", ("GM-P506", "GM-P801"))


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    home = gpg_home(tmp_path_factory.mktemp("gpg") / "home")
    yield home
    home.stop()


def key(keys, name, algorithm):
    keys.run("--quick-generate-key", f"{name} <{name}@example.org>", algorithm, "sign", "never")
    return keys.fingerprints(name)[0]


@pytest.mark.attack("a GPG signature over SHA-1 by a listed key", "GM-P801", by="forge")
@pytest.mark.parametrize("digest", ["SHA1", "RIPEMD160", "SHA224"])
def test_a_weak_digest_counts_for_nothing(keys, tmp_path, digest):
    name = f"old{digest.lower()}"
    listed_key = key(keys, name, "rsa2048")
    story = of(tmp_path, listed(keys, listed_key))
    assert hold(story, Gpg(keys, listed_key, "--digest-algo", digest)) == (*REFUSED, ["GM-T018"])
    assert not story.history().state.snapshot.held("fraud", "production")


@pytest.mark.attack("a GPG signature by a listed key of 1,024 bits", "GM-P801", by="thief")
@pytest.mark.parametrize(("algorithm", "code"), [("rsa1024", "GM-T022"), ("dsa2048", "GM-T020")])
def test_a_weak_key_counts_for_nothing(keys, tmp_path, algorithm, code):
    weak = key(keys, algorithm, algorithm)
    story = of(tmp_path, listed(keys, weak))
    assert hold(story, Gpg(keys, weak)) == (*REFUSED, [code])
    assert not story.history().state.snapshot.held("fraud", "production")


@pytest.mark.attack("a weak GPG subkey of a strong listed key", "GM-P801", by="thief")
def test_a_weak_subkey_counts_for_nothing_and_its_primary_key_does(keys, tmp_path):
    strong = keys.make("strong")
    keys.run("--quick-add-key", strong, "rsa1024", "sign", "never")
    weak = keys.fingerprints(strong)[-1]
    story = of(tmp_path, listed(keys, strong))
    assert hold(story, Gpg(keys, weak)) == (*REFUSED, ["GM-T022"])
    assert hold(story, Gpg(keys, strong), number=2)[2] == ["GM-T022"]  # of the first: its scope is still blocked


@pytest.mark.lookalike("an RSA key of 2,048 bits with SHA-512, and ed25519 with SHA-256")
def test_strong_keys_and_digests_count(keys, tmp_path):
    for number, (algorithm, digest) in enumerate([("rsa2048", "SHA512"), ("ed25519", "SHA256")]):
        (tmp_path / algorithm).mkdir()
        strong = key(keys, f"good{number}", algorithm)
        story = of(tmp_path / algorithm, listed(keys, strong))
        assert hold(story, Gpg(keys, strong, "--digest-algo", digest)) == ("accepted", (), [])


def member(keys, name):
    """Somebody with a new key, alone in a people file, and the fingerprint."""
    made = keys.make(name)
    return People.model_validate({"people": [person(name, keys=[listed(keys, made)])]}), made


def stand_in(path, monkeypatch, script):
    """A gpg that does what ``script`` says where it is to verify, for as long as the context lasts."""
    fake = path / "gpg"
    fake.write_text(f'#!/bin/sh\ncase "$*" in *--verify-files*) {script};; esac\nexec {shutil.which("gpg")} "$@"\n')
    fake.chmod(0o755)
    monkeypatch.setattr(gpg, "_SECONDS", 2.0)
    monkeypatch.setenv("PATH", f"{path}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.attack("a gpg that hangs or is killed, to have good commits denied for good", "GM-T302", by="node")
@pytest.mark.parametrize("script", ["exec sleep 600", "kill -9 $$"])
def test_a_sick_machine_is_an_error_and_no_verdict(keys, tmp_path, monkeypatch, script):
    name = f"ill{len(script)}"
    people, made = member(keys, name)
    raws = [keys.commit(name, made, message=f"{number}\n") for number in range(2)]
    peoplegpg._home.cache_clear()
    with monkeypatch.context() as patched:
        stand_in(tmp_path, patched, script)
        with pytest.raises(GmError) as caught:
            verify_many([(raw, commit_payload) for raw in raws], people)
        assert caught.value.code == "GM-T302"
    # The machine is well again, in the same process.
    found = verify_many([(raw, commit_payload) for raw in raws], people)
    assert [one.signature.verdict for one in found] == ["good", "good"]


@pytest.mark.lookalike("a gpg that crashes once over a good commit")
def test_that_gpg_could_not_tell_is_not_remembered(keys, tmp_path, monkeypatch):
    people, made = member(keys, "once")
    raw = keys.commit("once", made)
    with monkeypatch.context() as patched:
        stand_in(tmp_path, patched, "exit 2")
        assert verify_commit(raw, people).signature.code == "GM-T042"
    assert verify_commit(raw, people).signature.good


@pytest.mark.attack("a key block that ends gpg's import before other persons' keys", "GM-P001", by="author")
@pytest.mark.parametrize("packet", [b"", b"\x09" + bytes(40), b"\4\0\0\0\1\x16\xff" + bytes(20)])
def test_a_people_file_with_an_unreadable_subkey_is_refused(keys, tmp_path, packet):
    good = keys.make(f"stays{len(packet)}")
    story = of(tmp_path, listed(keys, good))
    before = story.history().people
    entry = listed(keys, keys.make(f"block{len(packet)}"))
    broken = base64.b64decode(entry["key"]) + bytes([0xCE, len(packet)]) + packet
    crowd = {**CROWD, "engineer": {"keys": [{**entry, "key": base64.b64encode(broken).decode()}]}}
    story.commit({PEOPLE_YAML: people_document(crowd)}, by="owner", land=True)
    step = last(story)
    assert (step.status, step.verdict.codes) == ("denied", ("GM-P001",))
    assert story.history().people == before
    assert hold(story, Gpg(keys, good))[0] == "accepted"
