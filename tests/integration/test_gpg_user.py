"""Somebody who signs with GPG, as git is set to by default: proposals, landings and tags with the real gpg and git."""

import json
import os
import subprocess

import pytest

from tests.support.git import init_repository
from tests.support.gpg import gpg_home, listed
from tests.support.registry import PEOPLE, people_document
from tests.support.signed import key_entry
from tests.support.team import Team, gm


@pytest.fixture
def keys(tmp_path):
    home = gpg_home(tmp_path / "gpg")
    yield home
    home.stop()


@pytest.fixture
def fingerprint(keys):
    return keys.make("engineer")


@pytest.fixture
def team(tmp_path, home, keys, fingerprint):
    """The engineer's GPG key stands in the people file beside the SSH key."""
    made = Team(tmp_path, home, PEOPLE, policy="minimal", stages=["staging", "production"])
    story = made.registry
    entries = [key_entry("engineer"), listed(keys, fingerprint)]
    document = people_document(PEOPLE, engineer={"keys": entries})
    proposal = story.draft("-", {"policies/people.yaml": document}, by="owner", event="policy")
    story.approve(proposal, "raio")
    story.merge(proposal, by="owner")
    story.version("fraud", "1.0.0")
    made.install_door()
    return made


@pytest.fixture
def clone(team, keys, fingerprint, monkeypatch):
    monkeypatch.setenv("GNUPGHOME", str(keys.path))
    path = team.clone("engineer")
    team.git("config", "gpg.format", "openpgp", path=path)
    team.git("config", "user.signingkey", fingerprint, path=path)
    return path


def git_says(clone, *words):
    """How plain git ends with the user's own gpg, and the status lines of gpg."""
    done = subprocess.run(
        ["git", "-C", str(clone), *words, "--raw"], capture_output=True, text=True, env=os.environ, check=False
    )
    return done.returncode, done.stderr


def proposed(clone):
    ran = gm(clone, "promote", "fraud@1.0.0", "--to", "staging", "-m", "it is better", "--json")
    assert ran.status == 0, ran.err
    return ran.json


def test_what_a_gpg_user_proposes_lands_and_verifies_with_plain_git(team, clone, fingerprint):
    proposal = proposed(clone)
    status, said = git_says(clone, "verify-commit", proposal["head"])
    assert (status, fingerprint in said) == (0, True)
    before = team.git("for-each-ref")
    approve = gm(clone, "approve", proposal["proposal"], "--json")
    merge = gm(clone, "merge", proposal["proposal"], "--json")
    assert (approve.status, approve.error["code"]) == (4, "GM-T207")
    assert "gm.signingkey" in approve.error["hint"]
    assert merge.status != 0
    assert team.git("for-each-ref") == before
    assert gm(team.clone("lead"), "approve", proposal["proposal"]).status == 0
    before = team.git("for-each-ref")
    merge = gm(clone, "merge", proposal["proposal"], "--json")
    assert (merge.status, merge.error["code"]) == (4, "GM-T207")
    assert team.git("for-each-ref") == before
    team.git("config", "gm.signingkey", str(team.root / "keys" / "engineer"), path=clone)
    merge = gm(clone, "merge", proposal["proposal"], "--json")
    assert merge.status == 0, merge.err
    assert git_says(clone, "verify-commit", "origin/main")[0] == 0
    verified = gm(team.fresh(), "verify", "--json")
    assert verified.status == 0, verified.err


def test_a_tag_by_a_gpg_user_verifies_with_plain_git(team, clone):
    team.git("update-ref", "-d", "refs/tags/fraud@v1.0.0")
    team.git("update-ref", "-d", "refs/tags/fraud@v1.0.0", path=clone)
    ran = gm(clone, "tag", "--json")
    assert ran.status == 0, ran.err
    assert git_says(clone, "verify-tag", "fraud@v1.0.0")[0] == 0


def test_a_record_key_of_somebody_else_is_refused(team, clone):
    proposal = proposed(clone)
    team.clone("lead")
    team.git("config", "gm.signingkey", str(team.root / "keys" / "lead"), path=clone)
    ran = gm(clone, "approve", proposal["proposal"], "--json")
    assert (ran.status, ran.error["code"]) == (4, "GM-C121")
    team.git("config", "user.signingkey", "0" * 40, path=clone)
    ran = gm(clone, "approve", proposal["proposal"], "--json")
    assert (ran.status, ran.error["code"]) == (4, "GM-T209")


def test_the_door_refuses_a_gpg_key_that_nobody_lists(team, clone, keys):
    team.git("config", "user.signingkey", keys.make("stranger"), path=clone)
    before = team.git("for-each-ref")
    ran = gm(clone, "promote", "fraud@1.0.0", "--to", "staging", "-m", "it is better", "--json")
    assert (ran.status, ran.error["code"]) == (4, "GM-C121")
    (clone / "models/fraud/model.yaml").write_text(
        (clone / "models/fraud/model.yaml").read_text().replace("risk: low", "risk: high")
    )
    committed = subprocess.run(
        ["git", "-C", str(clone), "commit", "-qaS", "-m", "by hand"], capture_output=True, text=True, check=False
    )
    assert committed.returncode == 0, committed.stderr
    pushed = subprocess.run(
        ["git", "-C", str(clone), "push", "origin", "HEAD:main"], capture_output=True, text=True, check=False
    )
    assert pushed.returncode != 0
    assert "GM-P801" in pushed.stderr
    assert team.git("for-each-ref") == before


def test_doctor_names_the_gpg_key(clone, fingerprint):
    found = json.loads(gm(clone, "doctor", "--json").out)
    assert fingerprint in str(found)


def test_a_registry_can_be_founded_by_a_gpg_user_who_is_listed(tmp_path, home, keys, fingerprint, monkeypatch):
    monkeypatch.setenv("GNUPGHOME", str(keys.path))
    work = init_repository(tmp_path / "new", home)
    for name, value in {
        "user.name": "engineer",
        "user.email": "engineer@example.org",
        "user.signingkey": fingerprint,
    }.items():
        work.git("config", name, value)
    people = tmp_path / "people.yaml"
    people.write_bytes(people_document({"engineer": PEOPLE["engineer"]}, engineer={"keys": [key_entry("engineer")]}))
    ran = gm(work.path, "init", "--people", str(people), "--profile", "solo", "--json")
    assert (ran.status, ran.error["code"]) == (4, "GM-C121")
    entries = {"keys": [key_entry("engineer"), listed(keys, fingerprint)]}
    roles = ["ml-engineer", "technical-lead", "raio", "domain-lead", "operator", "policy-owner"]
    people.write_bytes(people_document({"engineer": roles}, engineer=entries))
    ran = gm(work.path, "init", "--people", str(people), "--profile", "solo", "--json")
    assert ran.status == 0, ran.err
    assert work.git("config", "gpg.format") == "openpgp"
    assert git_says(work.path, "verify-commit", "HEAD")[0] == 0
