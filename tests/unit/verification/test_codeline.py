"""Which commits of code follow a poisoned one, in a repository that really holds them."""

from gitops_models.policy.selection import commits_asked
from gitops_models.verification.changes import change_of
from gitops_models.verification.codeline import MOST, followers, follows
from tests.support import stories
from tests.support.policy import World, cause_file

SHA = "c" * 40


def test_only_what_descends_from_the_commit_on_this_line_follows_it(tmp_path):
    story = stories.registry(tmp_path / "registry.git")
    root = story.tip
    bad = story.commit({"train.py": b"bad"}, land=True)
    beside = story.commit({"other.py": b"beside"}, parents=[root])
    after = story.commit({"train.py": b"later"}, parents=[bad, beside], land=True)
    stray = story.commit({"stray.py": b"never merged"}, parents=[bad])
    asked = {root, bad, beside, after, stray, SHA}
    assert followers(story.store, bad, asked, story.tip) == {after}
    assert followers(story.store, SHA, asked, story.tip) == frozenset()
    assert followers(story.store, stray, asked, story.tip) == frozenset()
    assert followers(story.store, bad, [], story.tip) == frozenset()
    assert followers(story.store, bad, asked, "0" * 40) == frozenset()


def test_a_document_that_cannot_be_read_follows_nothing(tmp_path):
    story = stories.registry(tmp_path / "registry.git")
    here = World().registered("1.0.0")
    cause = cause_file(poisoned={"commit": SHA, "versions": ["1.1.0"]})
    change = here.change({**cause, "models/fraud/versions/1.1.0/lineage.yaml": b"no document"})
    assert follows(story.store, change, story.tip) == frozenset()


def test_only_the_first_poisoned_commits_of_a_change_are_followed(tmp_path):
    story = stories.registry(tmp_path / "registry.git")
    commits = [story.commit({f"train-{n}.py": b"x"}, land=True) for n in range(MOST + 3)]
    story.version("fraud", "1.0.0", code={"commit": commits[-1]})
    files = {}
    for number, commit in enumerate(commits[:-1]):
        files |= cause_file(f"c{number}", by="operator", poisoned={"commit": commit, "versions": ["1.0.0"]})
    change = change_of(story.history(), {path: story.entry(data) for path, data in files.items()})
    assert len(commits_asked(change)) == MOST + 2
    found = follows(story.store, change, story.tip)
    assert found == {(commit, commits[-1]) for commit in sorted(commits[:-1])[:MOST]}
