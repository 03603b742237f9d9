"""Edits of the people file, from document to document."""

import pytest

from gitops_models.registry import peopleedit as edit
from gitops_models.registry.documents import People, RoleGrant, parse_document, render
from gitops_models.registry.documents.keys import SigstoreKey, SshKey
from gitops_models.registry.peopleedit import Parts
from tests.support.documents import ssh_key
from tests.support.refusals import refused

SINCE = "1" * 40


def key(seed, **fields):
    return SshKey(type="ssh", key=ssh_key(seed), **fields)


def person(name, seed, **fields):
    return {"id": name, "emails": [f"{name}@example.org"], "keys": [{"type": "ssh", "key": ssh_key(seed)}], **fields}


@pytest.fixture
def people():
    return People.model_validate(
        {
            "people": [
                person("ann", 1, roles=["raio"], logins=[{"forge": "github", "login": "Ann", "id": 1}]),
                person("bob", 2, roles=[{"role": "lead", "models": ["fraud*"]}, "lead"]),
            ],
            "workloads": [{"id": "ci", "keys": [{"type": "ssh", "key": ssh_key(3)}], "may": ["evidence-added"]}],
            "forges": [{"id": "github", "keys": [{"type": "ssh", "key": ssh_key(4)}]}],
        }
    )


def test_what_is_written_reads_as_what_was_meant_and_writing_it_again_changes_no_byte(people):
    parts = Parts(emails=("eve@example.org",), roles=("raio",), keys=(key(5),), until="2027-06-30", affiliation="guest")
    data = render(edit.add(people, "eve", parts))
    again = parse_document(data, "policies/people.yaml", "People")
    eve = again.person("eve")
    assert (eve.roles, eve.until, eve.affiliation) == (("raio",), "2027-06-30", "guest")
    assert again.actor(key(5).fingerprint).id == "eve"
    assert render(again) == data


def test_what_is_there_is_left_so_the_same_edit_twice_changes_nothing(people):
    parts = Parts(
        emails=("ann@example.org", "a@example.org"),
        roles=("raio", "lead"),
        keys=(key(1, namespaces=("git",)), key(5)),
        logins=(edit.parse_login("forgejo:ann:7"),),
        until="2027-06-30",
    )
    once = edit.add(people, "ann", parts)
    assert once.person("ann").keys == (key(1), key(5))
    assert once.person("ann").emails == ("ann@example.org", "a@example.org")
    assert edit.add(once, "ann", parts) == once
    gone = edit.take(once, "ann", Parts(roles=("lead",)), [key(5).fingerprint])
    assert gone.person("ann").roles == ("raio",)
    turned = edit.rotate(gone, "ann", key(1).fingerprint, key(6), since=SINCE)
    assert edit.rotate(turned, "ann", key(1).fingerprint, key(6), since=SINCE) == turned
    still = edit.suspend(turned, "ann", suspended=True)
    assert edit.suspend(still, "ann", suspended=True) == still
    trained = edit.train(still, "ann", "rollback", "2026-03-01")
    assert edit.train(trained, "ann", "rollback", "2026-03-01") == trained


def test_a_workload_is_what_may_do_something(people):
    grown = edit.add(people, "bot", Parts(may=("promoted",), keys=(key(5),), emails=("bot@example.org",)))
    assert grown.actor(key(5).fingerprint).may == frozenset({"promoted"})
    more = edit.add(grown, "ci", Parts(may=("promoted",), keys=(key(6),)))
    assert more.actor(key(6).fingerprint).may == frozenset({"evidence-added", "promoted"})


def test_an_id_that_is_something_else_is_refused(people):
    refused("GM-D111", edit.add, people, "ann", Parts(may=("promoted",)))
    refused("GM-D111", edit.add, people, "ci", Parts(roles=("raio",)))
    refused("GM-D111", edit.add, people, "new", Parts(may=("promoted",), until="2027-06-30"))
    refused("GM-D111", edit.add, people, "github", Parts(keys=(key(5),)))
    refused("GM-D111", edit.suspend, people, "ci", suspended=True)
    refused("GM-D111", edit.train, people, "github", "rollback", "2026-03-01")


def test_a_new_person_needs_an_address_and_a_name(people):
    refused("GM-D112", edit.add, people, "eve", Parts(roles=("raio",)))
    refused("GM-D010", edit.add, people, "Eve", Parts(emails=("eve@example.org",)))
    refused("GM-D021", edit.add, people, "eve", Parts(emails=("no address",)))
    refused("GM-D021", edit.train, people, "ann", "rollback", "2026-02-30")


@pytest.mark.parametrize(
    "parts",
    [
        Parts(keys=(key(1),)),
        Parts(keys=(key(3),)),
        Parts(keys=(key(4),)),
        Parts(emails=("ANN@example.org",)),
        Parts(logins=(edit.parse_login("github:other:1"),)),
        Parts(logins=(edit.parse_login("github:ann:2"),)),
    ],
)
def test_a_key_account_or_address_has_one_owner(people, parts):
    assert "belongs to" in refused("GM-D113", edit.add, people, "bob", parts).message


def test_what_two_already_share_does_not_bar_other_edits():
    shared = ["both@example.org"]
    people = People.model_validate(
        {"people": [person("ann", 1) | {"emails": shared}, person("bob", 2) | {"emails": shared}]}
    )
    assert edit.suspend(people, "bob", suspended=True).person("bob").suspended


def test_a_key_may_move_once_it_is_taken_from_its_owner(people):
    freed = edit.take(people, "ann", Parts(), [key(1).fingerprint])
    assert edit.add(freed, "bob", Parts(keys=(key(1),))).actor(key(1).fingerprint).id == "bob"


