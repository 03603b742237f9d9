"""`gm trust people`: every change of who may sign what is a proposal, and nothing else changes anything."""

import base64
import subprocess

import pytest

from gitops_models.errors import GmError
from gitops_models.policy.denied import Denied
from gitops_models.registry.trailers import parse_trailers
from gitops_models.workflows import people as work
from gitops_models.workflows.people import Given, Publishing
from tests.support.gpg import gpg_home
from tests.support.keys import ed25519_key, hardware_key, rsa_key
from tests.support.registry import Registry
from tests.support.sshcert import certified

WHY = Publishing("because")


@pytest.fixture(scope="module")
def founded(_isolated_session, tmp_path_factory):
    return Registry(tmp_path_factory.mktemp("people") / "registry")


@pytest.fixture
def registry(founded, tmp_path):
    return founded.copy(tmp_path / "registry")


def accepted(registry):
    return registry.history().people


def change(registry, verb, *words, by="owner", how=WHY, **named):
    """Ask for a change of people as ``by``."""
    registry.clock.tick()
    return getattr(work, verb)(registry.session(by), *words, how, **named)


def land(registry, made, *approvers):
    registry.approve(made.opened.proposal, *(approvers or ["raio"]))
    return registry.merge(made.opened.proposal, by="owner")


def refused(registry, code, verb, *words, **named):
    with registry.untouched(), pytest.raises(GmError) as caught:
        change(registry, verb, *words, **named)
    assert caught.value.code == code
    return caught.value


def test_a_new_person_is_a_proposal_and_can_sign_once_it_has_landed(registry):
    key = ed25519_key("new").public_key
    given = Given(emails=["new@example.org"], roles=["ml-engineer", "domain-lead=fraud*,card*"], keys=[key])
    made = change(registry, "add", "new", given)
    assert made.opened.proposal.branch.startswith("gm/people/policy/-/-/")
    assert accepted(registry).person("new") is None
    land(registry, made)
    person = accepted(registry).person("new")
    assert person.holds("domain-lead", "fraud-eu")
    assert not person.holds("domain-lead", "other")
    assert accepted(registry).actor(ed25519_key("new").fingerprint).id == "new"
    assert registry.statuses() == ["accepted"]
    assert registry.version("fraud", "1.0.0", by="new")


def test_the_title_and_the_message_name_what_is_won_and_lost(registry):
    made = change(registry, "add", "lead", Given(roles=["raio"], keys=[hardware_key("lead").public_key]))
    title, _, body = made.opened.message.partition("\n\n")
    fingerprint = hardware_key("lead").fingerprint
    assert title == f"people(lead): + role raio, + key sk-ssh-ed25519@openssh.com {fingerprint}"
    assert "raio: both, lead, raio, raio2 (was both, raio, raio2)" in body
    assert parse_trailers(made.opened.message).get("Gm-Event") == "people-changed"
    assert parse_trailers(made.opened.message).get("Gm-Reason") == "because"


def test_a_second_run_opens_nothing_more(registry):
    given = Given(emails=["new@example.org"], roles=["ml-engineer"])
    first = change(registry, "add", "new", given)
    refs = registry.refs()
    again = change(registry, "add", "new", given)
    assert (again.opened.proposal, registry.refs()) == (first.opened.proposal, refs)
    land(registry, first)
    with registry.untouched():
        done = change(registry, "add", "new", given)
    assert (done.opened, bool(done.difference)) == (None, False)


def test_a_dry_run_publishes_nothing(registry):
    with registry.untouched():
        made = change(registry, "suspend", "raio2", suspended=True, how=Publishing("because", dry_run=True))
    assert made.opened.published is False


@pytest.mark.clause("B-11-2")
def test_a_suspended_person_counts_for_nothing_until_unsuspended(registry):
    land(registry, change(registry, "suspend", "lead", suspended=True))
    assert accepted(registry).person("lead").suspended
    land(registry, change(registry, "suspend", "lead", suspended=False))
    assert not accepted(registry).person("lead").suspended


def test_a_rotated_key_stops_counting_and_the_new_one_begins(registry):
    old, new = ed25519_key("engineer").fingerprint, ed25519_key("engineer-new")
    made = change(registry, "rotate", "engineer", old, Given(keys=[new.public_key]), since=registry.pin)
    land(registry, made)
    people = accepted(registry)
    assert people.actor(old) is None
    assert people.actor(new.fingerprint).id == "engineer"
    assert [(entry.fingerprint, entry.since) for entry in people.compromised] == [(old, registry.pin)]
    refused(registry, "GM-C121", "train", "engineer", "rollback", "2026-11-20", by="engineer")
    refused(registry, "GM-D117", "add", "lead", Given(keys=[ed25519_key("engineer").public_key]))


