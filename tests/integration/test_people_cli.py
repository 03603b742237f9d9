"""`gm trust people` on the command line: what is shown, what it exits with, what comes next."""

import json
from contextlib import contextmanager

import pytest

from gitops_models.cli.run import run
from gitops_models.registry.documents import parse_document, render
from tests.support.git import run_git
from tests.support.keys import ed25519_key
from tests.support.registry import Registry


class Desk:
    """A registry and the one who sits before it."""

    def __init__(self, registry, folder):
        self.registry, self.folder = registry, folder
        self.sit("owner")

    def sit(self, person):
        key = self.folder / "keys" / person
        ed25519_key(person).write(key)
        settings = {"user.name": person, "user.email": f"{person}@example.org", "user.signingkey": str(key)}
        for name, value in {**settings, "gpg.format": "ssh"}.items():
            run_git(self.registry.path, "config", name, value, home=self.folder)

    def gm(self, *words):
        return run(["-C", str(self.registry.path), "--no-input", *words])

    def people(self, *words, reason="because"):
        return self.gm("trust", "people", *words, "-m", reason)

    @property
    def accepted(self):
        return self.registry.history().people

    @contextmanager
    def untouched(self):
        with self.registry.untouched():
            yield


@pytest.fixture(scope="module")
def founded(_isolated_session, tmp_path_factory):
    return Registry(tmp_path_factory.mktemp("desk") / "registry")


@pytest.fixture
def desk(founded, tmp_path):
    return Desk(founded.copy(tmp_path / "registry"), tmp_path)


def error_of(capsys):
    return json.loads(capsys.readouterr().err.splitlines()[-1])["error"]


@pytest.mark.parametrize("words", [(), ("list",)])
def test_who_holds_what_is_shown(desk, capsys, words):
    assert desk.gm("trust", "people", *words) == 0
    shown = capsys.readouterr()
    assert "both       raio, domain-lead    -\n" in shown.out
    assert "workload ci: may evidence-added, version-registered, promoted\n" in shown.out
    assert f"  raio  ssh-ed25519 {ed25519_key('raio').fingerprint}\n" in shown.out
    assert shown.err.splitlines()[-1].startswith("next: gm -C ")
    assert desk.gm("trust", "people", *words, "--json") == 0
    body = json.loads(capsys.readouterr().out)
    assert body["kind"] == "PeopleView"
    assert body["people"][0]["keys"] == [{"type": "ssh", "fingerprint": ed25519_key("engineer").fingerprint}]


def test_a_person_is_added_reviewed_and_landed(desk, capsys):
    words = ("add", "new", "--email", "new@example.org", "--role", "raio", "--key", ed25519_key("new").public_key)
    assert desk.people(*words) == 0
    shown = capsys.readouterr()
    assert "  new (new person)\n    + role raio\n" in shown.out
    assert "  raio: both, new, raio, raio2 (was both, raio, raio2)\n" in shown.out
    identity = next(line.split()[1] for line in shown.out.splitlines() if line.startswith("proposal "))
    assert shown.err.splitlines()[-1].endswith(f"approve {identity}")
    desk.sit("raio")
    assert desk.gm("show", identity) == 0
    screen = capsys.readouterr().out
    assert "changes:\n  change of the people\npeople:\n  new (new person)\n    + role raio\n" in screen
    assert len(screen.splitlines()) < 24
    assert desk.gm("show", identity, "--json") == 0
    assert json.loads(capsys.readouterr().out)["people"]["members"][0]["id"] == "new"
    assert desk.gm("approve", identity) == 0
    desk.sit("owner")
    assert desk.gm("merge", identity) == 0
    assert desk.accepted.person("new").roles == ("raio",)
    capsys.readouterr()
    with desk.untouched():
        assert desk.people(*words, "--json") == 0
    assert json.loads(capsys.readouterr().out)["changed"] is False
    with desk.untouched():
        assert desk.people(*words) == 0
    assert capsys.readouterr().out == "nothing to do: it is like that already\n"


