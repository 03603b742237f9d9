import base64

import pytest

from gitops_models.errors import GmError
from gitops_models.registry import documents as docs
from gitops_models.registry.documents.keys import EXAMPLE_GPG, EXAMPLE_GPG_FINGERPRINT
from gitops_models.registry.openpgp import primary_fingerprint
from tests.support.documents import ssh_key

# The public example of RFC 8709's key type with the fingerprint that `ssh-keygen -l` prints for it.
KNOWN = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f a comment"
KNOWN_FINGERPRINT = "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA"


def key(seed, **fields):
    return docs.SshKey(type="ssh", key=ssh_key(seed), **fields)


def person(name, *keys, **fields):
    return docs.Person(id=name, emails=(f"{name}@example.org",), keys=keys, **fields)


def refused(**fields):
    with pytest.raises(GmError) as caught:
        docs.validate(docs.People, fields, "policies/people.yaml")
    assert caught.value.code == "GM-D021"
    return caught.value.message


def test_a_fingerprint_is_that_of_openssh():
    assert docs.SshKey(type="ssh", key=KNOWN).fingerprint == KNOWN_FINGERPRINT


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ssh-dss AAAA", "is not an OpenSSH public key of a supported type"),
        ("ssh-ed25519", "the key inside is of another type"),
        ("ssh-ed25519 !!!", "is not valid base64"),
        ("ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f", "of another type"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", "of another type"),
    ],
)
def test_a_line_that_is_no_key_is_refused(line, message):
    assert message in refused(people=[{"id": "a", "emails": ["a@b.c"], "keys": [{"type": "ssh", "key": line}]}])


def test_a_fingerprint_leads_to_person_workload_or_forge():
    gpg = docs.GpgKey(type="gpg", fingerprint=EXAMPLE_GPG_FINGERPRINT, key=EXAMPLE_GPG)
    keyless = docs.SigstoreKey(type="sigstore", identity="x", issuer="https://i")
    people = docs.People(
        people=(person("lead-1", key(1, namespaces=("git",)), gpg),),
        workloads=(docs.Workload(id="ci", emails=("ci@x.y",), keys=(key(2), keyless), may=("evidence-added",)),),
        forges=(docs.ForgeKey(id="github", keys=(key(3),)),),
    )
    lead = ("person", "lead-1", ("lead-1@example.org",))
    assert people.actor(key(1).fingerprint) == docs.Actor(*lead, frozenset({"git"}), None)
    assert people.actor(EXAMPLE_GPG_FINGERPRINT) == docs.Actor(*lead, None, None)
    workload = docs.Actor("workload", "ci", ("ci@x.y",), None, frozenset({"evidence-added"}))
    assert people.actor(key(2).fingerprint) == people.actor("sigstore:https://i#x") == workload
    assert people.actor(key(3).fingerprint).kind == "forge"
    assert people.actor(key(4).fingerprint) is None


def test_people_are_found_by_id_login_and_role():
    login = docs.Login(forge="github", login="octocat", id=7)
    scoped = docs.RoleGrant(role="domain-lead", models=("fraud*", "churn"))
    lead, other = person("lead", roles=("raio", scoped), logins=(login,)), person("other", roles=("raio",))
    people = docs.People(people=(lead, other))
    assert people.person("lead") == lead
    assert people.person("nobody") is None
    assert people.person_of_login("github", 7) == lead
    assert people.person_of_login("github", 8) is None
    assert people.with_role("raio", "x") == (lead, other)
    assert people.with_role("domain-lead", "fraud-2") == people.with_role("domain-lead", "churn") == (lead,)
    assert people.with_role("domain-lead", "other") == ()
    assert lead.has_role("domain-lead")
    assert not other.has_role("domain-lead")


def test_one_key_on_two_actors_is_an_error_also_with_another_comment():
    line = {"type": "ssh", "key": ssh_key(1)}
    other = {"type": "ssh", "key": f"{ssh_key(1)} other@host"}
    message = refused(
        people=[{"id": "a", "emails": ["a@b.c"], "keys": [line]}], workloads=[{"id": "ci", "keys": [other]}]
    )
    assert message == f"key {key(1).fingerprint} is listed twice"


def test_one_id_on_two_actors_is_an_error():
    assert refused(people=[{"id": "a", "emails": ["a@b.c"]}], forges=[{"id": "a"}]) == "id a is listed twice"


def test_one_login_on_two_people_is_an_error_whatever_its_name_is():
    people = [
        {"id": name, "emails": ["a@b.c"], "logins": [{"forge": "github", "login": name, "id": 7}]}
        for name in ("a", "b")
    ]
    assert refused(people=people) == "login github:7 is listed twice"


def test_a_person_has_an_address():
    assert refused(people=[{"id": "a", "emails": []}]).startswith("people.0.emails")


def test_training_dates_are_dates():
    assert "is not a date" in refused(people=[{"id": "a", "emails": ["a@b.c"], "training": {"x": "2026-02-30"}}])


def keyless(identity="ann@example.org", issuer="https://accounts.example.org", **fields):
    return {"type": "sigstore", "identity": identity, "issuer": issuer, **fields}