def test_the_old_key_may_be_given_as_a_line_or_file(registry, tmp_path):
    path = ed25519_key("lead").write(tmp_path / "lead")
    made = change(registry, "rotate", "lead", f"{path}.pub", Given(keys=[ed25519_key("other").public_key]), since=None)
    assert made.difference.members[0].lines[0] == f"- key ssh-ed25519 {ed25519_key('lead').fingerprint}"
    gone = change(registry, "remove", "lead", Given(keys=[ed25519_key("lead").public_key]), whole_person=False)
    assert gone.difference.members[0].lines == (f"- key ssh-ed25519 {ed25519_key('lead').fingerprint}",)


def test_a_fingerprint_may_be_cut_short(registry):
    whole = ed25519_key("lead").fingerprint
    made = change(registry, "remove", "lead", Given(keys=[whole[:15]]), whole_person=False)
    assert made.difference.members[0].lines == (f"- key ssh-ed25519 {whole}",)
    refused(registry, "GM-D114", "remove", "lead", Given(keys=[whole[:14]]), whole_person=False)


def test_parts_and_whole_persons_can_be_removed(registry):
    land(registry, change(registry, "remove", "both", Given(roles=["raio"]), whole_person=False))
    assert accepted(registry).person("both").roles == ("domain-lead",)
    land(registry, change(registry, "remove", "both", Given(), whole_person=True))
    assert accepted(registry).person("both") is None
    refused(registry, "GM-C182", "remove", "lead", Given(), whole_person=False)
    refused(registry, "GM-C182", "remove", "lead", Given(roles=["technical-lead"]), whole_person=True)


def test_training_is_noted_and_none_that_lies_ahead(registry):
    land(registry, change(registry, "train", "lead", "rollback", "2026-11-21"))
    assert accepted(registry).person("lead").training == {"rollback": "2026-11-21"}
    refused(registry, "GM-C184", "train", "lead", "rollback", "2026-11-22")
    refused(registry, "GM-D013", "train", "lead", "rollback", "yesterday")


def test_a_change_that_makes_a_quorum_unreachable_is_refused_and_says_what_to_do(registry):
    registry.version("fraud", "1.0.0", risk="high")
    gone = change(registry, "remove", "both", Given(), whole_person=True)
    land(registry, gone)
    with registry.untouched(), pytest.raises(Denied) as caught:
        change(registry, "remove", "domain", Given(roles=["domain-lead"]), whole_person=False)
    (finding,) = [finding for finding in caught.value.verdict.denials if finding.code == "GM-P703"]
    assert "changes of high risk (fraud)" in finding.details
    assert "gm trust people add" in finding.hint
    with registry.untouched(), pytest.raises(Denied) as caught:
        change(registry, "suspend", "domain", suspended=True)
    assert "GM-P703" in caught.value.verdict.codes


def test_what_is_not_known_is_refused(registry):
    refused(registry, "GM-D110", "suspend", "nobody", suspended=True)
    assert "roles: ml-engineer" in refused(registry, "GM-C183", "add", "lead", Given(roles=["boss"])).details[0]
    refused(registry, "GM-C183", "add", "lead", Given(roles=["boss=fraud*"]))
    refused(registry, "GM-D113", "add", "lead", Given(keys=[ed25519_key("raio").public_key]))
    refused(registry, "GM-D111", "suspend", "ci", suspended=True)
    refused(registry, "GM-D112", "add", "new", Given(roles=["raio"]))
    refused(registry, "GM-D115", "add", "lead", Given(logins=["github:lead"]))
    refused(registry, "GM-D114", "remove", "lead", Given(roles=["raio"]), whole_person=False)


def test_a_compromise_is_declared_from_one_commit_on(registry):
    old, new = ed25519_key("lead").fingerprint, Given(keys=[ed25519_key("lead-new").public_key])
    land(registry, change(registry, "rotate", "lead", old, new, since=registry.pin))
    refused(registry, "GM-D116", "rotate", "lead", old, new, since=registry.tip)


def test_one_login_has_one_owner(registry):
    land(registry, change(registry, "add", "lead", Given(logins=["github:lead:7"])))
    refused(registry, "GM-D113", "add", "raio", Given(logins=["github:raio:7"]))
    refused(registry, "GM-D113", "add", "raio", Given(logins=["github:LEAD:8"]))


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("ssh-dss AAAAB3NzaC1kc3MAAACB", "GM-C181"),
        ("ssh-ed25519 AAAA", "GM-C181"),
        ("ssh-rsa !!!", "GM-C181"),
        (f"{ed25519_key('a').public_key}\n{ed25519_key('b').public_key}", "GM-C180"),
        ("no/such/file.pub", "GM-T303"),
        ("nul\0byte", "GM-T303"),
    ],
)
def test_a_key_that_would_never_count_is_refused(registry, given, code):
    refused(registry, code, "add", "lead", Given(keys=[given]))


