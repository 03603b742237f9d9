import pytest

from gitops_models.trust.keyrings import PeopleKeyring
from gitops_models.trust.verify import verify_commit, verify_tag
from tests.support.keys import ed25519_key
from tests.support.signed import (
    MAIN,
    commit_bytes,
    key_entry,
    people,
    person,
    put_signature,
    sign_commit,
    signed_commit,
    signed_tag,
    tag_bytes,
)

TEAM = people("ann", "bob")


def test_a_commit_by_a_person_is_good_and_names_the_person():
    found = verify_commit(signed_commit("ann"), TEAM)
    assert found.signature.verdict == "good"
    assert found.signature.code is None
    assert found.signature.fingerprint == ed25519_key("ann").fingerprint
    assert (found.actor.id, found.actor.kind, found.email_ok) == ("ann", "person", True)
    assert found.principals == ("ann",)


def test_an_unsigned_commit_says_so():
    found = verify_commit(commit_bytes("ann"), TEAM)
    assert (found.signature.verdict, found.signature.code, found.actor) == ("unsigned", "GM-T001", None)


def test_a_key_of_nobody_is_untrusted():
    found = verify_commit(signed_commit("eve"), TEAM)
    assert (found.signature.verdict, found.signature.code, found.actor) == ("untrusted", "GM-T002", None)
    assert found.signature.fingerprint == ed25519_key("eve").fingerprint


def test_a_changed_commit_is_bad():
    found = verify_commit(signed_commit("ann").replace(b"Add", b"Bad"), TEAM)
    assert (found.signature.verdict, found.signature.code, found.signature.fingerprint) == ("bad", "GM-T003", None)


def test_garbage_in_the_signature_header_is_a_verdict_and_no_error():
    found = verify_commit(put_signature(commit_bytes("ann"), "garbage"), TEAM)
    assert (found.signature.verdict, found.signature.code) == ("malformed", "GM-T010")


def test_a_committer_address_of_somebody_else_is_noticed():
    assert not verify_commit(signed_commit("ann", email="bob@example.org"), TEAM).email_ok


def test_addresses_are_compared_without_regard_to_case():
    assert verify_commit(signed_commit("ann", email="Ann@Example.org"), TEAM).email_ok


def test_a_compromised_key_is_revoked_though_it_is_still_listed():
    listed = {"fingerprint": ed25519_key("ann").fingerprint, "since": MAIN}
    found = verify_commit(signed_commit("ann"), people("ann", compromised=[listed]))
    assert (found.signature.verdict, found.signature.code, found.actor) == ("revoked", "GM-T005", None)


def test_a_key_limited_to_approvals_cannot_sign_commits():
    limited = person("ann", keys=[key_entry("ann", namespaces=["gm-approval@v1"])])
    found = verify_commit(signed_commit("ann"), people(people=[limited]))
    assert (found.signature.verdict, found.signature.code) == ("untrusted", "GM-T007")
    ring = PeopleKeyring(people(people=[limited]))
    assert ring.lookup(ed25519_key("ann").fingerprint, "gm-approval@v1").verdict == "good"


@pytest.mark.parametrize(("group", "kind"), [("workloads", "workload"), ("forges", "forge")])
def test_workloads_and_forges_are_told_from_persons(group, kind):
    entry = {"id": "ci", "emails": ["ci@example.org"], "keys": [key_entry("ci")]}
    assert verify_commit(signed_commit("ci"), people(**{group: [entry]})).actor.kind == kind


def test_a_tag_of_the_right_name_is_good_and_says_what_it_stands_for():
    found = verify_tag(signed_tag(), "fraud@v1.0.0", TEAM)
    assert (found.signature.verdict, found.actor.id, found.target) == ("good", "ann", MAIN)


def test_a_tag_object_under_another_name_is_refused():
    found = verify_tag(signed_tag(), "fraud@v2.0.0", TEAM)
    assert (found.signature.verdict, found.signature.code) == ("malformed", "GM-T037")


def test_a_lightweight_tag_is_refused():
    found = verify_tag(signed_commit("ann"), "fraud@v1.0.0", TEAM, object_type="commit")
    assert (found.signature.verdict, found.signature.code) == ("malformed", "GM-T038")


def test_an_unsigned_tag_is_told_from_a_signed_one():
    assert verify_tag(tag_bytes(), "fraud@v1.0.0", TEAM).signature.code == "GM-T001"
    found = verify_tag(signed_tag(name="eve"), "fraud@v1.0.0", TEAM)
    assert (found.signature.code, found.target) == ("GM-T002", MAIN)


def test_any_keyring_can_be_asked():
    assert verify_commit(sign_commit(commit_bytes("ann"), ed25519_key("ann")), PeopleKeyring(TEAM)).signature.good
