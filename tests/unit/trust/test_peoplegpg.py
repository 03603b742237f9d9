import base64
import subprocess

import pytest

from gitops_models.errors import GmError
from gitops_models.registry.documents import People
from gitops_models.trust import peoplegpg
from gitops_models.trust.payload import commit_payload
from gitops_models.trust.peoplegpg import PeopleGpg, listed_gpg_keys
from gitops_models.trust.verify import verify_commit, verify_many, verify_tag
from tests.support.gpg import PAST, gpg_home, listed
from tests.support.signed import commit_bytes, key_entry, people, put_signature, signed_commit, tag_bytes


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    home = gpg_home(tmp_path_factory.mktemp("gpg") / "home")
    yield home
    home.stop()


@pytest.fixture(scope="module")
def ann(keys):
    return keys.make("ann")


@pytest.fixture
def team(keys, ann):
    return of(listed(keys, ann))


def of(*entries, name="ann", **fields):
    return People.model_validate(
        {"people": [{"id": name, "emails": [f"{name}@example.org"], "keys": [*entries]}], **fields}
    )


def answer(raw, known):
    found = verify_commit(raw, known).signature
    return found.verdict, found.code


def test_a_listed_key_and_its_subkeys_sign_for_their_person(keys):
    fingerprint = keys.make("sue")
    subkey = keys.add_subkey(fingerprint)
    known = of(listed(keys, fingerprint), name="sue")
    for part in (fingerprint, subkey):
        found = verify_commit(keys.commit("sue", part), known)
        assert (found.signature.verdict, found.signature.fingerprint) == ("good", fingerprint)
        assert (found.signature.scheme, found.signature.touch, found.signature.pin) == ("gpg", None, None)
        assert (found.actor.id, found.actor.kind, found.email_ok) == ("sue", "person", True)


def test_a_tag_by_a_listed_key_is_good(keys, ann, team):
    raw = tag_bytes()
    assert verify_tag(raw + keys.sign(raw, ann).encode(), "fraud@v1.0.0", team).actor.id == "ann"


def test_addresses_are_those_of_the_person_whatever_the_user_ids_say(keys, ann, team):
    assert not verify_commit(keys.commit("ann", ann, email="bob@example.org"), team).email_ok
    other = of(listed(keys, ann), name="bob")
    found = verify_commit(keys.commit("ann", ann, email="bob@example.org"), other)
    assert (found.actor.id, found.email_ok) == ("bob", True)


@pytest.mark.parametrize("kind", ["workloads", "forges"])
def test_workloads_and_forges_may_have_gpg_keys(keys, ann, kind):
    entry = {"id": "ci", "emails": ["ann@example.org"], "keys": [listed(keys, ann)]}
    found = verify_commit(keys.commit("ann", ann), People.model_validate({kind: [entry]}))
    assert (found.signature.good, found.actor.id) == (True, "ci")


def test_a_file_without_gpg_keys_starts_no_process(keys, ann, monkeypatch, tmp_path):
    raw = keys.commit("ann", ann)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert answer(raw, people("ann")) == ("untrusted", "GM-T002")
    garbage = put_signature(commit_bytes("ann"), "-----BEGIN PGP SIGNATURE-----")
    assert answer(garbage, people("ann")) == ("malformed", "GM-T010")


def test_an_unlisted_key_is_untrusted_whatever_it_calls_itself(keys, team):
    imposter = keys.make("imposter <ann@example.org>, not")
    assert answer(keys.commit("ann", imposter), team) == ("untrusted", "GM-T002")


def test_another_persons_subkey_is_not_taken_over(keys, ann):
    """A key that lists a stranger's signing key as its own subkey is not cross-certified by it."""
    stranger = keys.make("stranger")
    known = of(listed(keys, ann))
    assert answer(keys.commit("ann", stranger), known) == ("untrusted", "GM-T002")


def test_a_changed_commit_is_bad(keys, ann, team):
    assert answer(keys.commit("ann", ann).replace(b"Add a", b"Bad a"), team) == ("bad", "GM-T003")


def test_no_date_counts_for_a_listed_key(keys):
    """Expired key, expired subkey, and a key from the future: who is listed is what the file says."""
    old = keys.make("old", expires="1y", clock=PAST)
    raw = keys.commit("old", old, clock=PAST)
    assert answer(raw, of(listed(keys, old), name="old")) == ("good", None)
    sub = keys.make("sub", clock=PAST)
    part = keys.add_subkey(sub, expires="1y", clock=PAST)
    assert answer(keys.commit("sub", part, clock=PAST), of(listed(keys, sub, clock=PAST), name="sub")) == ("good", None)
    new = keys.make("new", clock="20500101T000000")
    raw = keys.commit("new", new, clock="20500101T000000")
    assert answer(raw, of(listed(keys, new, clock="20500101T000000"), name="new")) == ("good", None)


