"""Several places to follow a line from: what is away, damaged, forked or old is told, and never takes anything back."""

import os
from pathlib import Path

import pytest

from gitops_models.delivery import upstreams as module
from gitops_models.delivery.mirror import open_mirror
from gitops_models.delivery.upstreams import Upstream, Upstreams
from gitops_models.errors import GmError
from gitops_models.trust.bodies import Deployment
from gitops_models.trust.records import make_deployment
from gitops_models.trust.united import UnitedLedger
from tests.support.git import init_repository, run_git
from tests.support.keys import ed25519_key


class Places:
    """A work tree, two bare repositories, a directory of bundles, and a mirror that follows all three."""

    def __init__(self, root, home):
        self.root, self.home = root, home
        self.work = init_repository(root / "work", home)
        self.first = self.bare("first.git")
        self.second = self.bare("second.git")
        self.bundles = root / "bundles"
        self.bundles.mkdir()
        self.commits = [self.work.commit({"a": str(number)}) for number in range(4)]
        self.known = None

    def bare(self, name):
        init_repository(self.root / name, self.home, bare=True)
        return self.root / name

    def push(self, place, commit):
        self.work.git("push", "--quiet", "--force", str(place), f"{commit}:refs/heads/main")

    def bundle(self, name, commit, *more, line="main"):
        self.work.git("update-ref", f"refs/heads/{line}", commit)
        refs = [f"refs/heads/{line}", *more]
        self.work.git("bundle", "create", "--quiet", str(self.bundles / name), *refs)
        if line == "main":
            self.work.git("update-ref", "refs/heads/main", self.commits[-1])

    def fork(self, commit):
        """Another commit on top of ``commit``."""
        tree = self.work.git("rev-parse", f"{commit}^{{tree}}")
        return self.work.git("commit-tree", tree, "-p", commit, "-m", "another")

    def open(self, mirror):
        places = (
            Upstream(str(self.first), first=True),
            Upstream(str(self.second)),
            Upstream(str(self.bundles), bundles=True),
        )
        ledger = UnitedLedger(mirror, "origin", others=[place.name for place in places[1:]])
        return ledger, Upstreams(mirror, ledger, "main", places)

    def look(self, bringing=()):
        """The tip to follow, where the lines of the tips in ``bringing`` bring accepted steps."""
        with open_mirror(self.root / "state", str(self.first)) as mirror:
            self.ledger, self.upstreams = self.open(mirror)
            return self.upstreams.newest(self.known, lambda tip, _first: tip in bringing)

    @property
    def codes(self):
        return [(Path(where).name, error.code) for where, error in self.upstreams.troubles]

    @property
    def away(self):
        return [Path(note.split(":")[0]).name for note in self.upstreams.notes]


def _nothing(_tip, _first):
    return False


@pytest.fixture
def places(tmp_path, home):
    return Places(tmp_path, home)


def test_the_tip_that_holds_the_others_is_followed_wherever_it_stands(places):
    one, two, three, _ = places.commits
    places.push(places.first, one)
    places.push(places.second, two)
    assert places.look() == two
    places.bundle("x.bundle", three)
    assert places.look() == three
    assert (places.codes, places.away) == ([], [])
    places.push(places.first, three)
    assert places.look() == three


def test_what_is_away_is_noted_and_the_next_is_used(places):
    places.first.rename(places.root / "gone.git")
    places.second.rename(places.root / "lost.git")
    places.bundle("x.bundle", places.commits[1])
    assert places.look() == places.commits[1]
    assert (places.codes, places.away) == ([], ["first.git", "second.git"])


def test_where_none_answers_the_first_one_says_why(places):
    places.bundles.rmdir()
    places.first.rename(places.root / "gone.git")
    with pytest.raises(GmError) as error:
        places.look()
    assert (error.value.code, places.codes, places.away) == ("GM-S201", [("second.git", "GM-S207")], ["bundles"])
    assert "GM-S214: bundles cannot be read: No such file or directory" in places.upstreams.notes[0]


def test_a_place_that_is_behind_takes_nothing_back_and_is_no_trouble(places):
    one, two, _, _ = places.commits
    places.push(places.first, two)
    places.push(places.second, one)
    places.bundle("old.bundle", one)
    places.known = two
    assert places.look() == two
    assert (places.codes, places.away) == ([], [])


def test_where_every_place_is_behind_what_was_accepted_that_is_told(places):
    places.push(places.first, places.commits[0])
    places.push(places.second, places.commits[0])
    places.bundle("x.bundle", places.commits[1])
    places.known = places.look()
    assert places.known == places.commits[1]
    (places.bundles / "x.bundle").unlink()
    with pytest.raises(GmError) as error:
        places.look()
    assert (error.value.code, places.codes) == ("GM-R440", [])


