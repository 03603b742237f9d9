"""The forge is down: a rollback reaches reconcilers in a bundle, and later the forge as the very same commit."""

import shutil
from datetime import UTC, datetime

import pytest

from gitops_models.verification.history import LANDS
from gitops_models.workflows.clock import SystemClock
from tests.support.registry import PEOPLE, SHORT
from tests.support.station import EMERGENCY, Station, three_versions
from tests.support.team import Team, gm


class Site:
    """A team with a server, three versions live, and a station that serves them."""

    def __init__(self, root, home, risk):
        self.team = Team(root, home, PEOPLE, policy="minimal", emergency=EMERGENCY, **SHORT)
        three_versions(self.team.registry, risk)
        (root / "site").mkdir()
        self.station = Station(self.team.registry, root / "site", home)
        self.station.clock = SystemClock()
        self.file = root / "emergency.bundle"
        self.station.run()
        assert self.station.served() == "1.2.0"

    def hand_over(self, name="a.bundle"):
        shutil.copy(self.file, self.station.root / "bundles" / name)

    @property
    def tip(self):
        return self.team.git("rev-parse", "main")

    def settled(self):
        """The line is judged as good by everybody, and the reconciler is content with forge and bundle together."""
        assert {step.status for step in self.team.registry.history().steps} <= LANDS
        report = self.station.run()
        assert (report.ok, report.problems, report.notes) == (True, (), ())


@pytest.fixture
def site(tmp_path, home):
    return lambda risk="low": Site(tmp_path, home, risk)


@pytest.mark.clause("A-limits-8", "A-testing-7")
def test_a_rollback_in_a_bundle_is_served_while_the_forge_is_down_and_lands_there_as_the_same_commit(site):
    here = site()
    operator, lead = here.team.clone("operator"), here.team.clone("lead")
    here.team.install_door()
    with here.station.down():
        made = gm(operator, "--json", "rollback", "fraud", "--bundle", str(here.file), "-m", "scores drift")
        assert made.status == 0, made.err
        step = made.json["step"]
        assert gm(operator, "rollback", "fraud", "--bundle", str(here.file), "--merge", "-m", "x").status == 2
        here.hand_over()
        report = here.station.run()
        assert (here.station.served(), report.commit) == ("1.1.0", step)
        assert report.results[0].hold == "scores drift"
        assert [error.code for _, error in report.problems] == []
        assert len(report.notes) == 1
    landed = gm(lead, "--json", "merge", "--from", str(here.file))
    assert (landed.status, landed.json["steps"]) == (0, [step]), landed.err
    assert here.tip == step
    assert here.team.git("for-each-ref", "refs/heads/gm/", path=operator)
    here.settled()
    again = gm(operator, "--json", "merge", "--from", str(here.file))
    assert (again.status, again.json["fresh"]) == (0, False)


def test_two_rollbacks_of_one_clone_are_one_line_and_the_second_bundle_holds_both(site):
    here = site()
    operator = here.team.clone("operator")
    here.team.install_door()
    with here.station.down():
        for number, version in enumerate(("1.1.0", "1.0.0")):
            made = gm(operator, "rollback", "fraud", "--bundle", str(here.file), "-m", f"worse {number}")
            assert made.status == 0, made.err
            here.hand_over(f"{number}.bundle")
            assert here.station.run().problems == ()
            assert here.station.served() == version
    landed = gm(operator, "--json", "merge", "--from", str(here.file))
    assert (landed.status, len(landed.json["steps"])) == (0, 2), landed.err
    assert here.team.git("for-each-ref", "refs/heads/gm/", path=operator) == ""
    here.settled()


def test_a_rollback_that_needs_two_persons_is_carried_from_one_to_the_other_in_files(site, tmp_path):
    here = site("critical")
    first, second = here.team.clone("rescue1"), here.team.clone("rescue2")
    decision = tmp_path / "decision.json"
    with here.station.down():
        made = gm(first, "--json", "rollback", "fraud", "--bundle", str(here.file), "-m", "poisoned")
        assert (made.status, made.json["step"]) == (0, None), made.err
        proposal = made.json["proposal"]
        here.hand_over()
        assert here.station.run().problems == ()
        assert here.station.served() == "1.2.0"
        here.team.git("fetch", "-q", str(here.file), "+refs/heads/gm/*:refs/remotes/origin/gm/*", path=second)
        signed = gm(second, "approve", proposal, "--out", str(decision))
        assert signed.status == 0, signed.err
        added = gm(first, "trust", "ledger", "add", str(decision))
        assert added.status == 0, added.err
        done = gm(first, "--json", "merge", proposal, "--bundle", str(here.file))
        assert done.status == 0, done.err
        again = gm(first, "--json", "merge", proposal, "--bundle", str(here.file))
        assert again.json["step"] == done.json["step"]
        here.hand_over()
        report = here.station.run()
        assert (report.commit, here.station.served()) == (done.json["step"], "1.1.0")
    landed = gm(second, "--json", "merge", "--from", str(here.file))
    assert (landed.status, here.tip) == (0, done.json["step"]), landed.err
    here.settled()


