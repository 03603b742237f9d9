import os

import pytest

from gitops_models.errors import Exit
from gitops_models.store.repository import Store
from tests.support.git import clone_repository, init_repository
from tests.support.refusals import refusal

MISSING = "1" * 40


@pytest.fixture
def repo(tmp_path, home):
    return init_repository(tmp_path / "repo", home)


def test_a_repository_is_found_from_a_directory_below_it(repo):
    repo.commit({"a/b/c.txt": "x"})
    store = Store.discover(repo.path / "a" / "b")
    assert (store.work_tree, store.git_dir, store.bare) == (repo.path, repo.path / ".git", False)


def test_a_directory_outside_of_any_repository_is_not_found(tmp_path):
    for call in (Store.discover, Store.open):
        error = refusal(call, tmp_path)
        assert (error.code, error.exit_status) == ("GM-S001", Exit.NOT_FOUND)
    assert refusal(Store.discover, tmp_path / "nowhere").code == "GM-S001"


def test_open_does_not_look_into_the_parents(repo):
    repo.commit({"a/b.txt": "x"})
    assert refusal(Store.open, repo.path / "a").code == "GM-S001"


def test_git_variables_of_the_caller_do_not_redirect_a_store(repo, tmp_path, home):
    other = init_repository(tmp_path / "other", home)
    other.commit({"x": "1"})
    mine = repo.commit({"x": "2"})
    environ = {**os.environ, "GIT_DIR": str(other.path / ".git"), "GIT_NAMESPACE": "evil"}
    store = Store.open(repo.path, environ=environ)
    assert store.refs() == {"refs/heads/main": mine}


def test_a_shallow_clone_is_refused_with_the_command_that_completes_it(repo, tmp_path, home):
    repo.commit({"x": "1"})
    repo.commit({"x": "2"})
    clone_repository(f"file://{repo.path}", tmp_path / "shallow", home, options=("--depth=1",))
    error = refusal(Store.open, tmp_path / "shallow")
    assert error.code == "GM-S003"
    assert "git fetch --unshallow" in error.hint


def test_a_partial_clone_is_refused(repo, tmp_path, home):
    repo.commit({"x": "1"})
    repo.git("config", "uploadpack.allowFilter", "true")
    clone_repository(f"file://{repo.path}", tmp_path / "partial", home, options=("--filter=blob:none", "--no-checkout"))
    assert refusal(Store.open, tmp_path / "partial").code == "GM-S004"


def test_a_sha256_repository_is_refused_with_the_reason(tmp_path, home):
    init_repository(tmp_path / "wide", home, options=("--object-format=sha256",))
    error = refusal(Store.open, tmp_path / "wide")
    assert (error.code, error.exit_status) == ("GM-S005", Exit.INTEGRITY)


def test_replaced_objects_and_grafts_are_refused(repo):
    first = repo.commit({"x": "1"})
    second = repo.commit({"x": "2"})
    repo.git("replace", second, first)
    assert refusal(Store.open, repo.path).code == "GM-S006"
    repo.git("pack-refs", "--all")
    assert refusal(Store.open, repo.path).code == "GM-S006"
    repo.git("replace", "-d", second)
    grafts = repo.path / ".git" / "info" / "grafts"
    grafts.write_text(f"{second}\n")
    assert refusal(Store.open, repo.path).code == "GM-S006"
    grafts.write_text("")
    Store.open(repo.path)


def test_an_unknown_repository_format_is_refused(repo):
    repo.git("config", "core.repositoryformatversion", "1")
    repo.git("config", "extensions.refstorage", "reftable")
    assert refusal(Store.open, repo.path).code == "GM-S007"


def test_a_damaged_repository_cannot_be_opened(repo):
    (repo.path / ".git" / "config").write_text("[core\n")
    assert refusal(Store.open, repo.path).code == "GM-S002"