def test_a_place_that_went_back_is_told_each_time_and_one_that_never_was_there_is_not(places):
    one, two, _, _ = places.commits
    places.push(places.first, two)
    places.push(places.second, two)
    places.known = places.look()
    places.push(places.first, one)
    for _ in range(2):
        assert places.look() == two
        assert places.codes == [("first.git", "GM-T600")]
    places.known = None  # a new epoch: the operator says what counts
    assert places.look() == two
    assert places.codes == []


def test_a_fork_of_what_was_accepted_is_refused_and_the_next_is_used(places):
    one, two, three, _ = places.commits
    places.push(places.first, two)
    places.known = places.look()
    places.push(places.second, places.fork(one))
    places.bundle("evil.bundle", places.fork(one))
    places.bundle("good.bundle", three)
    assert places.look() == three
    assert places.codes == [("second.git", "GM-T600"), ("evil.bundle", "GM-T600")]


def test_of_two_lines_after_what_was_accepted_the_first_is_followed_where_the_other_brings_nothing(places):
    one, two, _, _ = places.commits
    other = places.fork(one)
    places.push(places.first, other)
    places.push(places.second, one)
    places.bundle("x.bundle", two)
    places.known = one
    for bringing in ((), (other,)):
        assert places.look(bringing) == other
        assert places.codes == [("x.bundle", "GM-T600")]


def test_of_two_lines_that_both_bring_something_none_is_followed(places):
    one, two, three, _ = places.commits
    other = places.fork(one)
    places.push(places.first, other)
    places.push(places.second, one)
    places.bundle("x.bundle", three)
    for places.known in (one, None):
        with pytest.raises(GmError) as error:
            places.look((three,))
        assert (error.value.code, error.value.where) == ("GM-T600", str(places.first))
        assert "x.bundle are two lines" in error.value.message
        assert "override" in error.value.hint
        assert places.codes == [("x.bundle", "GM-T600")]
    (places.bundles / "x.bundle").unlink()
    places.known = one
    assert places.look((two, three)) == other
    assert places.codes == []


def test_a_place_that_is_listed_twice_is_noted_once(places):
    places.push(places.first, places.commits[0])
    second = Upstream(str(places.second))
    with open_mirror(places.root / "state", str(places.first)) as mirror:
        ledger, _ = places.open(mirror)
        looked = Upstreams(mirror, ledger, "main", (Upstream(str(places.first), first=True), second, second))
        for known, commit in zip((None, places.commits[1]), places.commits[1:3], strict=True):
            places.push(places.second, commit)
            assert looked.newest(known, _nothing) == commit
            assert mirror.ref(f"refs/gm-lines/{second.name}/main") == commit


def test_a_later_place_that_shows_the_same_tip_does_not_put_the_first_one_behind(places):
    one, two, _, _ = places.commits
    other = places.fork(one)
    places.push(places.first, other)
    places.push(places.second, two)
    places.work.git("update-ref", "refs/heads/main", other)
    places.work.git("bundle", "create", "--quiet", str(places.bundles / "same.bundle"), "refs/heads/main")
    places.known = one
    assert places.look() == other
    assert places.codes == [("second.git", "GM-T600")]


def test_ledger_records_are_the_union_of_all_places_and_stay_when_a_place_loses_them(places):
    def record(target):
        body = {"main": "0" * 40, "target": "eu", "model": "m", "stage": "s", "version": None, "change_id": None}
        body |= {"lineage_sha256": None, "artifacts": (), "observed": None, "result": "removed", "reason": target}
        times = dict.fromkeys(("started", "finished"), "2026-11-21T10:00:00Z")
        return make_deployment(Deployment.model_validate(body | times), ed25519_key("reconciler"))

    def chain(made):
        blob = places.work.git("hash-object", "-w", "--stdin", stdin=made.envelope)
        tree = places.work.git("mktree", stdin=f"100644 blob {blob}\t{made.sha256}.json\n".encode())
        return places.work.git("commit-tree", tree, "-m", "add")

    made = [record(name) for name in ("first", "second", "bundle", "other bundle")]
    chains = [chain(one) for one in made]
    name = "refs/gm/deployments/eu"
    for place, tip in zip((places.first, places.second), chains[:2], strict=True):
        places.push(place, places.commits[0])
        places.work.git("push", "--quiet", str(place), f"{tip}:{name}")
    for number, tip in enumerate(chains[2:]):
        places.work.git("update-ref", name, tip)
        places.bundle(f"{number}.bundle", places.commits[0], name)
    places.look()
    assert next(one.sha256 for one in places.ledger.deployments("eu")) == made[0].sha256
    assert {one.sha256 for one in places.ledger.deployments("eu")} == {one.sha256 for one in made}
    assert [tip for _, tip in places.upstreams.shown if tip in chains]
    (places.bundles / "0.bundle").unlink()
    run_git(places.second, "update-ref", "-d", name, home=places.home)
    places.look()
    assert {one.sha256 for one in places.ledger.deployments("eu")} == {one.sha256 for one in made}
    assert places.ledger.rewritten() == ()


