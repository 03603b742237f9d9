"""A key that was found in strange hands: what it signed is listed for ever, and is no last known good version."""

import json

import pytest

from gitops_models.cli.run import run
from gitops_models.verification.cache import load_prefix, save_prefix
from gitops_models.verification.fold import fold
from gitops_models.verification.suspicion import touches
from tests.support.keys import ed25519_key
from tests.support.stories import last, people_without, stage_file

PEOPLE = "policies/people.yaml"
LIVE = "models/fraud/stages/production.yaml"


def declare(story, name, since, **changes):
    """Declare the key of ``name`` compromised since a commit, as the owner with a raio; returns the step."""
    entry = {"fingerprint": ed25519_key(name).fingerprint, "since": since}
    document = people_without(**changes).decode() + f"compromised: [{json.dumps(entry)}]\n"
    change = story.draft("-", {PEOPLE: document.encode()}, by="owner", event="policy")
    story.approve(change, "raio")
    return story.merge(change, by="owner")


def found(story):
    return touches(story.store, story.history())


def step_of(story, version, stage=None):
    """The step that registered a version, or promoted it into a stage."""
    events = [(step.oid, event) for step in story.history().steps for event in step.events]
    for oid, event in events:
        wanted = getattr(event, "to_version", None) if stage else getattr(event, "version", None)
        if wanted == version and getattr(event, "stage", None) == stage:
            return oid
    raise LookupError(version)


def test_every_change_that_the_key_signed_or_approved_after_the_commit_is_listed(live):
    since = step_of(live, "1.0.0", "production")
    declare(live, "engineer", since)
    listed = found(live)
    after = [step for step in live.history().steps if step.index > 3]
    assert [touch.step for touch in listed] == [step.oid for step in after[:-1]]
    assert {touch.fingerprint for touch in listed} == {ed25519_key("engineer").fingerprint}
    assert listed[0].how == ("signed",)
    assert listed[1].how == ("signed", "accepted")
    assert listed[0].versions == (("fraud", "1.1.0"),)


def test_an_approver_is_listed_with_what_was_approved(live):
    declare(live, "lead", live.pin)
    assert {touch.how for touch in found(live)} == {("approved",)}
    assert [touch.versions for touch in found(live)[:2]] == [(("fraud", "1.0.0"),)] * 2


@pytest.mark.lookalike("a key that did nothing since it was lost")
def test_nothing_is_listed_of_a_key_that_did_nothing_since(live):
    since = live.tip
    declare(live, "engineer", since)
    assert (found(live), live.history().state.suspect) == ((), frozenset())


def test_a_commit_that_is_nowhere_bounds_nothing(live):
    declare(live, "lead", "a" * 40)
    assert len(found(live)) == 7


def test_a_commit_beside_the_line_bounds_what_lies_in_its_past(live):
    merge = live.store.commit(step_of(live, "1.1.0", "production"))
    declare(live, "engineer", merge.parents[1])
    steps = [step.oid for step in live.history().steps]
    assert [touch.step for touch in found(live)] == steps[steps.index(merge.oid) : -1]


@pytest.mark.attack("a thief's version as the last known good one", "ignored", by="thief")
def test_a_suspect_version_is_never_the_last_known_good_one(live):
    before = live.rollback("fraud", stage="production")
    assert before.version == "1.1.0"
    declare(live, "engineer", step_of(live, "1.0.0", "production"))
    assert live.history().state.suspect == {("fraud", "1.1.0"), ("fraud", "1.2.0")}
    after = live.rollback("fraud", stage="production", reason="worse again")
    assert after.version == "1.0.0"
    live.merge(after, by="operator")
    assert live.live_version("fraud", "production") == "1.0.0"


def test_a_rollback_to_a_version_does_not_make_it_suspect(live):
    since = live.tip
    live.merge(live.rollback("fraud", stage="production"), by="operator")
    declare(live, "operator", since)
    assert [touch.versions for touch in found(live)] == [()]
    assert live.history().state.suspect == frozenset()


def test_a_step_that_was_denied_is_listed_and_makes_nothing_suspect(live):
    since = live.tip
    thief = live.commit({LIVE: None}, by="engineer", land=True)
    live.commit({LIVE: live.history().state.snapshot.entry(LIVE)}, by="engineer2", land=True)
    declare(live, "engineer", since)
    (touch,) = found(live)
    assert (touch.step, touch.status, live.history().state.suspect) == (thief, "pending", frozenset())


def test_what_nobody_signed_is_nobodys(live):
    since = live.tip
    live.commit({LIVE: None}, by="engineer", signer="unsigned", land=True)
    live.commit({LIVE: live.history().state.snapshot.entry(LIVE)}, by="engineer2", land=True)
    declare(live, "engineer", since)
    assert found(live) == ()


def test_a_fold_that_goes_on_from_a_kept_prefix_finds_the_same(live, tmp_path):
    save_prefix(tmp_path / "prefix", live.history())
    known = load_prefix(tmp_path / "prefix", live.store, live.pin)
    declare(live, "engineer", live.pin)
    more = fold(live.store, pin=live.pin, tip=live.tip, ledger=live.ledger, known=known, now=None)
    assert more.state.suspect == live.history().state.suspect != frozenset()
    save_prefix(tmp_path / "prefix", more)
    assert load_prefix(tmp_path / "prefix", live.store, live.pin).state.suspect == more.state.suspect


def test_a_key_that_is_cleared_again_leaves_nothing_suspect(live):
    declare(live, "lead", live.pin)
    change = live.draft("-", {PEOPLE: people_without()}, by="owner", event="policy")
    live.approve(change, "raio")
    live.merge(change, by="owner")
    assert (found(live), live.history().state.suspect) == ((), frozenset())


@pytest.mark.attack("a step signed with a key that is declared compromised", "GM-P801", by="thief")
def test_what_the_key_signs_afterwards_is_refused(live):
    declare(live, "engineer", live.tip)
    live.commit(stage_file(live, "1.1.0"), by="engineer", land=True)
    assert "GM-P801" in last(live).verdict.codes
    assert live.live_version("fraud", "production") == "1.2.0"


# What an auditor is shown


def shown(live, capsys, *words):
    capsys.readouterr()
    status = run(["-C", str(live.path), *words, "verify"])
    return status, capsys.readouterr().out


def test_gm_verify_lists_what_the_key_touched_and_stays_good(live, capsys):
    declare(live, "engineer", step_of(live, "1.1.0", "production"))
    status, out = shown(live, capsys, "--json")
    answer = json.loads(out)
    assert (status, answer["faults"]) == (0, [])
    assert {one["code"] for one in answer["compromised"]} == {"GM-T618"}
    first = answer["compromised"][0]
    assert (first["key"], first["how"], first["versions"]) == (
        ed25519_key("engineer").fingerprint,
        ["signed"],
        ["fraud@1.2.0"],
    )
    # Tags that the key made stand where history says: they are told of, and hold.
    assert {one["code"] for one in answer["notices"]} == {"GM-T624"}
    assert "GM-T618: " in shown(live, capsys)[1]


def test_gm_verify_says_so_where_since_bounds_nothing(live, capsys):
    declare(live, "owner", "a" * 40)
    status, out = shown(live, capsys, "--json")
    assert (status, [one["code"] for one in json.loads(out)["notices"]]) == (0, ["GM-T617"])
