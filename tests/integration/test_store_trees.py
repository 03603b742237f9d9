import pytest

from gitops_models.errors import GmError
from gitops_models.registry.paths import Layout
from gitops_models.registry.snapshot import Entry
from gitops_models.store.repository import Store
from gitops_models.store.snapshots import governed_diff, governed_scopes, snapshot, tree_diff
from gitops_models.store.trees import read_tree, tree_of
from tests.support.git import init_repository

LAYOUT = Layout(models="models", governed=("docs/ai/**",))
FILES = {
    "README.md": "free\n",
    "docs/readme.md": "free\n",
    "docs/ai/rules.md": "governed\n",
    "gm.yaml": "kind: Repository\n",
    "policies/policy.yaml": "kind: Policy\n",
    ".dvc/config": "[core]\n",
    ".github/workflows/gm-policy.yml": "on: push\n",
    ".github/workflows/other.yml": "on: push\n",
    "models/.gitignore": "*.onnx\n",
    "models/fraud/model.yaml": "kind: Model\n",
    "models/fraud/versions/1.0.0/lineage.yaml": "kind: Lineage\n",
    "models/churn/model.yaml": "kind: Model\n",
    "src/deep/er/code.py": "x = 1\n",
}


@pytest.fixture
def repo(tmp_path, home):
    return init_repository(tmp_path / "repo", home)


def test_governed_files_are_given_by_scope(repo):
    repo.commit(FILES)
    scopes = governed_scopes(Store.open(repo.path), repo.rev("HEAD"), LAYOUT)
    assert {scope: sorted(entries) for scope, entries in scopes.items()} == {
        "policy": [
            ".dvc/config",
            ".github/workflows/gm-policy.yml",
            "docs/ai/rules.md",
            "gm.yaml",
            "models/.gitignore",
            "policies/policy.yaml",
        ],
        "model:fraud": ["models/fraud/model.yaml", "models/fraud/versions/1.0.0/lineage.yaml"],
        "model:churn": ["models/churn/model.yaml"],
    }


def test_entries_are_what_git_lists(repo):
    repo.commit(FILES)
    (repo.path / "models/fraud/model.yaml").chmod(0o755)
    (repo.path / "models/fraud/versions/1.0.0/link.dvc").symlink_to("/etc/passwd")
    oid = repo.commit()
    scopes = governed_scopes(Store.open(repo.path), oid, LAYOUT)
    listed = (line.split(maxsplit=3) for line in repo.git("ls-tree", "-r", "HEAD", "models/fraud").splitlines())
    assert dict(scopes["model:fraud"]) == {path: Entry(int(mode, 8), blob) for mode, _, blob, path in listed}


def test_nothing_is_governed_where_the_models_root_is_missing_or_a_file(repo):
    first = repo.commit({"README.md": "x"})
    second = repo.commit({"models": "not a directory"})
    store = Store.open(repo.path)
    assert governed_scopes(store, first, LAYOUT) == {}
    assert {scope: sorted(found) for scope, found in governed_scopes(store, second, LAYOUT).items()} == {
        "policy": ["models"]
    }


def test_a_nested_models_root_is_followed(repo):
    oid = repo.commit({"ml/models/fraud/model.yaml": "kind: Model\n", "ml/other/x": "1", "gm.yaml": "x"})
    scopes = governed_scopes(Store.open(repo.path), oid, Layout(models="ml/models"))
    assert {scope: list(entries) for scope, entries in scopes.items()} == {
        "policy": ["gm.yaml"],
        "model:fraud": ["ml/models/fraud/model.yaml"],
    }


def test_a_snapshot_lists_models_and_shares_the_scopes_that_did_not_change(repo):
    first = repo.commit(FILES)
    second = repo.commit({"models/churn/model.yaml": "kind: Model\nname: churn\n"})
    store = Store.open(repo.path)
    before, after = snapshot(store, first, LAYOUT), snapshot(store, second, LAYOUT)
    assert after.models() == ("churn", "fraud")
    assert before.scope("model:fraud") is after.scope("model:fraud")
    assert before.scope("model:churn") != after.scope("model:churn")


