"""``gm verify --explain``: why a step is or is not accepted, with what counted and with what did not and why."""

import json
from datetime import timedelta
from unittest import mock

import pytest

from gitops_models.audit.explaining import explain
from gitops_models.cli.run import run
from gitops_models.errors import GmError
from gitops_models.workflows.checkpoint import checkpoint
from gitops_models.workflows.late import approve_late
from tests.support import registry as support
from tests.support import stories
from tests.support.keys import ed25519_key
from tests.support.stories import acceptance, append, decision, people_without

NOTARY = {**support.WORKLOADS, "notary": ["checkpoint"]}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """``fraud`` 1.0.0 registered."""
    with mock.patch.object(support, "WORKLOADS", NOTARY):
        story = stories.registry(tmp_path_factory.mktemp("story") / "r")
        story.version("fraud", "1.0.0")
    return story


@pytest.fixture
def story(told, tmp_path):
    return told.copy(tmp_path / "r")


@pytest.fixture
def explained(capsys):
    def ask(story, oid):
        capsys.readouterr()
        assert run(["-C", str(story.path), "--json", "verify", "--explain", oid]) == 0
        answer = json.loads(capsys.readouterr().out)
        assert run(["-C", str(story.path), "verify", "--explain", oid]) == 0
        return answer, capsys.readouterr().out

    return ask


def promoted(story):
    """A promotion that the lead and some who do not count approved; returns the step and its change id."""
    proposal = story.promote("fraud", "1.0.0", "staging")
    story.approve(proposal, "lead", "engineer", "raio")
    change = story.check(proposal).change_id
    like = story.ledger.records(change)[0]
    append(story, change, decision(by="stranger", change_id=change, like=like))
    append(story, change, decision(by="ci", change_id=change, like=like))
    append(story, change, decision(by="lead2", change_id=change, like=like, person="lead"))
    step = story.merge(proposal)
    story.clock.tick()
    append(story, change, decision(by="lead2", change_id=change, like=like))
    return step, change


@pytest.mark.clause("B-7-2")
def test_decisions_are_shown_as_they_counted_or_with_the_reason_why_not(story, explained):
    step, _ = promoted(story)
    answer, text = explained(story, step)
    found = {one["person"]: (one["counted"], one["ignored"]) for one in answer["decisions"] if one["person"]}
    assert found["lead"] == (["technical-lead"], None)
    assert "author" in found["engineer"][1] or "propos" in found["engineer"][1]
    assert found["raio"] == ([], "holds none of the roles that are needed here")
    whys = [one["ignored"] for one in answer["decisions"]]
    assert "it came after the acceptance that decided" in whys
    assert any("belongs to nobody" in (why or "") for why in whys)
    assert any("is a workload and cannot decide" in (why or "") for why in whys)
    assert any("names lead, but lead2 signed it" in (why or "") for why in whys)
    assert "decision: lead (technical-lead then) approve" in text
    assert "counted as technical-lead" in text


@pytest.mark.clause("B-7-2", "B-4.1-8")
def test_the_signers_are_shown_with_the_roles_that_they_held_then(story, explained):
    step, _ = promoted(story)
    change = story.draft("-", {"policies/people.yaml": people_without("engineer")}, by="owner", event="policy")
    story.approve(change, "raio")
    story.merge(change, by="owner")
    answer, _ = explained(story, step)
    assert [(one["actor"], one["signature"], one["roles"]) for one in answer["signers"]] == [
        ("engineer", "good", ["ml-engineer"]),
        ("engineer", "good", ["ml-engineer"]),
    ]


def test_the_policy_and_every_rule_are_named(story, explained):
    step, _ = promoted(story)
    answer, text = explained(story, step)
    judged = answer["judgedBy"]
    assert (judged["version"], judged["at"]) == (1, story.store.commit(step).parents[0])
    assert judged["sha256"] == story.history().state.snapshot.sha256(stories.POLICY)
    outcomes = {one["code"]: one["outcome"] for one in judged["rules"]}
    assert outcomes["GM-P401"] == "passed"
    assert len(outcomes) > 40
    assert "found nothing, by policy" in text


def test_a_step_that_was_denied_names_the_rules_that_denied_it(story, explained):
    bad = story.commit(stories.stage_file(story, "1.0.0", "production"), land=True)
    answer, text = explained(story, bad)
    outcomes = {one["code"]: one["outcome"] for one in answer["judgedBy"]["rules"]}
    assert (answer["status"], outcomes["GM-P401"]) == ("denied", "deny")
    assert "GM-P401" in text
    assert (answer["acceptances"], answer["acceptedByMerge"]) == ([], False)


def test_a_step_that_touches_nothing_was_judged_by_no_rule(story, explained):
    plain = story.commit({"README.md": b"x\n"}, land=True)
    answer, text = explained(story, plain)
    assert (answer["status"], answer["judgedBy"]["rules"], answer["notRecords"]) == ("untouched", [], [])
    assert "rules:" not in text


