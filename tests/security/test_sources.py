"""Hostile places to read from: they bring nothing that the judge would not accept, and take nothing back."""

import pytest

from gitops_models.delivery.results import State
from gitops_models.trust.memory import load_memory, memory_path
from tests.support import policy as documents
from tests.support.git import init_repository, run_git
from tests.support.station import Station, emergency, rolled_back
from tests.support.stories import stage_file


class Hostile(Station):
    """A station with a mirror and a directory of bundles that somebody else writes."""

    def __init__(self, registry, root, home):
        super().__init__(registry, root, home)
        self.mirror = root / "mirror.git"
        init_repository(self.mirror, home, bare=True)
        self.configure([str(self.forge), str(self.mirror), {"bundles": "bundles"}])
        self.push(registry.tip)
        self.run()
        assert self.served() == "1.2.0"

    def push(self, oid):
        """Make the mirror show ``oid`` as the line, with the whole ledger."""
        refs = [f"+{oid}:refs/heads/main", "+refs/gm/*:refs/gm/*"]
        run_git(self.forge, "push", "--quiet", str(self.mirror), *refs, home=self.home)

    def bundle(self, oid, name="a.bundle", *more):
        """Write a bundle that shows ``oid`` as the line."""
        there, path = self.registry.tip, str(self.root / "bundles" / name)
        self.registry.force(oid)
        run_git(self.forge, "bundle", "create", "--quiet", path, "refs/heads/main", *more, home=self.home)
        self.registry.force(there)

    def remembered(self):
        """The tip that the reconciler remembers as accepted."""
        return load_memory(memory_path(self.root / "state/mirror.git"), line="main").accepted

    def troubles(self):
        """Reconcile; the codes by place, with the live model as it was."""
        before = self.served()
        report = self.run()
        assert self.served() == before
        return {where.rpartition("/")[2]: error.code for where, error in report.problems}


@pytest.fixture
def station(story, tmp_path, home):
    return Hostile(story(emergency), tmp_path, home)


@pytest.mark.attack("a mirror that shows an older state than was accepted", "ignored", by="forge")
@pytest.mark.attack("an old bundle put back", "ignored", by="node")
@pytest.mark.lookalike("a mirror that lags behind")
def test_an_older_state_takes_nothing_back(station):
    old = station.registry.tip
    rolled_back(station.registry)
    station.run()
    assert station.served() == "1.1.0"
    station.bundle(old)
    assert station.troubles() == {}
    with station.down():
        report = station.run()
        assert [error.code for _, error in report.problems] == ["GM-S201"]
        assert (station.served(), report.results[0].state) == ("1.1.0", State.HELD)


@pytest.mark.attack("a mirror that goes back behind what it showed", "GM-T600", by="forge")
def test_a_mirror_that_goes_back_is_told(station):
    station.push(station.registry.store.commit(station.registry.tip).parents[0])
    assert station.troubles() == {"mirror.git": "GM-T600"}


@pytest.mark.attack("a mirror with a fork of the line", "GM-T600", by="forge")
@pytest.mark.attack("a bundle with a fork of the line", "GM-T600", by="node")
def test_a_fork_is_told_and_the_good_line_is_followed(station):
    registry = station.registry
    behind = registry.store.commit(registry.tip).parents[0]
    fork = registry.commit({"README.md": b"another past"}, parents=[behind])
    station.push(fork)
    station.bundle(fork)
    assert station.troubles() == {"mirror.git": "GM-T600", "a.bundle": "GM-T600"}


@pytest.mark.attack(
    "steps by a stranger on top of the line, in a bundle that is newer than the forge", "ignored", by="node"
)
def test_a_bundle_brings_nothing_that_the_judge_would_not_accept(station):
    registry = station.registry
    files = stage_file(registry, "1.0.0")
    station.bundle(registry.commit(files, by="stranger"))
    report = station.run()
    assert (station.served(), report.results[0].state) == ("1.2.0", State.VERIFY_FAILED)


@pytest.mark.attack("junk on the forge to take the place of a signed rollback in a bundle", "GM-T600", by="forge")
def test_junk_on_the_forge_is_not_followed_past_a_good_bundle_and_it_is_told(station):
    registry = station.registry
    tip = registry.tip
    good = rolled_back(registry)
    station.bundle(good)
    registry.force(registry.commit({"models/fraud/model.yaml": b"junk"}, parents=[tip], signer="unsigned"))
    assert station.troubles() == {"repository": "GM-T600", "a.bundle": "GM-T600"}
    assert station.remembered() == tip
    registry.force(tip)
    report = station.run()
    assert (station.served(), report.commit, report.problems) == ("1.1.0", good, ())


@pytest.mark.attack("a longer line of steps that need nobody, in a bundle beside a rollback", "GM-T600", by="thief")
def test_a_longer_fork_in_a_bundle_neither_wins_nor_makes_the_forge_a_rewritten_one(station):
    registry = station.registry
    tip = registry.tip
    fork = tip
    for number in range(1, 4):
        files = documents.version_files(f"9.0.{number}", author="engineer")
        fork = registry.commit(files, by="engineer", parents=[fork])
    station.bundle(fork)
    good = rolled_back(registry)
    for _ in range(2):
        assert station.troubles() == {"repository": "GM-T600", "a.bundle": "GM-T600"}
        assert station.remembered() == tip
    (station.root / "bundles" / "a.bundle").unlink()
    report = station.run()
    assert (station.served(), report.commit, report.problems) == ("1.1.0", good, ())


@pytest.mark.attack("a fork that nobody accepted, in a bundle beside a rollback", "GM-T600", by="node")
@pytest.mark.parametrize("files", [{"models/fraud/model.yaml": b"junk"}, {"README.md": b"another past"}])
def test_a_fork_that_brings_nothing_accepted_does_not_keep_the_forges_rollback_out(station, files):
    registry = station.registry
    station.bundle(registry.commit(files, signer="unsigned"))
    good = rolled_back(registry)
    report = station.run()
    assert (station.served(), report.commit, station.remembered()) == ("1.1.0", good, good)
    assert [(where, error.code) for where, error in report.problems] == [("a.bundle", "GM-T600")]


@pytest.mark.lookalike("an override while two lines disagree")
def test_while_two_lines_disagree_an_override_leads_back(station):
    registry = station.registry
    station.override()
    station.bundle(registry.commit(documents.version_files("9.0.1", author="engineer")))
    registry.commit(documents.version_files("9.0.2", author="engineer"), land=True)
    report = station.run()
    assert station.served() == "1.1.0"
    assert {error.code for _, error in report.problems} == {"GM-T600"}


@pytest.mark.attack("refs of a bundle that replace objects or stand for others", "ignored", by="node")
def test_other_refs_of_a_bundle_come_nowhere(station):
    registry = station.registry
    tip = registry.tip
    evil = ("refs/replace/" + tip, "refs/gm-seen/origin/tips/changes/" + "0" * 64, "refs/heads/gm/x", "refs/tags/evil")
    for name in evil:
        registry.force(registry.store.commit(tip).parents[0], name)
    station.bundle(tip, "a.bundle", *evil)
    for name in evil:
        run_git(station.forge, "update-ref", "-d", name, home=station.home)
    assert station.troubles() == {}
    here = run_git(station.root / "state/mirror.git", "for-each-ref", "--format=%(refname)", home=station.home).split()
    assert not [name for name in here if "replace" in name or "evil" in name or "0" * 64 in name or "/gm/x" in name]