def test_a_governed_difference_holds_before_and_after_of_governed_paths_only(repo):
    first = repo.commit(FILES)
    second = repo.commit(
        {
            "README.md": "other\n",
            "models/churn/model.yaml": None,
            "models/fraud/stages/production.yaml": "kind: StageState\n",
            "policies/policy.yaml": "kind: Policy\nx: 1\n",
        }
    )
    store = Store.open(repo.path)
    old, new = repo.rev(f"{first}:policies/policy.yaml"), repo.rev(f"{second}:policies/policy.yaml")
    assert governed_diff(store, first, second, LAYOUT) == {
        "models/churn/model.yaml": (Entry(0o100644, repo.rev(f"{first}:models/churn/model.yaml")), None),
        "models/fraud/stages/production.yaml": (
            None,
            Entry(0o100644, repo.rev(f"{second}:models/fraud/stages/production.yaml")),
        ),
        "policies/policy.yaml": (Entry(0o100644, old), Entry(0o100644, new)),
    }
    assert "README.md" in tree_diff(store, first, second)
    assert set(governed_diff(store, None, first, LAYOUT)) == {
        path for entries in governed_scopes(store, first, LAYOUT).values() for path in entries
    }
    assert tree_diff(store, first, first) == {}


def test_a_file_that_became_a_directory_is_both_removed_and_added(repo):
    first = repo.commit({"models/fraud/versions": "file"})
    second = repo.commit({"models/fraud/versions": None, "models/fraud/versions/1.0.0/lineage.yaml": "x"})
    found = governed_diff(Store.open(repo.path), first, second, LAYOUT)
    assert {path: (bool(before), bool(after)) for path, (before, after) in found.items()} == {
        "models/fraud/versions": (True, False),
        "models/fraud/versions/1.0.0/lineage.yaml": (False, True),
    }


def test_unchanged_directories_are_not_opened(repo):
    first = repo.commit({f"models/m{number}/model.yaml": str(number) for number in range(50)})
    second = repo.commit({"models/m7/model.yaml": "other"})
    store = Store.open(repo.path)
    read = []
    raw = store.libgit2.read
    object.__setattr__(store, "libgit2", _Counting(store.libgit2, read, raw))
    assert list(governed_diff(store, first, second, LAYOUT)) == ["models/m7/model.yaml"]
    assert len(read) <= 8


class _Counting:
    def __init__(self, inner, read, raw):
        self._inner, self._read, self._raw = inner, read, raw

    def read(self, oid):
        self._read.append(oid)
        return self._raw(oid)

    def __getattr__(self, name):
        return getattr(self._inner, name)


def test_a_tree_is_found_from_a_tag_of_a_tag(repo):
    repo.commit({"x": "1"})
    repo.git("tag", "--no-sign", "-a", "-m", "1", "one")
    repo.git("tag", "--no-sign", "-a", "-m", "2", "two", "one")
    store = Store.open(repo.path)
    assert tree_of(store, repo.rev("two")) == repo.rev("HEAD^{tree}")
    with pytest.raises(GmError) as caught:
        tree_of(store, repo.rev("HEAD:x"))
    assert caught.value.code == "GM-S014"


def entry(name, oid, mode=b"100644"):
    return mode + b" " + name + b"\0" + bytes.fromhex(oid)


@pytest.mark.parametrize("kind", ["doubled", "unordered", "cut", "file and directory", "nonsense"])
def test_a_tree_that_two_programs_could_read_differently_is_refused(repo, kind):
    repo.commit({"x": "1", "d/y": "2"})
    blob, folder = repo.rev("HEAD:x"), repo.rev("HEAD:d")
    raw = {
        "doubled": entry(b"a", blob) + entry(b"a", blob),
        "unordered": entry(b"b", blob) + entry(b"a", blob),
        "cut": entry(b"a", blob) + b"100644 b",
        "file and directory": entry(b"a", blob) + entry(b"a", folder, b"40000"),
        "nonsense": b"hello",
    }[kind]
    oid = repo.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=raw)
    with pytest.raises(GmError) as caught:
        read_tree(Store.open(repo.path), oid)
    assert caught.value.code == "GM-S013"
