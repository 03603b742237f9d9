"""Several people writing at once, each a process with a clone and a key of its own, through one server with a door."""

import re
from collections import Counter

import pytest

from gitops_models.errors import GmError
from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.workflows.hook import Moved, pre_receive
from gitops_models.workflows.merging import merge
from gitops_models.workflows.patience import Patience
from tests.support.git import install_hook
from tests.support.registry import PEOPLE, Registry
from tests.support.team import Team, gm, together

WRITERS = 8
BOTH = ["ml-engineer", "technical-lead"]


def team_of(tmp_path, home, people, **settings):
    team = Team(tmp_path, home, {"engineer": BOTH, **people}, **settings)
    team.registry.version("fraud", "1.0.0")
    return team


def landed(team):
    """What the line's steps say they promoted, each once for every time it landed."""
    subjects = team.git("log", "--first-parent", "--format=%s", "main").splitlines()
    return Counter(found[1] for subject in subjects if (found := re.search(r"promote\((\w+)/", subject)))


def holds(team):
    """Objects, history, locks: nothing is broken and nothing was left behind."""
    assert team.git("fsck", "--full", "--strict", "--no-dangling") == ""
    fresh = team.fresh()
    verified = gm(fresh, "verify", "--json")
    assert verified.status == 0, verified.err
    assert team.locks() == []
    return fresh