def test_objects_are_read_with_their_type(repo):
    oid = repo.commit({"x": "one\n"})
    repo.git("tag", "--no-sign", "-a", "-m", "first", "v1")
    store = Store.open(repo.path)
    assert store.blob(repo.rev("HEAD:x")) == b"one\n"
    assert store.commit(oid).author.email == "ada@example.org"
    tag = store.tag(store.resolve("v1", kind="tag"))
    assert (tag.target, tag.name) == (oid, "v1")
    assert refusal(store.blob, oid).code == "GM-S014"


def test_a_missing_or_damaged_object_is_an_integrity_error(repo):
    repo.commit({"x": "one\n"})
    store = Store.open(repo.path)
    assert refusal(store.raw, MISSING).code == "GM-S013"
    oid = repo.rev("HEAD:x")
    loose = repo.path / ".git" / "objects" / oid[:2] / oid[2:]
    loose.chmod(0o644)
    loose.write_bytes(b"garbage")
    error = refusal(store.blob, oid)
    assert (error.code, error.exit_status) == ("GM-S013", Exit.INTEGRITY)


def test_revisions_are_resolved_and_peeled(repo):
    first = repo.commit({"x": "1"})
    second = repo.commit({"x": "2"})
    repo.git("tag", "--no-sign", "-a", "-m", "first", "v1", first)
    store = Store.open(repo.path)
    assert [store.resolve(text) for text in ("main", "main~1", "v1", first[:10])] == [second, first, first, first]
    assert store.resolve("v1", kind="any") == repo.rev("v1")
    assert store.resolve("main", kind="tree") == repo.rev("main^{tree}")


@pytest.mark.parametrize(
    ("text", "code"),
    [("nope", "GM-S011"), (MISSING, "GM-S011"), ("--all", "GM-S012"), ("a b", "GM-S012"), ("main:x", "GM-S014")],
)
def test_a_revision_that_names_no_commit_is_refused(repo, text, code):
    repo.commit({"x": "1"})
    assert refusal(Store.open(repo.path).resolve, text).code == code


def test_refs_are_listed_by_prefix_of_their_full_names(repo):
    oid = repo.commit({"x": "1"})
    for name in ("tags/fraud@v1.0.0", "tags/fraud@v1.1.0", "tags/fraudster@v1.0.0", "gm/changes/aa"):
        repo.git("update-ref", f"refs/{name}", oid)
    repo.git("pack-refs", "--all")
    store = Store.open(repo.path)
    assert list(store.refs("refs/tags/fraud@")) == ["refs/tags/fraud@v1.0.0", "refs/tags/fraud@v1.1.0"]
    assert store.refs("refs/gm/") == {"refs/gm/changes/aa": oid}
    assert len(store.refs()) == 5
    assert store.ref("refs/heads/main") == oid
    assert store.ref("refs/heads/none") is None


def test_the_checked_out_branch_is_named_even_before_the_first_commit(repo):
    assert Store.open(repo.path).head_branch() == "main"
    repo.commit({"x": "1"})
    repo.git("checkout", "--quiet", "-b", "gm/promote/fraud")
    assert Store.open(repo.path).head_branch() == "gm/promote/fraud"
    repo.git("checkout", "--quiet", "--detach")
    assert Store.open(repo.path).head_branch() is None


def test_a_linked_work_tree_shares_refs_and_objects(repo, tmp_path):
    oid = repo.commit({"x": "1"})
    repo.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "linked"))
    store = Store.open(tmp_path / "linked")
    assert (store.common_dir, store.work_tree) == (repo.path / ".git", tmp_path / "linked")
    assert (store.head_branch(), store.ref("refs/heads/main")) == ("side", oid)


def test_a_bare_repository_has_no_work_tree(tmp_path, home):
    bare = init_repository(tmp_path / "bare.git", home, bare=True)
    store = Store.open(bare.path)
    assert (store.bare, store.common_dir) == (True, bare.path)
    assert store.missing([MISSING]) == [MISSING]
