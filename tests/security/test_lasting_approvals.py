"""Approvals speak for content: what others merge and rebases keep them, any edit of the proposal voids them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gitops_models.forge.base import Proposal
from gitops_models.registry.snapshot import Entry
from gitops_models.store.objects import Ident
from gitops_models.store.writer import write_commit, write_tree
from gitops_models.verification.fold import fold
from gitops_models.verification.proposal import evaluate
from tests.support import policy as documents
from tests.support.keys import ed25519_key
from tests.support.stories import stage_file, two_models
from tests.support.team import Team

PLACE = "models/fraud/stages/production.yaml"
MEANWHILE = ["version", "hold", "evidence-free change", "merge main", "rebase", "same on top", "back and forth"]
FEW = settings(
    max_examples=60 if os.environ.get("GM_SWEEP") else 6,
    phases=[Phase.generate],
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def moved(registry, proposal, head):
    """The branch of a proposal at another commit."""
    registry.force(head, proposal.ref)
    return Proposal(**{**vars(proposal), "head": head})


def rebased(registry, proposal):
    """The same content on top of the tip, as ``git rebase`` would leave it."""
    entry = registry.history().state.snapshot.entry(PLACE), registry.store.libgit2[proposal.head].tree[PLACE]
    blob = Entry(0o100644, str(entry[1].id))
    return moved(registry, proposal, registry.commit({PLACE: blob}))


def merged(registry, proposal):
    """Main merged into the proposal; plain git, signed by the author."""
    ours, theirs = registry.store.libgit2[proposal.head].tree, registry.store.commit(registry.tip).tree
    tree = write_tree(registry.store, theirs, {PLACE: Entry(0o100644, str(ours[PLACE].id))})
    ident = Ident("engineer", "engineer@example.org", int(registry.clock.now().timestamp()))
    head = write_commit(
        registry.store,
        tree,
        [proposal.head, registry.tip],
        "Merge main\n\nGm-Reason: to be near\n",
        ident,
        ident,
        lambda payload: ed25519_key("engineer").sign(payload, "git"),
    )
    return moved(registry, proposal, head)


def happens(registry, proposal, what, number):
    """Something that has nothing to do with what was approved; returns the proposal as it is then."""
    if what == "version":
        registry.version("spam", f"3.{number}.0")
    elif what == "hold":
        numbers = registry.history().state.snapshot.hold_numbers("spam", "staging")
        hold = documents.hold_file(len(numbers) + 1, stage="staging", model="spam", by="operator")
        registry.merge(registry.draft("spam", hold, by="operator", event="hold"), by="operator")
    elif what == "evidence-free change":
        registry.commit({f"notes/{number}.md": b"not governed\n"}, land=True)
    elif what == "merge main":
        return merged(registry, proposal)
    elif what == "rebase":
        return rebased(registry, proposal)
    elif what == "same on top":
        return moved(registry, proposal, registry.commit({"notes.md": bytes([65 + number])}, parents=[proposal.head]))
    else:
        other = registry.commit({PLACE: None}, parents=[proposal.head])
        blob = Entry(0o100644, str(registry.store.libgit2[proposal.head].tree[PLACE].id))
        return moved(registry, proposal, registry.commit({PLACE: blob}, parents=[other]))
    return proposal


@pytest.fixture
def staged(told, tmp_path):
    """``fraud@1.0.0`` is in staging; each call gives a copy of its own, with its promotion approved."""
    numbers = iter(range(1000))

    def begin():
        registry = told(two_models).copy(tmp_path / str(next(numbers)))
        proposal = registry.promote("fraud", "1.0.0", "production")
        registry.approve(proposal, "lead")
        return registry, proposal

    return begin


@pytest.mark.sweep
@FEW
@given(st.lists(st.sampled_from(MEANWHILE), min_size=1, max_size=5))
def test_unrelated_merges_and_rebases_keep_approvals(staged, story):
    registry, proposal = staged()
    change = registry.check(proposal).change_id
    for number, what in enumerate(story):
        proposal = happens(registry, proposal, what, number)
        found = registry.check(proposal)
        assert (found.change_id, found.verdict.codes) == (change, ()), what
    registry.merge(proposal)
    assert registry.live_version("fraud", "production") == "1.0.0"
    assert set(registry.statuses()) <= {"accepted", "untouched"}


def edited(registry, what, data):
    """The proposal's file edited somehow."""
    return {
        "a byte": {PLACE: data[:-2] + b" \n"},
        "a mode": {PLACE: Entry(0o100755, registry.entry(data).oid)},
        "a path": {PLACE: None, "models/spam/stages/production.yaml": data},
        "one more file": documents.cause_file(),
        "another version": stage_file(registry, "1.1.0"),
    }[what]


