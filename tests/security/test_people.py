"""Attacks on who may sign what: stolen seats, shared keys, and people files that are not what they look like."""

import base64

import pytest

from gitops_models.cli.run import run
from gitops_models.errors import GmError
from gitops_models.policy.denied import Denied
from gitops_models.registry import yamls
from gitops_models.registry.documents.keys import EXAMPLE_GPG, EXAMPLE_GPG_FINGERPRINT
from gitops_models.registry.openpgp import packets, primary_fingerprint
from gitops_models.workflows import merging, people, review
from gitops_models.workflows.people import Given, Publishing
from tests.support import stories
from tests.support.keys import ed25519_key
from tests.support.registry import Registry

PEOPLE, POLICY = "policies/people.yaml", "policies/policy.yaml"
WHY = Publishing("because")


@pytest.fixture
def registry(story):
    return story(stories.registry)


def edited(registry, edit):
    """The accepted people file after ``edit``, which gets its persons by id."""
    document = yamls.load(registry.history().state.snapshot.data(PEOPLE), PEOPLE)
    edit({person["id"]: person for person in document["people"]})
    return {PEOPLE: yamls.dump(document)}


def refusal(registry, act):
    with registry.untouched(), pytest.raises(GmError) as caught:
        act()
    return caught.value


def denied(registry, act):
    error = refusal(registry, act)
    assert isinstance(error, Denied)
    return error.verdict.codes


def land(registry, made, *approvers):
    registry.approve(made.opened.proposal, *(approvers or ["raio"]))
    return registry.merge(made.opened.proposal, by="owner")


def shared_key(persons):
    persons["engineer"]["keys"].append({"type": "ssh", "key": ed25519_key("raio").public_key + " mine"})


def shared_login(persons):
    for number, name in enumerate(("engineer", "raio")):
        persons[name]["logins"] = [{"forge": "github", "login": f"name{number}", "id": 7}]


def shared_identity(persons):
    for name in ("engineer", "raio"):
        key = {"type": "sigstore", "identity": "raio@example.org", "issuer": "https://accounts.example.org"}
        persons[name]["keys"].append(key)


def shared_subkey(persons):
    """The key of ``raio`` stands as a subkey under another one of ``engineer``."""
    whole = base64.b64decode(EXAMPLE_GPG)
    body = next(packets(whole))[1]
    other = body[:-1] + bytes([body[-1] ^ 1])
    adopted = b"".join(bytes([0xC0 | tag, len(one)]) + one for tag, one in ((6, other), (14, body)))
    for name, data in (("engineer", adopted), ("raio", whole)):
        key = {"fingerprint": primary_fingerprint(data), "key": base64.b64encode(data).decode()}
        persons[name]["keys"].append({"type": "gpg", **key})
    assert persons["raio"]["keys"][-1]["fingerprint"] == EXAMPLE_GPG_FINGERPRINT


@pytest.mark.attack(
    "a people file that gives somebody else's key, account or identity to the author", "GM-P001", by="author"
)
@pytest.mark.parametrize("edit", [shared_key, shared_login, shared_identity, shared_subkey])
def test_no_key_account_or_identity_has_two_owners(registry, edit):
    files = edited(registry, edit)
    assert "GM-P001" in denied(registry, lambda: registry.draft("policy", files, event="people"))


@pytest.mark.attack("an identity that is a person's key and a workload's workflow", "GM-P001", by="author")
def test_a_person_is_no_workflow(registry):
    run_of = {"identity": "https://ci.example.org/train@main", "issuer": "https://accounts.example.org"}
    numbers = {"repository_id": "1", "owner_id": "2", "ref": "refs/heads/main"}
    document = yamls.load(edited(registry, lambda _: None)[PEOPLE], PEOPLE)
    document["workloads"].append({"id": "train", "workflows": [run_of | numbers]})
    apart = yamls.dump(document)
    document["people"][0]["keys"].append({"type": "sigstore", **run_of})
    files = {PEOPLE: yamls.dump(document)}
    assert "GM-P001" in denied(registry, lambda: registry.draft("policy", files, event="people"))
    assert registry.draft("policy", {PEOPLE: apart}, event="people", by="owner")


def same_name_elsewhere(persons):
    for name, forge in (("engineer", "github"), ("raio", "forgejo")):
        persons[name]["logins"] = [{"forge": forge, "login": "octocat", "id": 7}]


@pytest.mark.lookalike("the same account number on two forges")
def test_numbers_of_accounts_are_told_by_their_forge(registry):
    proposal = registry.draft("policy", edited(registry, same_name_elsewhere), event="people", by="owner")
    registry.approve(proposal, "raio")
    assert registry.merge(proposal, by="owner")


@pytest.mark.attack("a suspended person who lifts the own suspension", "GM-P403", by="author")
def test_a_suspended_person_does_not_come_back_alone(registry):
    land(registry, people.suspend(registry.session("owner"), "engineer2", WHY, suspended=True))
    assert "GM-P403" in denied(
        registry, lambda: people.suspend(registry.session("engineer2"), "engineer2", WHY, suspended=False)
    )


