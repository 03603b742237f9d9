"""Attacks on what a reviewer believes to sign: branches with lying names, and branches moved after the look."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest

from gitops_models.workflows import merging, review
from gitops_models.workflows.queue import waiting
from gitops_models.workflows.shown import remember_shown
from tests.support import policy as documents
from tests.support import stories
from tests.support.refusals import why_refused
from tests.support.stories import POLICY, people_without, stage_file, weak_policy

GM = "refs/heads/gm/"


def named(registry, label, files, *, by="engineer"):
    """A proposal with these files on a branch that bears the name ``label``."""
    head = registry.commit(files, by=by)
    registry.force(head, GM + label)
    return next(found for found in review.proposals(registry.session("raio")) if found.head == head)


def register(version="1.2.0"):
    return documents.version_files(version, author="engineer")


# Labels

LIES = {
    "a weaker policy called a promotion": ("promotion/fraud/1.1.0/staging", lambda r: {POLICY: weak_policy(r)}),
    "a weaker policy called a change of a model": ("change/fraud/-/-", lambda r: {POLICY: weak_policy(r)}),
    "fewer people called evidence": (
        "evidence/fraud/1.1.0/-",
        lambda _: {"policies/people.yaml": people_without("raio2")},
    ),
    "a promotion called a change of policy": ("policy/-/-/-", lambda r: stage_file(r, "1.1.0", "staging")),
    "another version": ("promotion/fraud/1.0.0/staging", lambda r: stage_file(r, "1.1.0", "staging")),
    "another stage": ("promotion/fraud/1.1.0/staging", lambda r: stage_file(r, "1.1.0")),
    "another model": ("promotion/spam/1.1.0/staging", lambda r: stage_file(r, "1.1.0", "staging")),
    "a promotion called a registration": (
        "registration/fraud/1.2.0/-",
        lambda r: {**register(), **stage_file(r, "1.1.0", "staging")},
    ),
    "a promotion called evidence": ("evidence/fraud/1.1.0/-", lambda r: stage_file(r, "1.1.0", "staging")),
    "a policy beside a promotion": (
        "promotion/fraud/1.1.0/staging",
        lambda r: {**stage_file(r, "1.1.0", "staging"), POLICY: weak_policy(r)},
    ),
    "the end of another stage's hold beside a promotion": (
        "promotion/fraud/1.1.0/staging",
        lambda r: {**stage_file(r, "1.1.0", "staging"), **documents.hold_file(stage="production", action="lift")},
    ),
    "another version under a word of the attacker's own": (
        "promot1on/fraud/1.0.0/staging",
        lambda r: stage_file(r, "1.1.0", "staging"),
    ),
}


@pytest.mark.attack("a branch called after something else", "GM-F104", by="author")
@pytest.mark.parametrize("case", LIES)
def test_a_branch_that_is_called_after_something_else_is_not_judged_signed_or_landed(registry, case):
    label, files = LIES[case]
    proposal = named(registry, f"{label}/3fa9c1d2", files(registry), by="owner")
    session = registry.session("raio")
    with registry.untouched():
        assert why_refused(review.check, session, proposal) == "GM-F104"
        assert why_refused(review.approve, session, proposal) == "GM-F104"
        assert why_refused(merging.merge, session, proposal) == "GM-F104"
        assert [found.state for found in waiting(session)] == ["GM-F104"]


TRUE = {
    "promotion": ("promotion/fraud/1.1.0/staging", lambda r: stage_file(r, "1.1.0", "staging")),
    "promotion through stages": (
        "promotion/fraud/1.1.0/production",
        lambda r: {**stage_file(r, "1.1.0", "staging"), **stage_file(r, "1.1.0")},
    ),
    "promotion with the end of its hold": (
        "promotion/fraud/1.1.0/staging",
        lambda r: {**stage_file(r, "1.1.0", "staging"), **documents.hold_file(stage="staging", action="lift")},
    ),
    "registration": ("registration/fraud/1.2.0/-", lambda _: register()),
    "policy": ("policy/-/-/-", lambda r: {POLICY: weak_policy(r)}),
    "a word of its own": ("next/fraud/1.1.0/staging", lambda r: stage_file(r, "1.1.0", "staging")),
    "a word that names nothing": ("change/-/-/-", lambda r: {POLICY: weak_policy(r)}),
    "what is refused anyway": ("change/fraud/-/-", lambda _: {"models/fraud/nonsense": b""}),
}


@pytest.mark.lookalike("a branch called after what it does")
@pytest.mark.parametrize("case", TRUE)
def test_a_branch_that_is_called_after_what_it_does_is_judged(registry, case):
    label, files = TRUE[case]
    assert review.check(registry.session("raio"), named(registry, f"{label}/3fa9c1d2", files(registry)))


def test_what_a_blocked_model_holds_already_is_no_lie_of_the_next_branch(registry):
    registry.merge_by_hand(registry.commit(stage_file(registry, "1.1.0", "staging")))
    assert "model:fraud" in registry.history().blocked
    proposal = named(registry, "registration/fraud/1.2.0/-/3fa9c1d2", register())
    names = [event.name for event in review.check(registry.session("raio"), proposal).change.events]
    assert names == ["version-registered", "promoted"]


# Names


def test_a_branch_with_a_short_id_does_not_answer_for_a_longer_one(registry):
    proposal = registry.promote("fraud", "1.1.0", "staging")
    named(registry, f"promotion/spam/-/-/{proposal.id[0]}", {POLICY: weak_policy(registry)}, by="owner")
    registry.force(None, proposal.ref)
    assert why_refused(review.find_proposal, registry.session("raio"), proposal.id) == "GM-F101"


@pytest.mark.attack("a second branch with the same id", "GM-F102", by="author")
def test_two_branches_with_one_id_are_told_apart_by_the_person(registry):
    proposal = registry.promote("fraud", "1.1.0", "staging")
    named(registry, f"change/spam/-/-/{proposal.id}", {POLICY: weak_policy(registry)}, by="owner")
    session = registry.session("raio")
    assert why_refused(review.find_proposal, session, proposal.id) == "GM-F102"
    assert review.find_proposal(session, proposal.branch) == proposal


# Moved after the look


def swapped(registry, *, label="change/fraud/-/-"):
    """A proposal that was shown to the lead, and then moved to another promotion under the same name."""
    registry.version("fraud", "1.2.0")
    proposal = named(registry, f"{label}/3fa9c1d2", stage_file(registry, "1.1.0", "staging"))
    session = registry.session("lead")
    shown = review.check(session, proposal).change_id
    remember_shown(session.store, proposal.ref, shown)
    return proposal, shown, named(registry, f"{label}/3fa9c1d2", stage_file(registry, "1.2.0", "staging"))


@pytest.mark.attack("a branch moved between look and signature", "GM-F103", by="author")
@pytest.mark.parametrize("decision", ["approve", "reject", "withdraw"])
def test_what_was_moved_since_it_was_shown_is_not_signed(registry, decision):
    proposal, _, moved = swapped(registry)
    with registry.untouched():
        assert why_refused(review.approve, registry.session("lead"), moved, decision=decision) == "GM-F103"
    registry.force(proposal.head, proposal.ref)
    assert review.approve(registry.session("lead"), proposal, decision=decision).record


def test_the_change_that_a_person_names_is_the_one_that_is_signed(registry):
    _, shown, moved = swapped(registry)
    session = registry.session("lead")
    assert why_refused(review.approve, session, moved, change=shown[:8]) == "GM-F103"
    assert why_refused(review.approve, session, moved, change=shown[:7]) == "GM-F105"
    assert why_refused(review.approve, session, moved, change="") == "GM-F105"
    now = review.check(session, moved).change_id
    assert review.approve(session, moved, change=now[:8]).record.change_id == now


def test_a_list_is_a_look_too_but_does_not_replace_one(registry):
    _, _, moved = swapped(registry)
    session = registry.session("lead")
    assert [found.state for found in waiting(session)] == ["waiting"]
    assert why_refused(review.approve, session, moved) == "GM-F103"


def test_what_only_stood_in_a_list_is_held_to_as_well(registry):
    proposal = named(registry, "change/fraud/-/-/3fa9c1d2", stage_file(registry, "1.1.0", "staging"))
    assert [found.state for found in waiting(registry.session("lead"))] == ["waiting"]
    moved = named(registry, "change/fraud/-/-/3fa9c1d2", stage_file(registry, "1.1.0"))
    assert why_refused(review.approve, registry.session("lead"), moved) == "GM-F103"
    registry.force(proposal.head, proposal.ref)
    assert review.approve(registry.session("lead"), proposal).record


@pytest.mark.attack("what was shown spoiled on disk", "GM-F106", by="reviewer")
def test_what_was_shown_and_cannot_be_read_is_no_leave_to_sign(registry):
    proposal = registry.promote("fraud", "1.1.0", "staging")
    for content in ("[]", "{", '{"a": 1}'):
        (registry.store.common_dir / "gm" / "shown.json").write_text(content)
        assert why_refused(review.approve, registry.session("lead"), proposal) == "GM-F106"


# The command


@pytest.fixture
def gm(tmp_path, home):
    """A server, and gm in the clones of people; gives exit status, stdout and stderr."""
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    with mock.patch("tests.support.registry.BEGIN", begin):
        server = stories.two_models(tmp_path / "server.git")

    def run(person, *words):
        path = tmp_path / person
        if not path.exists():
            server.clone_for(person, path, home)
        command = [sys.executable, "-m", "gitops_models", "-C", str(path), "--no-input", *words]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False, timeout=120)
        return done.returncode, done.stdout, done.stderr

    run.server = server
    return run


def test_gm_approve_says_what_it_signs_and_holds_to_what_was_shown(gm):
    server, branch = gm.server, "gm/change/fraud/-/-/3fa9c1d2"
    server.force(server.commit(stage_file(server, "1.1.0", "staging")), f"refs/heads/{branch}")
    status, out, _ = gm("lead", "show", branch, "--json")
    shown = json.loads(out)["changeId"]
    server.force(server.commit(stage_file(server, "1.1.0")), f"refs/heads/{branch}")
    for words in ((), ("--change", shown[:8])):
        status, _, told = gm("lead", "approve", "3fa9c1d2", *words)
        assert (status, "GM-F103" in told) == (7, True)
    assert gm("lead", "check", "3fa9c1d2")[0] == 3
    status, _, told = gm("lead", "approve", "3fa9c1d2")
    assert (status, "promotion of fraud@1.1.0 to production (from nothing)" in told) == (0, True)


def test_gm_approve_signs_what_it_prints_where_nothing_was_shown_before(gm):
    proposal = gm.server.promote("fraud", "1.1.0", "staging")
    status, _, told = gm("lead", "approve", proposal.id)
    assert (status, "promotion of fraud@1.1.0 to staging (from 1.0.0)" in told) == (0, True)