def test_another_place_moves_no_tag_and_brings_those_that_are_missing(places):
    one, two, _, _ = places.commits
    places.push(places.first, one)
    places.push(places.second, one)
    places.work.git("push", "--quiet", str(places.first), f"{one}:refs/tags/fraud@v1.0.0")
    for commit, tag in ((two, "fraud@v1.0.0"), (two, "fraud@v1.1.0"), (two, "other")):
        places.work.git("push", "--quiet", str(places.second), f"{commit}:refs/tags/{tag}")
    places.look()
    with open_mirror(places.root / "state", str(places.first)) as mirror:
        assert mirror.refs("refs/tags/") == {"refs/tags/fraud@v1.0.0": one, "refs/tags/fraud@v1.1.0": two}


def test_a_hostile_bundle_is_named_with_its_code_and_brings_nothing(places):
    one, two, three, four = places.commits
    places.push(places.first, two)
    places.push(places.second, two)
    places.bundle("a-damaged.bundle", three)
    data = (places.bundles / "a-damaged.bundle").read_bytes()
    (places.bundles / "a-damaged.bundle").write_bytes(data[:-30] + bytes(30))
    (places.bundles / "b-link.bundle").symlink_to(places.root / "work")
    os.mkfifo(places.bundles / "c-fifo.bundle")
    (places.bundles / "d-text.bundle").write_text("ext::sh -c touch% /tmp/pwned")
    places.work.git("update-ref", "refs/heads/other", one)
    places.work.git("bundle", "create", "--quiet", str(places.bundles / "e-none.bundle"), "refs/heads/other")
    places.work.git("bundle", "create", "--quiet", str(places.bundles / "f-thin.bundle"), "main", f"^{three}")
    (places.bundles / ".hidden.bundle").write_text("not looked at")
    (places.bundles / "--upload-pack=x.bundle").write_text("no option")
    assert places.look() == two
    assert dict(places.codes) == {
        "--upload-pack=x.bundle": "GM-S212",
        "a-damaged.bundle": "GM-S208",
        "b-link.bundle": "GM-S211",
        "c-fifo.bundle": "GM-S211",
        "d-text.bundle": "GM-S212",
        "e-none.bundle": "GM-S215",
        "f-thin.bundle": "GM-S213",
    }
    (error,) = [error for where, error in places.upstreams.troubles if where == "f-thin.bundle"]
    assert error.details == (three,)
    assert "put the bundle before it there" in error.hint
    with open_mirror(places.root / "state", str(places.first)) as mirror:
        assert not mirror.has(four)


def test_an_unchanged_bundle_is_unpacked_once_and_one_whose_base_came_later_is_taken(places, monkeypatch):
    one, two, three, _ = places.commits
    places.push(places.first, one)
    places.push(places.second, one)
    places.work.git("bundle", "create", "--quiet", str(places.bundles / "thin.bundle"), "main", f"^{two}")
    (places.bundles / "bad.bundle").write_text("bad")
    with open_mirror(places.root / "state", str(places.first)) as mirror:
        _, looked = places.open(mirror)
        assert looked.newest(None, _nothing) == one
        assert [error.code for _, error in looked.troubles] == ["GM-S212", "GM-S213"]
        places.push(places.first, three)
        assert looked.newest(one, _nothing) == places.commits[3]
        monkeypatch.setattr(module, "take_bundle", None)
        assert looked.newest(one, _nothing) == places.commits[3]
        assert [error.code for _, error in looked.troubles] == ["GM-S212"]


def test_a_directory_of_too_many_bundles_is_not_read(places, monkeypatch):
    monkeypatch.setattr(module, "MOST_BUNDLES", 1)
    places.push(places.first, places.commits[0])
    places.push(places.second, places.commits[0])
    places.bundle("a.bundle", places.commits[1])
    places.bundle("b.bundle", places.commits[1])
    assert places.look() == places.commits[0]
    assert places.away == ["bundles"]
    assert "holds 2 bundles" in places.upstreams.notes[0]