def test_an_rsa_key_of_1024_bits_and_a_certificate_are_refused(registry, tmp_path):
    small = tmp_path / "small"
    command = ["ssh-keygen", "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", str(small)]
    subprocess.run(command, check=True, timeout=60)
    assert "GM-T022" in refused(registry, "GM-C181", "add", "lead", Given(keys=[f"{small}.pub"])).message
    line = f"ssh-ed25519-cert-v01@openssh.com {base64.b64encode(certified('lead').blob).decode()}"
    assert "GM-T025" in refused(registry, "GM-C181", "add", "lead", Given(keys=[line])).message
    assert change(registry, "add", "lead", Given(keys=[rsa_key().public_key])).opened


def test_a_private_key_never_gets_into_history(registry, tmp_path):
    path = ed25519_key("lead2").write(tmp_path / "secret")
    error = refused(registry, "GM-C180", "add", "lead", Given(keys=[str(path)]))
    assert "private key" in error.message
    (tmp_path / "large").write_bytes(b"x" * 70_000)
    refused(registry, "GM-C180", "add", "lead", Given(keys=[str(tmp_path / "large")]))


def test_the_comment_of_a_key_stays_out_of_history(registry, tmp_path):
    path = ed25519_key("new").write(tmp_path / "laptop-of-jane")
    given = Given(emails=["new@example.org"], keys=[f"{path}.pub"])
    land(registry, change(registry, "add", "new", given))
    assert b"laptop-of-jane" not in registry.history().state.snapshot.data("policies/people.yaml")


def test_a_compromise_begins_at_a_commit_of_the_line(registry):
    old, new = ed25519_key("lead").fingerprint, Given(keys=[ed25519_key("lead-new").public_key])
    aside = registry.commit({"README": b"x"})
    refused(registry, "GM-C185", "rotate", "lead", old, new, since=aside)
    refused(registry, "GM-S011", "rotate", "lead", old, new, since="f" * 40)
    refused(registry, "GM-C180", "rotate", "lead", old, Given(), since=None)


def test_a_keyless_identity_needs_its_issuer(registry):
    given = Given(sigstore=["lead@example.org"], issuer="https://accounts.example.org")
    land(registry, change(registry, "add", "lead", given))
    assert accepted(registry).actor("sigstore:https://accounts.example.org#lead@example.org").id == "lead"
    refused(registry, "GM-C186", "add", "lead", Given(sigstore=["lead@example.org"]))
    refused(registry, "GM-C186", "add", "lead", Given(issuer="https://accounts.example.org"))
    made = change(registry, "remove", "lead", given, whole_person=False)
    assert made.difference.members[0].lines == ("- key sigstore lead@example.org by https://accounts.example.org",)


@pytest.fixture
def gpg(home):
    """The keyring of the person who runs gm."""
    made = gpg_home(home / ".gnupg")
    yield made
    made.stop()


def test_a_gpg_key_is_taken_from_the_own_keyring_or_from_a_file(registry, gpg, tmp_path):
    first, second = gpg.make("lead"), gpg.make("other")
    spelled = " ".join(first[at : at + 4] for at in range(0, 40, 4)).lower()
    land(registry, change(registry, "add", "lead", Given(gpg=[spelled])))
    assert accepted(registry).actor(first).id == "lead"
    with registry.untouched():
        assert change(registry, "add", "lead", Given(gpg=[first])).opened is None
    gpg.run("--quick-set-expire", first, "1y")
    renewed = change(registry, "add", "lead", Given(gpg=[first]), how=Publishing("because", dry_run=True))
    assert len(renewed.difference.members[0].lines) == 2
    (tmp_path / "other.asc").write_bytes(gpg.export(second))
    made = change(registry, "rotate", "lead", f"0x{first}", Given(gpg=[str(tmp_path / "other.asc")]), since=None)
    lines = made.difference.members[0].lines
    assert [line.partition(" (")[0] for line in lines] == [f"- key gpg {first}", f"+ key gpg {second}"]
    gone = change(registry, "remove", "lead", Given(gpg=[first]), whole_person=False)
    assert gone.difference.members[0].lines[0].startswith(f"- key gpg {first} ")


def test_what_is_not_one_gpg_public_key_is_refused(registry, gpg, tmp_path):
    both = tmp_path / "both.asc"
    both.write_bytes(gpg.export(gpg.make("lead"), gpg.make("other")))
    refused(registry, "GM-C180", "add", "lead", Given(gpg=[str(both)]))
    (tmp_path / "none.asc").write_text("no key")
    refused(registry, "GM-T301", "add", "lead", Given(gpg=[str(tmp_path / "none.asc")]))
    refused(registry, "GM-T301", "add", "lead", Given(gpg=["A" * 40]))
    refused(registry, "GM-T303", "add", "lead", Given(gpg=["LEAD"]))
    secret = tmp_path / "secret.asc"
    secret.write_bytes(gpg.run("--armor", "--export-secret-keys", "lead"))
    refused(registry, "GM-T301", "add", "lead", Given(gpg=[str(secret)]))


def test_without_gpg_its_keys_cannot_be_read(registry, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    refused(registry, "GM-T302", "add", "lead", Given(gpg=["A" * 40]))