@pytest.mark.parametrize("what", ["a byte", "a mode", "a path", "one more file", "another version"])
def test_any_edit_of_a_proposal_voids_its_approvals(staged, what):
    registry, proposal = staged()
    before = registry.check(proposal)
    data = registry.store.blob(before.change.after.entry(PLACE).oid)
    head = registry.commit(edited(registry, what, data), parents=[proposal.head])
    history = registry.history()
    found = evaluate(registry.store, history, head, registry.ledger, at=registry.clock.now())
    assert not found.verdict.allowed
    assert found.change_id != before.change_id or found.verdict.codes == ("GM-P003",)
    forced = registry.merge_by_hand(head)
    history = fold(registry.store, pin=registry.pin, tip=forced, ledger=registry.ledger, now=None)
    assert history.steps[-1].status in {"denied", "pending"}
    assert history.state.snapshot.stage_state("fraud", "production") is None


# The same verdict in any process

ELSEWHERE = (
    {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
    {"PYTHONHASHSEED": "1", "TZ": "America/St_Johns", "LC_ALL": "de_DE.ISO-8859-1", "PYTHONUTF8": "0"},
)
SHIFTED = """
import datetime, runpy, sys
from gitops_models.workflows import clock
late, true = datetime.timedelta(minutes=int(sys.argv.pop(1))), clock.SystemClock.now
clock.SystemClock.now = lambda self: true(self) + late
sys.argv[0] = "gm"
runpy.run_module("gitops_models", run_name="__main__")
"""
CLOCKS = ("0", "17", "44000")
PEOPLE = {
    "engineer": ["ml-engineer"],
    "lead": ["technical-lead"],
    "raio": ["raio"],
    "domain": ["domain-lead"],
    "board1": ["oversight-committee"],
    "board2": ["oversight-committee"],
    "rescue1": ["emergency-committee"],
    "rescue2": ["emergency-committee"],
    "operator": ["operator"],
}


def said(folder, repository, head, settings, minutes):
    """What ``gm check --json`` prints in a process of its own, and how it ends."""
    words = [sys.executable, "-c", SHIFTED, minutes, "-C", str(repository), "--json", "check", "--base", "main"]
    environment = {**os.environ, **settings}
    ran = subprocess.run([*words, "--head", head], cwd=folder, env=environment, capture_output=True, check=False)
    return ran.returncode, ran.stdout, ran.stderr


@pytest.mark.sweep
def test_the_same_verdict_to_the_byte_whatever_the_process(tmp_path, home):
    team = Team(tmp_path, home, PEOPLE, policy="minimal")
    registry = team.registry
    registry.version("fraud", "1.0.0", risk="high")
    proposal = registry.promote("fraud", "1.0.0", "development")
    registry.approve(proposal, "raio", "engineer", "lead")
    bad = registry.commit({"policies/policy.yaml": b"a: [\n", PLACE: b"b\n", "models/fraud/oops": b""})
    for head, status in ((proposal.head, 3), (bad, 3)):
        runs = []
        for number, (settings_, minutes) in enumerate(zip(ELSEWHERE, CLOCKS, strict=True)):
            folder = tmp_path / f"{head[:4]} ü {number}"
            folder.mkdir()
            where = team.path if number else Path(os.path.relpath(team.path, folder))
            runs.append(said(folder, where, head, settings_, minutes))
        assert {run[0] for run in runs} == {status}, runs
        assert len({run[1] for run in runs}) == 1
        assert json.loads(runs[0][1])["allowed"] is False
