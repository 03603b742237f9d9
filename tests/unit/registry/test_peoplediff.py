"""What a change of the people file means, in words."""

from gitops_models.registry import peopleedit as edit
from gitops_models.registry.documents import People, Person, RoleGrant, Workload, parse_document, render
from gitops_models.registry.documents.keys import GpgKey, SigstoreKey, SshKey
from gitops_models.registry.documents.people import ForgeKey
from gitops_models.registry.documents.workflows import Workflow
from gitops_models.registry.peoplediff import difference, one_line, whole
from gitops_models.registry.peopleedit import Parts
from tests.support.documents import ssh_key

SINCE = "1" * 40
ANN = {"id": "ann", "emails": ["ann@example.org"], "keys": [{"type": "ssh", "key": ssh_key(1)}], "roles": ["raio"]}
PEOPLE = People.model_validate(
    {"people": [ANN], "workloads": [{"id": "ci", "may": ["promoted"]}], "forges": [{"id": "hub"}]}
)


def key(seed, **fields):
    return SshKey(type="ssh", key=ssh_key(seed), **fields)


def test_a_file_that_was_only_written_anew_differs_in_nothing():
    again = parse_document(render(PEOPLE), "policies/people.yaml", "People")
    found = difference(PEOPLE, again)
    assert not found
    assert whole(found) == ()


def test_somebody_new_is_shown_with_everything_they_get():
    scoped = RoleGrant(role="lead", models=("fraud*", "card"))
    mail = SigstoreKey(type="sigstore", identity="eve@example.org", issuer="https://accounts.example.org")
    parts = Parts(
        emails=("eve@example.org",),
        roles=("raio", scoped),
        keys=(key(2, namespaces=("git",)), mail),
        logins=(edit.parse_login("github:eve:7"),),
        until="2027-06-30",
        affiliation="guest",
    )
    found = difference(PEOPLE, edit.add(PEOPLE, "eve", parts))
    assert whole(found) == (
        "eve (new person)",
        "  + until 2027-06-30",
        "  + affiliation guest",
        "  + role lead for fraud*, card",
        "  + role raio",
        "  + key sigstore eve@example.org by https://accounts.example.org",
        f"  + key ssh-ed25519 {key(2).fingerprint} for git only",
        "  + e-mail eve@example.org",
        "  + login github:eve:7",
        "lead: eve (fraud*, card) (was nobody)",
        "raio: ann, eve (was ann)",
    )
    assert one_line(found).startswith("add + until 2027-06-30, + affiliation guest, + role lead for fraud*, card, ")
    assert len(one_line(found)) <= 160


def test_a_suspension_takes_the_roles_with_it():
    still = edit.suspend(PEOPLE, "ann", suspended=True)
    assert whole(difference(PEOPLE, still)) == ("ann (person)", "  + suspended yes", "raio: nobody (was ann)")
    assert whole(difference(still, PEOPLE)) == ("ann (person)", "  - suspended yes", "raio: ann (was nobody)")
    assert one_line(difference(PEOPLE, still)) == "+ suspended yes"


def test_values_that_change_are_shown_with_what_they_were():
    once = edit.train(PEOPLE, "ann", "rollback", "2026-03-01")
    again = edit.train(once, "ann", "rollback", "2026-05-01")
    assert whole(difference(once, again)) == ("ann (person)", "  ~ training rollback 2026-05-01, was 2026-03-01")


def test_a_rotation_shows_both_keys_and_since_when_the_old_one_is_in_strange_hands():
    found = difference(PEOPLE, edit.rotate(PEOPLE, "ann", key(1).fingerprint, key(2), since=SINCE))
    assert whole(found) == (
        "ann (person)",
        f"  - key ssh-ed25519 {key(1).fingerprint}",
        f"  + key ssh-ed25519 {key(2).fingerprint}",
        f"+ compromised key {key(1).fingerprint} since {SINCE}",
    )


def test_a_key_that_is_only_declared_compromised_is_a_difference():
    found = difference(PEOPLE, edit.declare_compromised(PEOPLE, "SHA256:12345678", SINCE))
    assert found
    assert one_line(found) == f"+ compromised key SHA256:12345678 since {SINCE}"


def test_the_workflows_of_a_workload_are_shown():
    workflow = Workflow(
        identity="https://f/w.yml@main", issuer="https://i", repository_id="1", owner_id="2", ref="main"
    )
    trainer = Workload(id="ci", may=("promoted",), workflows=(workflow,))
    after = PEOPLE.model_copy(update={"workloads": (trainer,)})
    shown = "https://f/w.yml@main by https://i, repository 1 of owner 2, at main on push, runner github-hosted"
    assert whole(difference(PEOPLE, after)) == ("ci (workload)", f"  + workflow {shown}")
    other = trainer.model_copy(update={"workflows": (workflow.model_copy(update={"runner": None}),)})
    assert len(difference(after, PEOPLE.model_copy(update={"workloads": (other,)})).members[0].lines) == 2


def test_a_gpg_key_that_changes_under_its_fingerprint_is_shown():
    def of(data):
        key = GpgKey.model_construct(type="gpg", fingerprint="A" * 40, key=data, namespaces=None)
        return PEOPLE.model_copy(update={"people": (PEOPLE.people[0].model_copy(update={"keys": (key,)}),)})

    (one,) = difference(of("old"), of("new")).members
    assert [line.partition(" (")[0] for line in one.lines] == [f"- key gpg {'A' * 40}", f"+ key gpg {'A' * 40}"]


def test_no_field_of_anybody_can_change_unseen():
    shown = {"id", "affiliation", "emails", "keys", "roles", "logins", "training", "until", "suspended"}
    assert set(Person.model_fields) == shown
    assert set(Workload.model_fields) == {"id", "emails", "keys", "workflows", "may"}
    assert set(ForgeKey.model_fields) == {"id", "emails", "keys"}
    assert set(People.model_fields) == {"api_version", "kind", "people", "workloads", "forges", "compromised"}
    fields = {"identity", "issuer", "repository_id", "owner_id", "ref", "trigger", "runner"}
    assert set(Workflow.model_fields) == fields


def test_what_a_workload_may_do_is_shown():
    found = difference(PEOPLE, edit.add(PEOPLE, "ci", Parts(may=("evidence-added",))))
    assert whole(found) == ("ci (workload)", "  + may evidence-added")


def test_several_members_are_each_named_in_the_title():
    gone = edit.remove(edit.remove(PEOPLE, "ci"), "ann")
    assert one_line(difference(PEOPLE, gone)) == "ann remove; ci remove"
    assert whole(difference(PEOPLE, edit.remove(PEOPLE, "hub"))) == ("hub (forge removed)",)


def test_a_person_who_becomes_a_workload_is_said_to():
    other = People.model_validate({"workloads": [{"id": "ann", "emails": ["ann@example.org"], "may": ["promoted"]}]})
    lines = whole(difference(PEOPLE, other))
    assert lines[:2] == ("ann (workload)", "  ~ a workload, was a person")