def test_a_bundle_whose_line_the_forge_has_left_is_not_landed_and_the_reconciler_tells_the_fork(site):
    here = site()
    operator, lead = here.team.clone("operator"), here.team.clone("lead")
    with here.station.down():
        assert gm(operator, "rollback", "fraud", "--bundle", str(here.file), "-m", "scores drift").status == 0
        here.hand_over()
        here.station.run()
    tip = here.tip
    moved = gm(lead, "cause", "open", "fraud", "c-1", "--cause", "regression", "--merge", "-m", "meanwhile")
    assert moved.status == 0, moved.err
    assert here.tip != tip
    refs = here.team.registry.refs()
    refused = gm(operator, "--json", "merge", "--from", str(here.file))
    assert (refused.status, refused.error["code"]) == (7, "GM-C175")
    assert here.team.registry.refs() == refs
    report = here.station.run()
    assert {error.code for _, error in report.problems} == {"GM-T600"}
    assert here.station.served() == "1.1.0"


def test_a_bundle_with_a_step_that_is_not_accepted_is_neither_landed_nor_served(site):
    here = site()
    operator = here.team.clone("operator")
    forged = here.team.registry.commit({"models/fraud/model.yaml": b"kind: Model\n"}, by="lead", signer="unsigned")
    before = here.tip
    here.team.git("update-ref", "refs/heads/main", forged)
    here.team.git("bundle", "create", "--quiet", str(here.file), "main")
    here.team.git("update-ref", "refs/heads/main", before)
    refused = gm(operator, "--json", "merge", "--from", str(here.file))
    assert (refused.status, refused.error["code"]) == (3, "GM-C176")
    assert here.tip == before
    here.hand_over()
    assert here.station.run().results[0].live == "1.2.0"
    later = gm(operator, "--json", "rollback", "fraud", "--bundle", str(here.file), "-m", "x")
    assert later.status == 0, later.err
    assert here.team.git("rev-parse", f"{later.json['step']}^1", path=operator) == before


def test_without_the_forge_nothing_is_landed_from_a_bundle(site):
    here = site()
    operator = here.team.clone("operator")
    with here.station.down():
        assert gm(operator, "rollback", "fraud", "--bundle", str(here.file), "-m", "drift").status == 0
        refused = gm(operator, "--json", "merge", "--from", str(here.file))
    assert (refused.status, refused.error["code"]) == (9, "GM-C170")


@pytest.mark.clause("A-limits-8", "A-limits-5")
def test_an_override_is_made_in_a_clone_and_held_by_the_reconciler_and_shown(site, tmp_path):
    here = site()
    operator, lead = here.team.clone("operator"), here.team.clone("lead")
    file = here.station.root / "overrides" / "o.json"
    with here.station.down():
        planned = gm(operator, "--json", "rollback", "fraud", "--override", str(file), "--dry-run", "-m", "drift")
        assert (planned.status, file.exists()) == (0, False)
        made = gm(operator, "--json", "rollback", "fraud", "--override", str(file), "--hours", "2", "-m", "drift")
        assert (made.status, made.json["version"], made.json["replaces"]) == (0, "1.1.0", "1.2.0"), made.err
        refused = gm(lead, "--json", "rollback", "fraud", "--override", str(tmp_path / "x"), "-m", "drift")
        assert (refused.status, refused.error["code"]) == (3, "GM-R421")
        older = gm(
            operator, "--json", "rollback", "fraud", "--to", "1.0.0", "--override", str(tmp_path / "x"), "-m", "d"
        )
        assert older.error["code"] == "GM-R422"
        long = gm(
            operator, "--json", "rollback", "fraud", "--hours", "99", "--override", str(tmp_path / "x"), "-m", "d"
        )
        assert long.error["code"] == "GM-R431"
        nowhere = tmp_path / "none" / "x"
        unwritten = gm(operator, "--json", "rollback", "fraud", "--override", str(nowhere), "-m", "d")
        assert (unwritten.status, unwritten.error["code"]) == (9, "GM-C177")
        here.station.run()
        assert here.station.served() == "1.1.0"
    here.station.run()
    shown = gm(operator, "status")
    assert "override: fraud#production serves 1.1.0 at eu since" in shown.out
    assert made.json["expires"] > datetime.now(UTC).isoformat()
    assert gm(operator, "rollback", "fraud", "--hours", "2", "-m", "drift").status == 2
    assert gm(operator, "rollback", "fraud", "--quarantine", "--override", str(file), "-m", "drift").status == 2


def test_a_directory_of_a_clone_is_held_by_an_override_and_status_says_so(site, tmp_path):
    here = site()
    operator = here.team.clone("operator")
    file, place = tmp_path / "o.json", tmp_path / "serving"
    words = ("reconcile", "--dir", str(place), "--stage", "production", "--artifacts", str(here.station.root / "dvc"))
    assert gm(operator, *words, "--once").status == 0
    assert gm(operator, "rollback", "fraud", "--override", str(file), "-m", "drift").status == 0
    held = gm(operator, "--json", *words, "--override", str(file), "--once")
    assert (held.status, held.json["results"][0]["live"]) == (0, "1.1.0"), held.err
    shown = gm(operator, "--json", "status", "--exit-code")
    (row,) = [row for row in shown.json["stages"] if row["stage"] == "production"]
    assert (shown.status, row["places"][0]["live"], row["places"][0]["state"]) == (0, "1.1.0", "Held")
    assert row["places"][0]["override"]
    assert "override by operator until" in gm(operator, "status").out
