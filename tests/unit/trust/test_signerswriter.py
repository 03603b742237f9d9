"""The people file as allowed_signers: who is in it, with which limits, and who is left out."""

from datetime import UTC, datetime

import pytest

from gitops_models.registry.documents import People
from gitops_models.trust.allowed_signers import AllowedSignersKeyring, parse_allowed_signers
from gitops_models.trust.signerswriter import write_allowed_signers
from gitops_models.trust.verify import verify_commit
from tests.support.keys import ed25519_key, hardware_key
from tests.support.signed import AT, key_entry, people, person, signed_commit

KEY = ed25519_key("ann").public_key
PRINT = ed25519_key("ann").fingerprint


def written(*persons, **fields):
    return write_allowed_signers(people(people=list(persons), **fields)).splitlines()


def standing(lines, namespace="git", at=AT):
    text = "\n".join(lines)
    return AllowedSignersKeyring(parse_allowed_signers(text, "signers")).lookup(PRINT, namespace, at)


def test_the_file_made_from_people_accepts_what_people_sign():
    bot = {"id": "bot", "keys": [key_entry("bot", namespaces=["git"])]}
    forge = {"id": "hub", "keys": [key_entry("hub")], "emails": ["noreply@hub.example"]}
    mail = {"type": "sigstore", "identity": "ann@example.org", "issuer": "https://accounts.example.org"}
    ann = person("ann", keys=[key_entry("ann"), {"type": "ssh", "key": hardware_key("ann").public_key}, mail])
    lines = written(ann, workloads=[bot], forges=[forge])
    assert lines == [
        f"ann@example.org {KEY}",
        f"ann@example.org {hardware_key('ann').public_key}",
        f'bot namespaces="git" {ed25519_key("bot").public_key}',
        f"noreply@hub.example {ed25519_key('hub').public_key}",
    ]
    keyring = AllowedSignersKeyring(parse_allowed_signers("\n".join(lines), "signers"))
    found = verify_commit(signed_commit("ann"), keyring)
    assert (found.signature.verdict, found.email_ok, found.actor) == ("good", True, None)


def test_an_address_with_wildcards_or_commas_speaks_for_nobody():
    emails = ["*@example.org", "a,b@example.org", '"@example.org', "ann@example.org"]
    assert written(person("ann", emails=emails)) == [f"ann@example.org {KEY}"]
    assert written(person("ann", emails=["*@example.org"])) == [f"ann {KEY}"]


def test_the_last_day_is_the_last_second_of_that_day():
    lines = written(person("ann", until="2027-06-30"))
    assert lines == [f'ann@example.org valid-before="20270630235959Z" {KEY}']
    assert standing(lines, at=datetime(2027, 6, 30, 23, 59, 59, tzinfo=UTC)).verdict == "good"
    assert standing(lines, at=datetime(2027, 7, 1, tzinfo=UTC)).code == "GM-T004"


def test_limits_of_a_person_and_of_a_key_stand_together():
    ann = person("ann", until="2027-06-30", keys=[key_entry("ann", namespaces=["git", "gm-approval@v1"])])
    assert written(ann) == [f'ann@example.org namespaces="git,gm-approval@v1",valid-before="20270630235959Z" {KEY}']


@pytest.mark.parametrize("namespaces", [[], ["*"], ['git" cert-authority '], ["!git", "g*t"]])
def test_a_key_for_no_plain_namespace_is_left_out_and_not_made_good_for_everything(namespaces):
    lines = written(person("ann", keys=[key_entry("ann", namespaces=namespaces)]))
    assert lines == [f"# ann: {PRINT} is for no namespace that can be written here, left out"]


def test_a_pattern_among_namespaces_is_left_out():
    lines = written(person("ann", keys=[key_entry("ann", namespaces=["gm-record@v1", "g*"])]))
    assert lines == [f'ann@example.org namespaces="gm-record@v1" {KEY}']
    assert standing(lines).code == "GM-T007"


def test_suspended_people_and_compromised_keys_are_left_out_and_said_to_be():
    ann = person("ann", keys=[key_entry("ann"), key_entry("new")])
    eve = person("eve", suspended=True)
    lines = written(ann, eve, compromised=[{"fingerprint": PRINT, "since": "0" * 40}])
    assert lines == [
        f"# ann: {PRINT} is declared compromised, left out",
        f"ann@example.org {ed25519_key('new').public_key}",
        "# eve: suspended, left out",
    ]


def test_a_key_that_nothing_could_read_does_not_spoil_the_file():
    broken = {"type": "ssh", "key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAAQA="}
    lines = written(person("ann", keys=[broken]), person("bob"))
    assert lines[0].startswith("# ann: SHA256:")
    assert lines[0].endswith(" never counts (GM-T026), left out")
    assert lines[1].startswith("bob@example.org ssh-ed25519 ")


def test_the_comment_of_a_key_stays_out():
    assert written(person("ann", keys=[{"type": "ssh", "key": f"{KEY} laptop"}])) == [f"ann@example.org {KEY}"]


def test_nobody_makes_an_empty_file():
    assert write_allowed_signers(People()) == ""