def test_a_role_without_models_takes_every_grant_of_it(people):
    assert edit.take(people, "bob", Parts(roles=("lead",))).person("bob").roles == ()
    scoped = RoleGrant(role="lead", models=("fraud*",))
    assert edit.take(people, "bob", Parts(roles=(scoped,))).person("bob").roles == ("lead",)


def test_keys_logins_and_addresses_can_be_taken(people):
    more = edit.add(people, "ann", Parts(emails=("a@example.org",)))
    parts = Parts(logins=(edit.parse_login("github:Ann:1"),), emails=("A@example.org",))
    ann = edit.take(more, "ann", parts, [key(1).fingerprint]).person("ann")
    assert (ann.logins, ann.keys, ann.emails) == ((), (), ("ann@example.org",))
    assert edit.take(people, "ci", Parts(), [key(3).fingerprint]).actor(key(3).fingerprint) is None
    refused("GM-D021", edit.take, people, "ann", Parts(emails=("ann@example.org",)))


@pytest.mark.parametrize(
    ("name", "parts", "keys"),
    [
        ("ann", Parts(roles=("lead",)), ()),
        ("ann", Parts(roles=(RoleGrant(role="raio", models=("x",)),)), ()),
        ("ann", Parts(logins=(edit.parse_login("github:Ann:2"),)), ()),
        ("ann", Parts(emails=("other@example.org",)), ()),
        ("ann", Parts(), (key(2).fingerprint,)),
        ("ci", Parts(roles=("raio",)), ()),
    ],
)
def test_what_somebody_does_not_have_cannot_be_taken(people, name, parts, keys):
    refused("GM-D114", edit.take, people, name, parts, keys)


@pytest.mark.parametrize("name", ["ann", "ci", "github"])
def test_a_whole_member_can_be_removed(people, name):
    assert name not in {one.id for one in edit.members(edit.remove(people, name))}


def test_somebody_who_is_not_there_is_named_with_who_is(people):
    assert refused("GM-D110", edit.remove, people, "eve").details == ("there: ann, bob, ci, github",)
    refused("GM-D110", edit.rotate, people, "eve", key(1).fingerprint, key(5))
    assert refused("GM-D110", edit.person, People(), "eve").details == ("there: nobody",)


def test_a_rotated_key_keeps_place_and_limits_and_the_old_one_may_be_declared_compromised(people):
    limited = edit.add(people, "ann", Parts(keys=(key(5, namespaces=("git",)), key(6))))
    turned = edit.rotate(limited, "ann", key(5).fingerprint, key(7), since=SINCE)
    assert turned.person("ann").keys == (key(1), key(7, namespaces=("git",)), key(6))
    assert [(entry.fingerprint, entry.since) for entry in turned.compromised] == [(key(5).fingerprint, SINCE)]
    own = edit.rotate(limited, "ann", key(5).fingerprint, key(8, namespaces=("gm-approval@v1",)))
    assert own.person("ann").keys[1].namespaces == ("gm-approval@v1",)
    assert own.compromised == ()


def test_a_rotation_to_a_key_that_is_there_drops_the_old_one(people):
    both = edit.add(people, "ann", Parts(keys=(key(5, namespaces=("git",)),)))
    assert edit.rotate(both, "ann", key(1).fingerprint, key(5)).person("ann").keys == (key(5, namespaces=("git",)),)


def test_only_a_key_of_that_member_is_rotated(people):
    refused("GM-D114", edit.rotate, people, "ann", key(1).fingerprint, key(1))
    refused("GM-D114", edit.rotate, people, "ann", key(8).fingerprint, key(9))
    refused("GM-D114", edit.rotate, people, "ann", key(2).fingerprint, key(1), since=SINCE)
    refused("GM-D113", edit.rotate, people, "ann", key(1).fingerprint, key(2))


def test_a_compromised_key_comes_back_to_nobody_and_keeps_its_commit(people):
    turned = edit.rotate(people, "ann", key(1).fingerprint, key(5), since=SINCE)
    refused("GM-D117", edit.add, turned, "bob", Parts(keys=(key(1),)))
    refused("GM-D117", edit.rotate, turned, "ann", key(5).fingerprint, key(1))
    refused("GM-D116", edit.rotate, turned, "ann", key(1).fingerprint, key(5), since="2" * 40)


def test_roles_are_read_with_the_models_they_are_for():
    assert edit.parse_grant("raio") == "raio"
    assert edit.parse_grant("lead=fraud*,card") == RoleGrant(role="lead", models=("fraud*", "card"))
    refused("GM-D010", edit.parse_grant, "Raio")
    for text in ("lead=", "=fraud", "Lead=fraud*", "lead=../x"):
        refused("GM-D115", edit.parse_grant, text)


def test_logins_are_read_with_their_number():
    login = edit.parse_login("github:octo:cat:583231")
    assert (login.forge, login.login, login.id) == ("github", "octo:cat", 583231)
    for text in (
        "github",
        "github:octocat",
        "github:octocat:x",
        "github:octocat:²",
        ":x:1",
        "github::1",
        "f:x:" + "9" * 20,
    ):
        refused("GM-D115", edit.parse_login, text)


def test_a_keyless_identity_is_a_key_like_others(people):
    mail = SigstoreKey(type="sigstore", identity="ann@example.org", issuer="https://accounts.example.org")
    grown = edit.add(people, "ann", Parts(keys=(mail,)))
    refused("GM-D113", edit.add, grown, "bob", Parts(keys=(mail,)))
