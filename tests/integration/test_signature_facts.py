"""What a signature says about who was there is shown for every step of a governed history."""

import json

import pytest

from gitops_models.cli.run import run
from tests.support import policy as documents
from tests.support import stories
from tests.support.gpg import gpg_home, listed
from tests.support.keys import hardware_key
from tests.support.signed import key_entry

FLAGS = {0x05: (True, True), 0x01: (True, False), 0x00: (False, False)}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """An operator with a plain key and a hardware key."""
    keys = [key_entry("operator"), {"type": "ssh", "key": hardware_key("operator").public_key}]
    story = stories.registry(tmp_path_factory.mktemp("story") / "r", persons={"operator": {"keys": keys}})
    story.version("fraud", "1.0.0")
    story.live("fraud", "1.0.0", "staging", "production")
    return story


@pytest.fixture
def explained(told, tmp_path, capsys):
    def ask(signer=None, story=None):
        story = story or told.copy(tmp_path / "r")
        oid = story.commit(documents.hold_file(by="operator"), by="operator", signer=signer)
        story.force(oid)
        capsys.readouterr()
        words = ["-C", str(story.path), "verify", "--explain", oid]
        run(["--json", *words])
        (signing, *_) = json.loads(capsys.readouterr().out)["signers"]
        run(words)
        return signing, capsys.readouterr().out

    return ask


@pytest.mark.parametrize("flags", FLAGS)
def test_touch_and_pin_of_a_hardware_key_are_facts_of_the_step(explained, flags):
    signing, text = explained(hardware_key("operator", flags=flags))
    assert (signing["scheme"], signing["touch"], signing["pin"]) == ("ssh", *FLAGS[flags])
    assert (signing["signature"], signing["actor"]) == ("good", "operator")
    assert ("hardware key, touched" in text, "PIN entered" in text) == FLAGS[flags]


def test_a_key_on_a_disk_says_nothing_of_who_was_there(explained):
    signing, text = explained()
    assert (signing["scheme"], signing["touch"], signing["pin"]) == ("ssh", None, None)
    assert "hardware" not in text


def test_a_gpg_signature_is_named_with_its_full_fingerprint(explained, tmp_path):
    home = gpg_home(tmp_path / "gpg")
    fingerprint = home.make("operator")
    story = stories.registry(tmp_path / "r", persons={"operator": {"keys": [listed(home, fingerprint)]}})

    class Gpg:
        def sign(self, data, _namespace):
            return home.sign(data, fingerprint)

    story.version("fraud", "1.0.0")
    signing, _ = explained(Gpg(), story)
    assert (signing["scheme"], signing["key"], signing["signature"]) == ("gpg", fingerprint, "good")
    home.stop()
