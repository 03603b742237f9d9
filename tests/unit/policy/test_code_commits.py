"""Which commits of code the judge of a poisoned input asks a repository about: no more than the change is about."""

from gitops_models.policy.selection import code_commits, commits_asked
from tests.support.policy import World, cause_file, version_files

SHA, LATER, OTHER = "c" * 40, "d" * 40, "e" * 40


def coded(commit):
    return {"code": {"commit": commit}}


def test_which_commits_of_code_are_looked_for():
    here = World().registered().registered(model="base")
    here.accept(version_files("1.0.0", model="base", **coded(OTHER)))
    here.accept(version_files("1.0.0", base="base@1.0.0", **coded(SHA))).accept(version_files("1.1.0"))
    here.accept(version_files("1.2.0", base="fraud@1.0.0", **coded(LATER)))
    here.accept(version_files("1.3.0", base="fraud@9.9.9"))
    snapshot = here.state.snapshot
    assert code_commits(snapshot, "fraud", ["1.2.0"]) == {SHA, LATER, OTHER}
    assert code_commits(snapshot, "fraud", ["1.1.0", "1.3.0", "7.0.0", "1.0.0"]) == {SHA, OTHER}
    assert code_commits(snapshot, "fraud", ["1.1.0"]) == frozenset()
    assert code_commits(snapshot, "base", ["1.0.0", "1.0.0"]) == {OTHER}


def test_the_code_of_what_is_named_left_and_restored_is_looked_for():
    here = World().registered().registered("1.0.0", model="churn")
    for number, commit in enumerate((SHA, LATER, OTHER, "1" * 40)):
        here.accept(version_files(f"1.{number}.0", **coded(commit)))
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        here.promoted(version, "development", "validation")

    def asked(*files, **fields):
        edits = {path: data for one in files for path, data in one.items()} | cause_file(poisoned=fields)
        return commits_asked(here.change(edits))

    back = here.stage("1.0.0", "development")
    gone = dict.fromkeys(here.stage("1.2.0", "validation"))
    assert asked(commit="a" * 40) == {"a" * 40: frozenset()}
    assert asked(commit="a" * 40, versions=["1.3.0"]) == {"a" * 40: {"1" * 40}}
    assert asked(back, commit="a" * 40) == {"a" * 40: {SHA, OTHER}}
    assert asked(gone, commit="a" * 40, versions=["1.1.0"]) == {"a" * 40: {LATER, OTHER}}
    assert asked(back, data="transactions") == {}
    two = cause_file("c2", poisoned={"commit": "b" * 40, "versions": ["1.1.0"]})
    assert asked(two, commit="a" * 40, versions=["1.0.0"]) == {"a" * 40: {SHA}, "b" * 40: {LATER}}
    same = cause_file("c2", poisoned={"commit": "a" * 40, "versions": ["1.1.0"]})
    assert asked(same, commit="a" * 40, versions=["1.0.0"]) == {"a" * 40: {SHA, LATER}}
    other = cause_file("c2", model="churn", poisoned={"commit": "b" * 40, "versions": ["1.0.0"]})
    assert asked(back, other, commit="a" * 40) == {"a" * 40: {SHA, OTHER}, "b" * 40: frozenset()}
    assert commits_asked(here.change(back)) == {}