def holder(name, *keys):
    return {"id": name, "emails": [f"{name}@example.org"], "keys": list(keys)}


def test_a_keyless_signature_belongs_to_whoever_has_identity_and_issuer_both():
    people = docs.People.model_validate(
        {
            "people": [
                holder("ann", keyless(), keyless("ann@work.example")),
                holder("bob", keyless("bob@example.org")),
            ],
            "workloads": [{"id": "ci", "keys": [keyless(namespaces=["git"], issuer="https://ci.example")]}],
        }
    )
    assert people.keyless("ann@work.example", "https://accounts.example.org").id == "ann"
    assert people.keyless("bob@example.org", "https://accounts.example.org").id == "bob"
    assert people.keyless("ann@example.org", "https://ci.example").namespaces == frozenset({"git"})
    assert people.keyless("bob@example.org", "https://ci.example") is None
    assert people.keyless("ANN@example.org", "https://accounts.example.org") is None
    assert people.keyless("ann@example.org", "https://accounts.example.org/") is None


def test_one_identity_of_one_issuer_has_one_owner():
    text = "key sigstore:https://accounts.example.org#ann@example.org is listed twice"
    assert text in refused(people=[holder("ann", keyless()), holder("bob", keyless())])
    two = [holder("ann", keyless()), holder("bob", keyless(issuer="https://other.example"))]
    assert (
        docs.validate(docs.People, {"people": two}, "p").keyless("ann@example.org", "https://other.example").id == "bob"
    )


def test_issuer_and_identity_cannot_be_shifted_into_each_other():
    people = docs.validate(docs.People, {"people": [holder("ann", keyless("b#c", "https://a"))]}, "p")
    assert people.keyless("b#c", "https://a").id == "ann"
    assert people.keyless("c", "https://a#b") is None


@pytest.mark.parametrize(
    "fields",
    [
        {"identity": ""},
        {"identity": "ann @example.org"},
        {"identity": "ann@example.org\n"},
        {"identity": "a" * 1025},
        {"issuer": "accounts.example.org"},
        {"issuer": "https://"},
        {"issuer": "https://accounts.example.org#x"},
        {"issuer": "https://accounts.example.org?x=1"},
        {"issuer": "https://me@accounts.example.org"},
        {"issuer": "https://accounts.example.org "},
        {"issuer": "https://accounts.example.org\n"},
        {"issuer": "javascript://accounts.example.org"},
        {"issuer": f"https://{'a' * 1024}"},
    ],
)
def test_a_keyless_identity_that_could_be_read_in_two_ways_is_refused(fields):
    refused(people=[holder("ann", keyless(**fields))])


SUBKEY = (14, bytes([4, 0, 0, 0, 0, 22, 9]) + bytes.fromhex("2b06010401da470f01") + bytes([1, 7, 0x40]) + b"x" * 32)
OF_CI = "https://github.com/acme/registry/.github/workflows/train.yml@refs/heads/main"


def gpg(secret, *parts):
    """An OpenPGP key of its own primary key and these packets."""
    primary = (6, SUBKEY[1].replace(b"x" * 32, secret * 32))
    data = b"".join(bytes([0xC0 | tag, len(body)]) + body for tag, body in (primary, *parts))
    return {"type": "gpg", "fingerprint": primary_fingerprint(data), "key": base64.b64encode(data).decode()}


def workflow(**fields):
    issuer = "https://accounts.example.org"
    return {"identity": OF_CI, "issuer": issuer, "repository_id": "1", "owner_id": "2", "ref": "r", **fields}


def test_one_subkey_has_one_owner_whatever_key_it_stands_under():
    (_, part) = docs.GpgKey.model_validate(gpg(b"a", SUBKEY)).parts
    for other in (gpg(b"b", SUBKEY), gpg(b"x")):
        assert refused(people=[holder("ann", gpg(b"a", SUBKEY)), holder("bob", other)]) == f"key {part} is listed twice"
    apart = {"people": [holder("ann", gpg(b"a", SUBKEY)), holder("bob", gpg(b"b"))]}
    assert docs.validate(docs.People, apart, "p").actor(gpg(b"a")["fingerprint"]).id == "ann"


def test_one_identity_is_not_a_persons_and_a_workflows():
    ann, ci = holder("ann", keyless(OF_CI)), {"id": "ci", "workflows": [workflow()]}
    text = f"identity sigstore:https://accounts.example.org#{OF_CI} is listed twice"
    assert refused(people=[ann], workloads=[ci]) == text
    assert refused(workloads=[ci, {"id": "cd", "keys": [keyless(OF_CI)]}]) == text
    for good in (
        {"people": [ann], "workloads": [{"id": "ci", "workflows": [workflow(issuer="https://ci.example")]}]},
        {"workloads": [{**ci, "keys": [keyless(OF_CI)]}]},
        {"workloads": [ci, {"id": "cd", "workflows": [workflow(repository_id="3")]}]},
    ):
        docs.validate(docs.People, good, "p")