@pytest.mark.slow
def test_eight_writers_of_different_models_land_each_once_and_lose_nothing(tmp_path, home):
    people = {f"writer{number}": BOTH for number in range(WRITERS)}
    team = team_of(tmp_path, home, {**people, "raio": ["raio"]})
    registry, models = team.registry, [f"model{number}" for number in range(WRITERS)]
    for number, model in enumerate(models):
        registry.version(model, "1.0.0", risk="medium" if number % 2 else "low")
    clones = [team.clone(writer) for writer in people]
    # Half of them propose, approve and land in one go; the others land what somebody approved: two records each.
    words = {model: ("promote", f"{model}@1.0.0", "--to", "staging", "--merge", "-m", "better") for model in models}
    for writer, model in list(zip(people, models, strict=True))[1::2]:
        proposal = registry.promote(model, "1.0.0", "staging", by=writer)
        registry.approve(proposal, "raio")
        words[model] = ("merge", proposal.id)
    team.install_door()
    ran = together(*((clone, *words[model]) for clone, model in zip(clones, models, strict=True)))
    assert [one.status for one in ran] == [0] * WRITERS, [one.err for one in ran if one.status]
    assert landed(team) == dict.fromkeys(models, 1)
    accepted = gm(holds(team), "log", "--json").json
    assert all(str(accepted).count(f"'{model}'") for model in models)
    assert team.git("for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/main"
    changes = team.git("for-each-ref", "--format=%(refname)", "refs/gm/changes").splitlines()
    # Registration and promotion of every second model needed somebody: a decision and an acceptance each.
    records = [len(team.git("ls-tree", "--name-only", name).splitlines()) for name in changes]
    assert records == [2] * WRITERS


def opened(clone):
    done = gm(clone, "promote", "fraud@1.0.0", "--to", "staging", "-m", "measured better", "--json")
    assert done.status == 0, done.err
    return done.json


@pytest.mark.slow
def test_two_approvals_of_one_proposal_at_once_both_count(tmp_path, home):
    team = Team(tmp_path, home, PEOPLE, policy="minimal", stages=["staging", "production"])
    team.registry.version("fraud", "1.0.0", risk="high")
    clones = [team.clone(name) for name in ("engineer", "raio", "domain")]
    team.install_door()
    proposal = opened(clones[0])["proposal"]
    ran = together(*((clone, "approve", proposal) for clone in clones[1:]))
    assert [one.status for one in ran] == [0, 0], [one.err for one in ran]
    assert gm(clones[0], "merge", proposal).status == 0
    approved = team.git("log", "-1", "--format=%(trailers:key=Approved-by,valueonly)", "main").split()
    assert approved == ["domain", "raio"]
    holds(team)


@pytest.mark.slow
def test_of_two_merges_of_one_proposal_one_lands_and_the_other_says_so(tmp_path, home):
    team = team_of(tmp_path, home, {"anna": BOTH})
    clones = [team.clone(name) for name in ("engineer", "anna")]
    team.install_door()
    opening = opened(clones[0])
    assert gm(clones[0], "approve", opening["proposal"]).status == 0
    ran = together(*((clone, "merge", opening["proposal"], "--json") for clone in clones))
    assert sorted(one.status for one in ran) in ([0, 6], [0, 7]), [one.err for one in ran]
    loser = next(one for one in ran if one.status)
    assert loser.error["code"] in {"GM-F203", "GM-F101"}, loser.err
    assert landed(team) == {"fraud": 1}
    holds(team)


# -- one after the other, at the same moments as above, so that each outcome is sure ---------------------------------


@pytest.fixture
def registry(tmp_path):
    made = Registry(tmp_path / "registry.git")
    made.version("fraud", "1.0.0")
    return made


def ready(registry):
    """A proposal that may land, and the session of somebody who saw it before anybody else moved."""
    proposal = registry.promote("fraud", "1.0.0", "development")
    registry.approve(proposal, "lead")
    registry.clock.tick()
    return proposal, registry.session("engineer2")


def test_who_comes_second_is_told_which_step_landed_the_proposal(registry):
    proposal, late = ready(registry)
    step = registry.merge(proposal)
    with pytest.raises(GmError) as refused, registry.untouched():
        merge(late, proposal)
    assert (refused.value.code, refused.value.exit_status, refused.value.where) == ("GM-F203", 7, step)


def test_a_proposal_that_was_withdrawn_meanwhile_is_not_landed(registry):
    proposal, late = ready(registry)
    update_refs(registry.store, [RefUpdate(proposal.ref, new=None, old=proposal.head)])
    with pytest.raises(GmError) as refused, registry.untouched():
        merge(late, proposal)
    assert (refused.value.code, refused.value.exit_status) == ("GM-F204", 7)


def test_a_line_that_moved_is_judged_again_and_landed_on(registry):
    proposal, late = ready(registry)
    other = registry.version("spam", "1.0.0")
    step = merge(late, proposal).step
    assert registry.store.commit(step).parents == (other, proposal.head)
    assert registry.statuses()[-2:] == ["accepted", "accepted"]


def test_a_line_that_never_stands_still_is_given_up_at_the_deadline(registry):
    proposal, late = ready(registry)
    registry.version("spam", "1.0.0")
    with pytest.raises(GmError) as refused, registry.untouched():
        merge(late, proposal, patience=Patience(0.0, jitter=lambda: 1.0))
    assert (refused.value.code, refused.value.exit_status) == ("GM-F202", 7)


BREAK = """#!/bin/sh
# Kills the receiving git when the refs have moved and before it can say so.
[ "$1" = committed ] && grep -q refs/heads/main && touch broken && kill -9 $PPID
exit 0
"""


def test_a_connection_that_broke_after_the_refs_moved_is_a_landing(tmp_path, home):
    team = team_of(tmp_path, home, {})
    clone = team.clone("engineer")
    opening = opened(clone)
    assert gm(clone, "approve", opening["proposal"]).status == 0
    install_hook(team.path, "reference-transaction", BREAK)
    ran = gm(clone, "merge", opening["proposal"], "--json")
    assert ran.status == 0, ran.err
    assert (team.path / "broken").exists()
    assert ran.json["step"] == team.git("rev-parse", "main")
    assert landed(team) == {"fraud": 1}


def test_a_remote_that_is_away_lands_nothing_and_the_next_command_works(tmp_path, home):
    team = team_of(tmp_path, home, {})
    clone = team.clone("engineer")
    opening = opened(clone)
    assert gm(clone, "approve", opening["proposal"]).status == 0
    team.path.rename(tmp_path / "away.git")
    ran = gm(clone, "merge", opening["proposal"], "--json")
    assert (ran.status, ran.error["code"]) == (9, "GM-S201")
    (tmp_path / "away.git").rename(team.path)
    assert landed(team) == {}
    assert gm(clone, "merge", opening["proposal"]).status == 0


def test_the_door_tells_an_overtaken_push_from_a_refused_one(registry):
    tip, head = registry.tip, registry.commit({"README.md": b"one"})
    registry.commit({"README.md": b"two"}, land=True)
    judged = pre_receive(registry.path, [Moved("refs/heads/main", tip, head)], registry.clock)
    assert [(refusal.code, refusal.exit_status) for refusal in judged.refusals] == [("GM-F310", 7)]
    assert not (registry.path / "gm" / "refusals.log").exists()