@pytest.mark.attack("another key for a reviewer's seat, landed with one stolen key", "GM-P401", by="thief")
def test_one_key_does_not_put_another_into_a_reviewers_seat(registry):
    given = Given(keys=[ed25519_key("thief").public_key])
    made = people.rotate(registry.session("raio"), "raio2", ed25519_key("raio2").fingerprint, given, WHY, since=None)
    registry.approve(made.opened.proposal, "raio")
    assert denied(registry, lambda: registry.merge(made.opened.proposal, by="raio")) == ("GM-P401",)


@pytest.mark.lookalike("a reviewer's new key that another reviewer agreed to")
def test_a_reviewer_gets_a_new_key_when_another_one_agrees(registry):
    given = Given(keys=[ed25519_key("raio2-new").public_key])
    made = people.rotate(registry.session("raio2"), "raio2", ed25519_key("raio2").fingerprint, given, WHY, since=None)
    land(registry, made)
    assert registry.history().people.actor(ed25519_key("raio2-new").fingerprint).id == "raio2"


@pytest.mark.attack("a key that was declared compromised, given to somebody again", "GM-D117", by="thief")
def test_a_compromised_key_is_given_to_nobody_again(registry):
    old, new = ed25519_key("lead").fingerprint, Given(keys=[ed25519_key("lead-new").public_key])
    land(registry, people.rotate(registry.session("owner"), "lead", old, new, WHY, since=registry.pin))
    again = Given(keys=[ed25519_key("lead").public_key])
    assert refusal(registry, lambda: people.add(registry.session("owner"), "lead", again, WHY)).code == "GM-D117"


@pytest.mark.attack("a key declared compromised, put back by hand: what it signs", "GM-P801", by="thief")
def test_a_compromised_key_that_stands_in_the_file_signs_nothing(registry):
    old, new = ed25519_key("engineer"), Given(keys=[ed25519_key("engineer-new").public_key])
    land(registry, people.rotate(registry.session("owner"), "engineer", old.fingerprint, new, WHY, since=registry.pin))

    def put_back(persons):
        persons["engineer"]["keys"].append({"type": "ssh", "key": old.public_key})

    proposal = registry.draft("policy", edited(registry, put_back), event="people", by="owner")
    registry.approve(proposal, "raio")
    registry.merge(proposal, by="owner")
    assert "GM-P801" in denied(registry, lambda: registry.draft("policy", stories_edit(registry), event="people"))


def stories_edit(registry):
    return edited(registry, lambda persons: persons["lead"].update(affiliation="elsewhere"))


@pytest.mark.attack("another policy in a branch that speaks of people", "GM-F104", by="author")
def test_a_branch_that_speaks_of_people_changes_people_only(registry):
    files = {**stories_edit(registry), POLICY: stories.weak_policy(registry)}
    proposal = registry.draft("policy", files, event="people", by="owner")
    session = registry.session("raio")
    for act in (review.check, review.approve, merging.merge):
        assert refusal(registry, lambda act=act: act(session, proposal)).code == "GM-F104"


@pytest.mark.attack("a private key given as the public one", "GM-C180", by="operator")
def test_no_private_key_gets_into_history(registry, tmp_path):
    path = str(ed25519_key("lead").write(tmp_path / "key"))
    session = registry.session("owner")
    assert refusal(registry, lambda: people.add(session, "lead", Given(keys=[path]), WHY)).code == "GM-C180"


@pytest.mark.attack("a key too weak to count, brought in as a new one", "GM-C181", by="thief")
def test_a_key_that_anybody_could_sign_for_is_not_taken(registry):
    anybody = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    error = refusal(registry, lambda: people.add(registry.session("owner"), "lead", Given(keys=[anybody]), WHY))
    assert (error.code, "GM-T026" in error.message) == ("GM-C181", True)


@pytest.mark.attack("bidirectional signs and escapes in what a people proposal shows", "ignored", by="author")
def test_what_a_proposal_says_of_people_is_shown_escaped(registry, capsys):
    def disguise(persons):
        persons["lead"]["affiliation"] = "partner\u202enoitcurtsed"

    proposal = registry.draft("policy", edited(registry, disguise), event="people", by="owner")
    assert run(["-C", str(registry.path), "show", proposal.id]) == 0
    shown = capsys.readouterr().out
    assert "\u202e" not in shown
    assert r"+ affiliation partner\u202enoitcurtsed" in shown


@pytest.mark.attack("an address or namespace that opens a line of allowed_signers to others", "ignored", by="author")
def test_the_file_for_plain_git_says_nothing_that_the_people_file_does_not(tmp_path, capsys):
    key = {"type": "ssh", "key": ed25519_key("lead").public_key, "namespaces": ['git" cert-authority x="']}
    wild = {"lead": {"emails": ["*@example.org"], "keys": [key]}, "raio": {"emails": ["a,*@example.org"]}}
    registry = Registry(tmp_path / "r", persons=wild)
    assert run(["-C", str(registry.path), "trust", "allowed-signers"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert not any("*" in line or "cert-authority" in line for line in lines)
    assert any(line.startswith("raio ssh-ed25519 ") for line in lines)
