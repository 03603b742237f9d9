"""A restoration ends when people close its rollback, and never because the rollback cannot be judged for a moment."""

import json
import shutil
from dataclasses import replace
from unittest import mock

import pytest

from gitops_models.errors import GmError
from tests.support.git import run_git
from tests.support.watchtower import Watchtower, land, watched

GOOD = {"1.2.0": 0.95, "1.1.0": 0.95, "1.0.0": 0.95}
BAD = {**GOOD, "1.2.0": 0.89}
CHECK = "gitops_models.workflows.automation.check"


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """The trigger has fired and the last known good is served."""
    root = tmp_path_factory.mktemp("once")
    story = watched(root / "story.git")
    tower = Watchtower(story.copy(root / "registry.git"), root, root / "home")
    tower.run()
    tower.says(**GOOD)
    tower.look()
    tower.says(**BAD)
    tower.look(minutes=1)
    tower.look(minutes=1)
    return tower


@pytest.fixture
def fallen(once, tmp_path, home):
    return once.copy(tmp_path / "copy", home)


def state_of(tower):
    """What must not change: the refs of the forge, what is served, what is kept."""
    refs = run_git(tower.forge, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", home=tower.home)
    kept = [path.read_text() for path in sorted((tower.root / "state/restorations").iterdir())]
    return refs, tower.served(), kept


def codes(report):
    return [(name, error.code) for name, error in report.problems]


KEPT = "fraud#production.json"


def test_an_artifact_remote_that_is_away_for_one_look_ends_nothing(fallen):
    before = state_of(fallen)
    shutil.move(fallen.root / "dvc", fallen.root / "away")
    report = fallen.look()
    assert [name for name, _ in codes(report)] == [KEPT]
    assert state_of(fallen) == before
    assert before[1] == "1.1.0"
    shutil.move(fallen.root / "away", fallen.root / "dvc")
    report = fallen.look()
    assert (codes(report), report.notes, state_of(fallen)) == ([], (), before)


@pytest.mark.parametrize(
    ("where", "code"), [("models/fraud/model.yaml", "GM-F104"), ("models/fraud/causes", "GM-R613")]
)
def test_a_strangers_commit_on_the_branch_of_the_rollback_ends_nothing_and_is_told(fallen, where, code):
    (proposal,) = fallen.proposals()
    clone, home = fallen.root / "clone", fallen.home
    run_git(fallen.root, "clone", "-q", str(fallen.forge), str(clone), home=home)
    run_git(clone, "fetch", "-q", "origin", f"{proposal.ref}:strange", home=home)
    run_git(clone, "checkout", "-q", "strange", home=home)
    (path,) = (clone / where).iterdir() if (clone / where).is_dir() else (clone / where,)
    path.write_text(path.read_text() + "# x\n")
    run_git(clone, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qam", "x", home=home)
    run_git(clone, "push", "-q", "origin", f"strange:{proposal.ref}", home=home)
    before = state_of(fallen)
    report = fallen.look()
    assert (codes(report), state_of(fallen)) == ([(KEPT, code)], before)
    assert before[1] == "1.1.0"
    assert fallen.run().results[0].live == "1.1.0"
    fallen.registry.force(None, proposal.ref)
    assert fallen.look().notes[0].endswith("was closed, 1.2.0 is served again")
    assert fallen.served() == "1.2.0"


@pytest.mark.parametrize("code", ["GM-F407", "GM-F204", "GM-F104", "GM-F201", "GM-A321", "GM-D001"])
def test_whatever_keeps_the_rollback_from_being_judged_is_told_and_ends_nothing(fallen, code):
    before = state_of(fallen)
    with mock.patch(CHECK, side_effect=GmError(code, "not now")):
        report = fallen.look()
    assert (codes(report), state_of(fallen)) == ([(KEPT, code)], before)
    assert (fallen.look().problems, state_of(fallen)) == ((), before)


def test_a_list_that_the_forge_does_not_give_is_no_empty_list(fallen):
    """What Git holds tells that it is open, and not that it is closed."""
    before, (proposal,) = state_of(fallen), fallen.proposals()
    with mock.patch("gitops_models.workflows.review.forge", side_effect=GmError("GM-F407", "it answers 503")):
        assert (fallen.look().problems, state_of(fallen)) == ((), before)
        fallen.registry.force(None, proposal.ref)
        assert codes(fallen.look()) == [(KEPT, "GM-F407")]
    assert state_of(fallen)[1:] == before[1:]


def test_a_rollback_that_lands_while_the_monitor_looks_is_not_closed(fallen):
    """What the monitor follows is older than the list that it asks for."""
    (proposal,) = fallen.proposals()
    with fallen.watching() as opened:
        kit = opened.monitor._kit

        def landing():
            followed = kit.follow()
            land(fallen, proposal)
            return followed

        opened.monitor._kit = replace(kit, follow=landing)
        report = opened.monitor.run(wake=True)
    assert (report.notes, report.problems, fallen.served()) == ((), (), "1.1.0")
    assert fallen.look().notes == ("fraud#production: Git has moved on, the restoration is over",)


def test_other_rollbacks_of_the_place_do_not_stand_for_one_that_was_closed(fallen):
    """A branch that says it leads away and does not is nobody's rollback."""
    (proposal,) = fallen.proposals()
    ref = proposal.ref.rpartition("/")[0] + "/00000000"
    main = run_git(fallen.forge, "rev-parse", "refs/heads/main", home=fallen.home).strip()
    run_git(fallen.forge, "update-ref", ref, main, home=fallen.home)
    assert (fallen.look().problems, fallen.served()) == ((), "1.1.0")
    fallen.registry.force(None, proposal.ref)
    report = fallen.look()
    assert report.notes[0].endswith("was closed, 1.2.0 is served again")


def test_what_cannot_be_judged_for_a_moment_is_not_proposed_a_second_time(fallen):
    (kept,) = (fallen.root / "state/restorations").iterdir()
    kept.write_text(json.dumps({**json.loads(kept.read_text()), "proposal": None}))
    before = state_of(fallen)
    with mock.patch(CHECK, side_effect=GmError("GM-F407", "it answers 503")):
        report = fallen.look()
    assert (codes(report), state_of(fallen)) == ([(KEPT, "GM-F407")], before)
