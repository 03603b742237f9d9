import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_models.registry.snapshot import Entry
from gitops_models.store.objects import Ident
from gitops_models.store.repository import Store
from gitops_models.store.trees import flatten
from gitops_models.store.writer import write_blob, write_commit, write_tag, write_tree
from tests.support.git import GitRepository, git_environment, init_repository
from tests.support.refusals import why_refused

ADA = Ident("Ada Example", "ada@example.org", 1_795_000_000, 60)
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@pytest.fixture
def repo(tmp_path, home):
    return init_repository(tmp_path / "repo", home)


def listed(repo, tree):
    return repo.git("ls-tree", "-r", "--name-only", tree).splitlines()


def test_a_tree_is_the_base_with_the_updates_and_nothing_on_disk_moves(repo):
    base = repo.commit({"a/b/c.txt": "1", "a/d.txt": "2", "e.txt": "3"})
    store = Store.open(repo.path)
    tree = write_tree(
        store, base, {"a/b/c.txt": None, "a/d.txt": b"new", "f/g.txt": Entry(0o100644, repo.rev("HEAD:e.txt"))}
    )
    assert listed(repo, tree) == ["a/d.txt", "e.txt", "f/g.txt"]
    assert repo.git("cat-file", "blob", f"{tree}:a/d.txt") == "new"
    assert (repo.rev("HEAD"), repo.git("status", "--porcelain")) == (base, "")


def test_removing_everything_gives_the_empty_tree(repo):
    base = repo.commit({"a/b/c.txt": "1"})
    store = Store.open(repo.path)
    assert write_tree(store, base, {"a/b/c.txt": None}) == EMPTY_TREE
    assert write_tree(store, None, {}) == EMPTY_TREE
    assert write_tree(store, base, {}) == repo.rev("HEAD^{tree}")
    assert write_tree(store, base, {"no/such.txt": None, "a/b/c.txt/d": None}) == repo.rev("HEAD^{tree}")


def test_a_file_may_become_a_directory_and_back_only_when_the_old_one_goes(repo):
    base = repo.commit({"a": "1", "d/x": "2"})
    store = Store.open(repo.path)
    assert why_refused(write_tree, store, base, {"a/b": b"1"}) == "GM-S016"
    assert why_refused(write_tree, store, base, {"d": b"1"}) == "GM-S016"
    assert listed(repo, write_tree(store, base, {"a": None, "a/b": b"1"})) == ["a/b", "d/x"]
    assert listed(repo, write_tree(store, base, {"d": b"1", "d/x": None})) == ["a", "d"]


@pytest.mark.parametrize("path", ["", "/a", "a//b", "a/", "../a", "a/./b", ".git/config", "a/.GIT/x", "a\0b"])
def test_a_path_that_no_tree_can_hold_is_refused(repo, path):
    repo.commit({"x": "1"})
    assert why_refused(write_tree, Store.open(repo.path), None, {path: b"1"}) == "GM-S016"


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    root = tmp_path_factory.mktemp("trees")
    (root / "home").mkdir()
    return init_repository(root / "repo", root / "home")


paths = st.lists(st.sampled_from(["a", "a.b", "a-b", "ab", "b", "é", "z0"]), min_size=1, max_size=3).map("/".join)


@settings(max_examples=60)
@given(st.dictionaries(paths, st.binary(max_size=3), max_size=6))
def test_a_written_tree_reads_back_and_satisfies_git(shared: GitRepository, files):
    store = Store.open(shared.path)
    folders = {path.rsplit("/", depth)[0] for path in files for depth in range(1, path.count("/") + 1)}
    if folders & set(files):
        assert why_refused(write_tree, store, None, files) == "GM-S016"
        return
    tree = write_tree(store, None, files)
    assert {path: store.blob(entry.oid) for path, entry in flatten(store, tree)} == files
    made = shared.git("mktree", stdin=store.git and shared.git("ls-tree", tree).encode() + b"\n" if files else b"")
    assert made == tree


def test_an_unsigned_commit_is_byte_for_byte_what_git_would_write(repo):
    parent = repo.commit({"x": "1"})
    repo.write({"x": "2"})
    repo.minutes += 1
    repo.git("commit", "--quiet", "-am", "Promote fraud\n\nGm-Event: promoted")
    oid = repo.rev("HEAD")
    store = Store.open(repo.path)
    theirs = store.commit(oid)
    tree = write_tree(store, parent, {"x": b"2"})
    assert (
        write_commit(store, tree, [parent], "Promote fraud\n\nGm-Event: promoted", theirs.author, theirs.committer)
        == oid
    )


@pytest.fixture
def signer(repo, tmp_path):
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", str(key)], check=True)
    allowed = tmp_path / "allowed"
    allowed.write_text(f'ada@example.org namespaces="git" {key.with_suffix(".pub").read_text()}')
    repo.git("config", "gpg.format", "ssh")
    repo.git("config", "gpg.ssh.allowedSignersFile", str(allowed))

    def sign(payload):
        command = ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", str(key)]
        environment = git_environment(repo.home)
        return subprocess.run(command, input=payload, capture_output=True, check=True, env=environment).stdout.decode()

    return sign


def test_git_accepts_signed_commits_and_tags(repo, signer):
    parent = repo.commit({"x": "1"})
    store = Store.open(repo.path)
    tree = write_tree(store, parent, {"models/fraud/model.yaml": b"kind: Model\n"})
    commit = write_commit(store, tree, [parent], "Register é", ADA, ADA, signer)
    tag = write_tag(store, "fraud@v1.0.0", commit, "fraud 1.0.0", ADA, signer)
    repo.git("update-ref", "refs/tags/fraud@v1.0.0", tag)
    repo.git("verify-commit", commit)
    repo.git("verify-tag", "fraud@v1.0.0")
    repo.git("fsck", "--strict", "--no-dangling")
    assert store.commit(commit).message == "Register é\n"
    assert store.tag(tag).target == commit


def test_text_that_would_forge_a_header_is_refused(repo):
    parent = repo.commit({"x": "1"})
    store = Store.open(repo.path)
    tree = repo.rev("HEAD^{tree}")
    for bad in (Ident("A\nparent x", "a", 1), Ident("A", "a>", 1), Ident("A\0", "a", 1)):
        assert why_refused(write_commit, store, tree, [parent], "m", bad, ADA) == "GM-S019"
        assert why_refused(write_commit, store, tree, [parent], "m", ADA, bad) == "GM-S019"
    assert why_refused(write_commit, store, tree, [parent], "a\0b", ADA, ADA) == "GM-S019"
    assert why_refused(write_tag, store, "a b", parent, "m", ADA) == "GM-S015"
    assert why_refused(write_commit, store, "--tree", [parent], "m", ADA, ADA) == "GM-S012"


def test_an_object_that_cannot_be_written_is_reported(repo):
    repo.commit({"x": "1"})
    store = Store.open(repo.path)
    objects = repo.path / ".git" / "objects"
    data = b"blocked"
    folder = objects / "9c"
    oid = write_blob(store, data)
    (objects / oid[:2] / oid[2:]).unlink()
    (objects / oid[:2]).rmdir()
    (objects / oid[:2]).write_text("a file where git wants a directory")
    assert folder != objects
    assert why_refused(write_blob, store, data) == "GM-S002"