def test_acceptances_that_did_not_count_say_why(story, explained):
    proposal = story.promote("fraud", "1.0.0", "staging")
    story.approve(proposal, "lead")
    change, main = story.check(proposal).change_id, story.tip
    step = story.merge_by_hand(proposal.head)
    said = {"merge": step, "head": proposal.head, "change_id": change, "main": main}
    now = story.clock.now()
    append(story, change, acceptance(story, by="stranger", **said, at=now))
    append(story, change, acceptance(story, by="ci", **said, at=now))
    append(story, change, acceptance(story, by="engineer", **{**said, "main": story.pin}, at=now))
    early = now - timedelta(hours=1)
    append(story, change, acceptance(story, by="engineer", **said, at=early))
    append(story, change, acceptance(story, by="engineer", **said, at=now + timedelta(minutes=1)))
    append(story, change, acceptance(story, by="lead", **said, at=now + timedelta(minutes=2)))
    answer, text = explained(story, step)
    found = [(one["by"], one["decided"], one["problem"]) for one in answer["acceptances"]]
    assert [decided for _, decided, _ in found] == [False, False, False, False, True, False]
    assert "belongs to nobody" in found[0][2]
    assert found[1][2] == "ci may not accept"
    assert "it was made at" in found[2][2]
    assert found[3][2] == "it was not allowed then"
    assert found[5][2] == "another one had decided"
    assert "did not count: ci may not accept" in text


def test_an_acceptance_by_somebody_who_was_away_says_so(story):
    away = people_without(lead2={"suspended": True})
    change = story.draft("-", {"policies/people.yaml": away}, by="owner", event="policy")
    story.approve(change, "raio")
    story.merge(change, by="owner")
    proposal = story.promote("fraud", "1.0.0", "staging")
    change, main = story.check(proposal).change_id, story.tip
    step = story.merge_by_hand(proposal.head)
    append(story, change, acceptance(story, by="lead2", merge=step, head=proposal.head, change_id=change, main=main))
    found = explain(story.store, story.ledger, story.history(), step, now=story.clock.now())
    assert [(one.by, one.decided) for one in found.acceptances] == [("lead2", False)]
    assert "suspended" in found.acceptances[0].problem


def test_what_is_no_record_is_shown(story, explained):
    step, change = promoted(story)
    junk = story.commit({"x.json": b"{}"}, parents=[story.store.ref(stories.ledger_ref(change))])
    story.force(junk, stories.ledger_ref(change))
    answer, text = explained(story, step)
    assert {one["code"] for one in answer["notRecords"]} == {"GM-T101"}
    assert "no record: " in text


def test_the_oldest_checkpoint_that_contains_the_step_is_named(story, explained):
    step, _ = promoted(story)
    first = checkpoint(story.session("notary")).body
    story.clock.tick()
    checkpoint(story.session("notary"))
    answer, text = explained(story, step)
    assert answer["checkpoint"] == {"accepted": step, "at": first.at}
    assert "checkpoint: seen by" in text


def test_a_key_that_is_compromised_now_is_marked(story, explained):
    step, _ = promoted(story)
    entry = {"fingerprint": ed25519_key("engineer").fingerprint, "since": story.pin}
    document = people_without() + f"compromised: [{json.dumps(entry)}]\n".encode()
    change = story.draft("-", {"policies/people.yaml": document}, by="owner", event="policy")
    story.approve(change, "raio")
    story.merge(change, by="owner")
    answer, text = explained(story, step)
    assert {(one["signature"], one["compromisedSince"]) for one in answer["signers"]} == {("good", story.pin)}
    assert "declared compromised since" in text


def test_a_late_approval_is_weighed_by_who_was_accepted_when_it_took_effect(story):
    proposal = story.promote("fraud", "1.0.0", "staging")
    step = story.merge_by_hand(proposal.head)
    tip = story.commit({"README.md": b"x\n"}, land=True)
    story.clock.tick()
    session = story.session("lead")
    approve_late(session, session.history.pending["model:fraud"], decision="approve", reason="late")
    found = explain(story.store, story.ledger, story.history(), step, now=story.clock.now())
    assert (found.step.released, found.judge.point) == (tip, tip)
    assert [(one.by, one.decided) for one in found.acceptances] == [("lead", True)]
    assert [one.counted for one in found.decisions] == [("technical-lead",)]


def test_a_pin_and_a_commit_of_a_proposal_are_no_steps_and_gm_says_what_they_are(story):
    step, _ = promoted(story)
    history = story.history()
    with pytest.raises(GmError) as caught:
        explain(story.store, story.ledger, history, history.pin, now=story.clock.now())
    assert (caught.value.code, "is the pin" in caught.value.message) == ("GM-C151", True)
    with pytest.raises(GmError) as caught:
        explain(story.store, story.ledger, history, story.store.commit(step).parents[1], now=story.clock.now())
    assert (caught.value.code, caught.value.hint) == ("GM-C151", f"gm verify --explain {step[:12]}")
    other = story.commit({}, parents=[])
    with pytest.raises(GmError) as caught:
        explain(story.store, story.ledger, history, other, now=story.clock.now())
    assert caught.value.code == "GM-C151"
