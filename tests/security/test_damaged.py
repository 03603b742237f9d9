"""Objects that read in two ways, or not at all: they are judged and refused, and stop no reader."""

import pygit2
import pytest

from gitops_models.delivery.results import Done
from gitops_models.errors import GmError
from gitops_models.registry.snapshot import Entry
from gitops_models.store.history import parents
from gitops_models.store.objects import parse_commit
from gitops_models.store.writer import write_blob, write_tree
from tests.support.delivery import content_of
from tests.support.delivery_site import STATE_PATH, Site
from tests.support.stories import stage_file

STAGE = "models/fraud/stages/production.yaml"
FOLDS = "gitops_models.verification.fold.fold"


def raw_commit(registry, tree, *, extra=""):
    """An unsigned commit on the tip with headers that git never writes."""
    who = "x <x@example.org> 1800000000 +0000"
    data = f"tree {tree}\nparent {registry.tip}\nauthor {who}\ncommitter {who}\n{extra}\nmessage\n"
    return str(registry.store.libgit2.odb.write(pygit2.enums.ObjectType.COMMIT, data.encode()))


@pytest.mark.parametrize("second", ["of a missing object", "of a blob", "of a commit"])
def test_a_parent_header_after_the_committer_is_no_parent(registry, second):
    oid = {
        "of a missing object": "12" * 20,
        "of a blob": write_blob(registry.store, b"x"),
        "of a commit": registry.pin,
    }[second]
    commit = raw_commit(registry, registry.store.commit(registry.tip).tree, extra=f"parent {oid}\n")
    assert registry.store.commit(commit).parents == parents(registry.store, commit) == (registry.tip,)
    before = registry.live_version("fraud", "staging")
    registry.force(commit)
    assert registry.statuses()[-1] == "untouched"
    registry.force(raw_commit(registry, write_tree(registry.store, registry.tip, {STAGE: b"x"}), extra=f"parent {oid}"))
    assert registry.statuses()[-1] == "denied"
    assert registry.live_version("fraud", "staging") == before


def test_the_parents_of_a_merge_are_those_right_after_the_tree():
    head = f"tree {'1' * 40}\nparent {'2' * 40}\nparent {'3' * 40}\nauthor a <a> 0 +0000\nparent {'4' * 40}\n\nm"
    assert parse_commit("0" * 40, head.encode()).parents == ("2" * 40, "3" * 40)


@pytest.mark.attack("a tree entry that calls a tree, a commit or nothing a file", "GM-P003", by="author")
@pytest.mark.parametrize("mode", [0o100644, 0o100755, 0o120000])
@pytest.mark.parametrize("what", ["a tree", "a commit", "a missing object"])
@pytest.mark.parametrize("path", [STAGE, "policies/policy.yaml", "models/spam/model.yaml"])
def test_an_entry_that_is_no_file_is_refused_and_stops_no_reader(registry, path, what, mode):
    oid = {
        "a tree": registry.store.commit(registry.tip).tree,
        "a commit": registry.tip,
        "a missing object": "34" * 20,
    }[what]
    commit = registry.commit({path: Entry(mode, oid)}, land=True)
    assert registry.statuses()[-1] == "denied"
    assert "GM-P003" in registry.history().steps[-1].verdict.codes
    # The next step is judged as if nothing had been there.
    other = "spam" if path.startswith("models/fraud") else "fraud"
    if not path.startswith("policies"):
        registry.commit(stage_file(registry, "1.0.0", "staging", other), land=True)
        assert registry.store.commit(registry.tip).parents == (commit,)
    assert len(registry.history().steps) == len(registry.statuses())


# The reconciler


@pytest.fixture
def site(tmp_path, home):
    return Site(tmp_path, home)


@pytest.mark.parametrize("error", [ValueError("no"), RecursionError("deep"), KeyError("x")])
def test_whatever_folding_raises_the_last_good_model_is_healed(site, monkeypatch, error):
    from gitops_models.verification import fold as folding  # noqa: PLC0415 - what the attack replaces

    assert site.run().ok
    site.work.commit({STATE_PATH: site.stage_state("1.1.0")}, "Promote")
    site.push()
    tip, real = site.work.git("rev-parse", "HEAD"), folding.fold

    def fold(store, **keywords):
        if keywords["tip"] == tip:
            raise error
        return real(store, **keywords)

    monkeypatch.setattr(FOLDS, fold)
    (site.srv / "fraud/production/current").unlink()
    report = site.run()
    assert [(name, problem.code) for name, problem in report.problems] == [("repository", "GM-C001")]
    assert (report.results[0].done, site.served()) == (Done.HEALED, content_of("1.0.0"))


def test_where_nothing_was_accepted_before_the_problem_is_raised(site, monkeypatch):
    def fold(*_, **__):
        raise ValueError("no")

    monkeypatch.setattr(FOLDS, fold)
    with pytest.raises(GmError) as caught:
        site.run()
    assert caught.value.code == "GM-C001"