def test_a_dry_run_prints_the_plan_and_a_refusal_changes_nothing(desk, capsys):
    with desk.untouched():
        assert desk.people("rotate", "lead", ed25519_key("lead").fingerprint, "--key", "nowhere.pub", "--json") == 2
        assert error_of(capsys)["code"] == "GM-T303"
        assert desk.people("remove", "lead", "--role", "raio", "--json") == 6
        assert error_of(capsys)["code"] == "GM-D114"
        assert desk.people("remove", "lead", "--person", "--dry-run") == 0
    assert "policies/people.yaml" in capsys.readouterr().out


def test_merging_at_once_needs_the_quorum_like_any_other_change(desk, capsys):
    assert desk.people("train", "lead", "rollback", "2026-11-20", "--merge") == 3
    shown = capsys.readouterr().err
    assert "GM-P401" in shown
    assert "is open and waits: people(lead): + training rollback 2026-11-20" in shown
    assert desk.accepted.person("lead").training == {}


def test_a_proposal_may_stay_on_a_local_branch(desk, capsys):
    assert desk.people("suspend", "raio2", "--no-push") == 0
    assert desk.people("unsuspend", "raio2") == 0
    assert desk.people("suspend", "raio2", "--no-push", "--merge") == 2
    assert "nothing to do" in capsys.readouterr().out


def test_a_change_needs_a_reason(desk, capsys):
    with desk.untouched():
        assert desk.gm("trust", "people", "suspend", "raio2", "--json") == 2
    assert error_of(capsys)["code"] == "GM-C130"


def test_every_state_of_a_person_is_shown(desk, capsys):
    registry = desk.registry
    people = registry.history().state.snapshot.data("policies/people.yaml")
    document = parse_document(people, "policies/people.yaml", "People")
    fields = {"suspended": True, "until": "2027-06-30", "keys": (), "training": {"rollback": "2026-03-01"}}
    first = document.people[0].model_copy(update=fields)
    compromised = [{"fingerprint": "SHA256:12345678", "since": registry.pin}]
    changed = document.model_copy(update={"people": (first, *document.people[1:-1])})
    text = (
        render(changed).decode()
        + f"compromised:\n  - fingerprint: SHA256:12345678\n    since: {compromised[0]['since']}\n"
    )
    proposal = registry.draft("policy", {"policies/people.yaml": text.encode()}, event="people", by="owner")
    assert desk.gm("show", proposal.id) == 0
    assert "owner (person removed)" in capsys.readouterr().out
    registry.approve(proposal, "raio")
    registry.merge(proposal, by="owner")
    desk.sit("raio")
    assert desk.gm("trust", "people") == 0
    shown = capsys.readouterr().out
    assert "engineer   ml-engineer          suspended, until 2027-06-30, no key, rollback 2026-03-01\n" in shown
    assert f"compromised: SHA256:12345678 since {registry.pin[:12]}\n" in shown
    assert "nobody is policy-owner\n" in shown


def test_a_file_that_was_only_written_anew_is_shown_as_that(desk, capsys):
    data = desk.registry.history().state.snapshot.data("policies/people.yaml")
    proposal = desk.registry.draft("policy", {"policies/people.yaml": data + b"# a word\n"}, event="people", by="owner")
    assert desk.gm("show", proposal.id) == 0
    assert "people: the same, written in another way\n" in capsys.readouterr().out


def test_a_keyless_identity_without_a_pinned_root_counts_for_nothing_and_that_is_said(desk, capsys):
    who = ["--sigstore", "ada@example.org", "--issuer", "https://accounts.google.com"]
    words = ["add", "ada", "--role", "raio", "--email", "ada@example.org", *who, "--dry-run"]
    assert desk.people(*words) == 0
    assert "until policies/sigstore-trusted-root.json is pinned (GM-T708)" in capsys.readouterr().err
    root = {"policies/sigstore-trusted-root.json": json.dumps({"pinned": "by hand"}).encode()}
    pinning = desk.registry.draft("-", root, by="owner", event="policy")
    desk.registry.approve(pinning, "raio")
    desk.registry.merge(pinning, by="owner")
    assert desk.people(*words) == 0
    assert "GM-T708" not in capsys.readouterr().err
