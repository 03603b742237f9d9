"""A reviewer who may not push signs into a file; anybody carries it into the ledger, because the signature speaks."""

import base64
import json

import pytest

from tests.support.registry import PEOPLE
from tests.support.team import Team, gm


@pytest.fixture
def team(tmp_path, home):
    made = Team(tmp_path, home, PEOPLE, policy="minimal", stages=["staging", "production"])
    for model in ("fraud", "spam"):
        made.registry.version(model, "1.0.0", risk="medium")
    made.proposals = {model: made.registry.promote(model, "1.0.0", "staging") for model in ("fraud", "spam")}
    return made


def write_approval(team, model="fraud", person="raio"):
    """The file that a reviewer writes in a clone whose remote cannot be written to."""
    clone, file = team.clone(person), team.root / f"{model}-approval.json"
    team.git("config", "remote.origin.pushurl", str(team.root / "not-for-you"), path=clone)
    ran = gm(clone, "approve", team.proposals[model].id, "--out", str(file))
    assert ran.status == 0, ran.err
    return file


def carry(team, file):
    return gm(team.clone("engineer"), "trust", "ledger", "add", str(file), "--json")


def merge(team, model="fraud"):
    return gm(team.clone("engineer"), "merge", team.proposals[model].id, "--json")


def refs(team):
    return team.git("for-each-ref")


def test_a_carried_approval_counts_and_the_landing_names_its_signer(team):
    file = write_approval(team)
    before = refs(team)
    assert merge(team).status == 3
    assert refs(team) == before
    carried = carry(team, file)
    assert (carried.status, len(carried.json["added"])) == (0, 1)
    assert merge(team).status == 0
    assert team.git("log", "-1", "--format=%(trailers:key=Approved-by,valueonly)", "main").split() == ["raio"]


def test_an_approval_carried_twice_counts_once(team):
    file = write_approval(team)
    assert carry(team, file).status == 0
    before = refs(team)
    assert carry(team, file).status == 0
    assert refs(team) == before


def test_an_approval_of_another_change_is_added_there_and_counts_for_nothing_here(team):
    carried = carry(team, write_approval(team, "spam"))
    assert carried.status == 0
    denied = merge(team)
    assert denied.status == 3
    assert "GM-P401" in denied.err
    assert merge(team, "spam").status == 0


def tampered(envelope, **changes):
    body = json.loads(base64.b64decode(envelope["payload"]))
    body["predicate"] |= changes
    return {**envelope, "payload": base64.b64encode(canonical(body)).decode()}


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda envelope: tampered(envelope, decision="approve", person="domain"), "GM-T003"),
        (lambda envelope: {**envelope, "signatures": []}, "GM-T103"),
        (lambda _envelope: {"payload": "x"}, "GM-T101"),
    ],
)
def test_a_file_that_was_tampered_with_is_refused_whole(team, spoil, code):
    file = write_approval(team)
    other = write_approval(team, "spam")
    file.write_bytes(canonical(spoil(json.loads(file.read_bytes()))))
    before = refs(team)
    ran = gm(team.clone("engineer"), "trust", "ledger", "add", str(other), str(file), "--json")
    assert (ran.error["code"], ran.status, refs(team)) == (code, 5, before)


def test_an_approval_by_a_key_of_nobody_here_is_refused(team):
    stranger = team.clone("stranger")
    file = team.root / "approval.json"
    ran = gm(stranger, "approve", team.proposals["fraud"].id, "--out", str(file), "--json")
    assert (ran.error["code"], file.exists()) == ("GM-C121", False)