def test_a_signature_that_was_made_to_expire_never_counts(keys):
    brief = keys.make("brief")
    raw = keys.commit("brief", brief, "--default-sig-expire", "10y")
    assert answer(raw, of(listed(keys, brief), name="brief")) == ("expired", "GM-T004")


def test_a_revocation_in_the_listed_key_counts_though_the_key_expired_too(keys):
    for name, fields in {"gone": {}, "both": {"expires": "1y", "clock": PAST}}.items():
        fingerprint = keys.make(name, **fields)
        raw = keys.commit(name, fingerprint, clock=fields.get("clock"))
        known = of(listed(keys, fingerprint), name=name)
        assert answer(raw, known) == ("good", None)
        keys.revoke(fingerprint)
        assert answer(raw, of(listed(keys, fingerprint), name=name)) == ("revoked", "GM-T005")


def test_compromised_keys_and_subkeys_are_revoked(keys):
    fingerprint = keys.make("kim")
    subkey = keys.add_subkey(fingerprint)
    raws = [keys.commit("kim", part) for part in (fingerprint, subkey)]
    entry = listed(keys, fingerprint)

    def answers(lost):
        known = of(entry, name="kim", compromised=[{"fingerprint": lost, "since": "0" * 40}])
        return [answer(raw, known) for raw in raws]

    assert answers(fingerprint) == [("revoked", "GM-T005")] * 2
    assert answers(subkey) == [("good", None), ("revoked", "GM-T005")]


def test_a_key_may_be_kept_from_signing_commits(keys, ann):
    known = of({**listed(keys, ann), "namespaces": ["other"]})
    assert answer(keys.commit("ann", ann), known) == ("untrusted", "GM-T007")


def test_one_process_judges_many_and_answers_are_kept(keys, ann, monkeypatch):
    raws = [keys.commit("ann", ann, message=f"{number}\n") for number in range(3)]
    objects = [(raw, commit_payload) for raw in (*raws, signed_commit("ann"))]
    entry = listed(keys, ann)
    peoplegpg._home.cache_clear()
    started = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda command, **how: started.append(command) or run(command, **how))
    known = of(entry, key_entry("ann"))
    assert [one.signature.code for one in verify_many(objects, known)] == [None] * 4
    assert [command[-1] for command in started if "--verify-files" in command] == ["2"]
    started.clear()
    # Another person has come: the same keys, and the same answers.
    grown = people("bob", workloads=[{"id": "ci", "keys": [entry], "emails": ["ann@example.org"]}])
    assert [one.actor.id for one in verify_many(objects[:3], grown)] == ["ci"] * 3
    assert started == []


def test_answers_are_not_kept_for_ever(keys, ann, team, monkeypatch):
    monkeypatch.setattr(peoplegpg, "_ANSWERS", 0)
    raws = [keys.commit("ann", ann, message=f"{number}\n") for number in range(2)]
    assert [answer(raw, team) for raw in raws] == [("good", None)] * 2
    assert len(peoplegpg._home(listed_gpg_keys(team))._known) == 1


def test_homes_go_with_their_keys(keys, ann, team):
    peoplegpg._home.cache_clear()
    assert answer(keys.commit("ann", ann), team) == ("good", None)
    folder = peoplegpg._home(listed_gpg_keys(team))._keys.home
    assert folder.is_dir()
    peoplegpg._home.cache_clear()
    assert not folder.exists()


def test_a_listed_key_that_gpg_cannot_read_leaves_the_others_alone(keys, ann):
    packets = base64.b64decode(listed(keys, ann)["key"])
    bare = packets[: 2 + packets[1]]  # the first packet alone, its length in one octet
    assert packets[len(bare)] == 0xB4  # the user ID follows; the same byte may stand in the key's own, random numbers
    broken = {"type": "gpg", "fingerprint": ann, "key": base64.b64encode(bare).decode()}
    good = keys.make("good")
    known = People.model_validate(
        {
            "people": [
                {"id": "ann", "emails": ["ann@example.org"], "keys": [broken]},
                {"id": "good", "emails": ["good@example.org"], "keys": [listed(keys, good)]},
            ]
        }
    )
    assert answer(keys.commit("ann", ann), known) == ("untrusted", "GM-T002")
    assert answer(keys.commit("good", good), known) == ("good", None)


def test_a_machine_without_gpg_cannot_judge_and_says_so(keys, ann, team, monkeypatch, tmp_path):
    raw = keys.commit("ann", ann)
    peoplegpg._home.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GmError) as caught:
        verify_commit(raw, team)
    assert caught.value.code == "GM-T302"


def test_keys_are_listed_once_and_in_one_order(keys, ann):
    other = keys.make("other")
    both = of(listed(keys, other), listed(keys, ann))
    assert listed_gpg_keys(both) == listed_gpg_keys(of(listed(keys, ann), listed(keys, other)))
    assert PeopleGpg(both).keys == listed_gpg_keys(both)
