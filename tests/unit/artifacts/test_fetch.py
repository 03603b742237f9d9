"""A version at its destination: all of it, verified, or nothing."""

import hashlib
import json
import shutil

import pytest

from gitops_models.artifacts.compare import compare_version
from gitops_models.artifacts.content import ContentStore
from gitops_models.artifacts.fetch import fetch_version
from gitops_models.artifacts.pointers import Pointer
from gitops_models.artifacts.readers import LocalReader
from gitops_models.errors import GmError
from gitops_models.registry.canonical import jcs


@pytest.fixture(params=["direct", "store"])
def content(request, tmp_path):
    return None if request.param == "direct" else ContentStore(tmp_path / "content")


@pytest.fixture
def dest(tmp_path):
    return tmp_path / "served" / "fraud"


def get(remote, dest, content=None, **changes):
    lineage = changes.pop("lineage", remote.lineage)
    return fetch_version(lineage, changes.pop("pointers", remote.pointers), remote.reader, dest, content)


def refused(code, remote, dest, content=None, **changes):
    with pytest.raises(GmError) as caught:
        get(remote, dest, content, **changes)
    assert caught.value.code == code
    assert not dest.exists()
    assert not dest.parent.exists() or list(dest.parent.iterdir()) == []
    return caught.value


def first(remote, **update):
    """The lineage with its first artifact changed."""
    entries = (remote.entries[0].model_copy(update=update), *remote.entries[1:])
    return remote.lineage.model_copy(update={"artifacts": entries})


def same(tree, fetched):
    relpaths = sorted(path.relative_to(tree) for path in tree.rglob("*"))
    assert sorted(path.relative_to(fetched) for path in fetched.rglob("*")) == relpaths
    return all(
        (fetched / path).read_bytes() == (tree / path).read_bytes() for path in relpaths if (tree / path).is_file()
    )


def test_a_version_is_fetched_whole(remote, tree, dest, content):
    assert get(remote, dest, content) == dest
    assert (dest / "model.onnx").read_bytes() == b"weights" * 1000
    assert same(tree, dest / "tokenizer")
    assert compare_version(remote.lineage, dest) == ()
    assert [path.name for path in dest.parent.iterdir()] == ["fraud"]


def test_files_with_equal_bytes_are_separate_files(remote, dest, content):
    get(remote, dest, content)
    assert (dest / "tokenizer" / "vocab.json").stat().st_nlink == 1
    (dest / "tokenizer" / "vocab.json").write_text("changed")
    assert (dest / "tokenizer" / "sub" / "same").read_text() == "{}"


def test_fetching_again_verifies_and_changes_nothing(remote, dest, content):
    get(remote, dest, content)
    inode = (dest / "model.onnx").stat().st_ino
    shutil.rmtree(remote.root)
    assert get(remote, dest, content) == dest
    assert (dest / "model.onnx").stat().st_ino == inode


def test_a_destination_with_other_bytes_is_left_alone(remote, dest):
    get(remote, dest)
    (dest / "model.onnx").write_bytes(b"mine")
    (dest / "notes.txt").write_text("mine too")
    with pytest.raises(GmError) as caught:
        get(remote, dest)
    assert (caught.value.code, caught.value.exit_status) == ("GM-A402", 7)
    assert [detail.split(":")[0] for detail in caught.value.details] == ["model.onnx", "notes.txt"]
    assert (dest / "model.onnx").read_bytes() == b"mine"


def test_an_empty_destination_is_filled(remote, dest):
    dest.mkdir(parents=True)
    get(remote, dest)
    assert (dest / "model.onnx").exists()


@pytest.mark.parametrize("kind", ["file", "link", "dangling"])
def test_a_destination_that_is_no_directory_is_refused(remote, dest, tmp_path, kind):
    dest.parent.mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    if kind == "file":
        dest.write_text("x")
    else:
        dest.symlink_to(tmp_path / ("empty" if kind == "link" else "nowhere"))
    with pytest.raises(GmError) as caught:
        get(remote, dest)
    assert caught.value.code == "GM-A402"
    assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.clause("A-snapshots-11", "A-testing-5")
@pytest.mark.parametrize(
    ("spoil", "code", "exit_status"),
    [
        (lambda data: b"W" + data[1:], "GM-A314", 5),
        (lambda data: data[:-1], "GM-A312", 5),
        (lambda data: data + b"x", "GM-A313", 5),
    ],
)
def test_a_spoiled_object_is_refused_whatever_its_mode(remote, dest, content, spoil, code, exit_status):
    md5 = remote.pointers["model.onnx"].md5
    remote.put(md5, spoil(b"weights" * 1000))
    assert remote.object(md5).stat().st_mode & 0o777 == 0o444
    assert refused(code, remote, dest, content).exit_status == exit_status


def test_a_missing_object_is_not_found(remote, dest, content):
    remote.object(remote.pointers["model.onnx"].md5).unlink()
    assert refused("GM-A311", remote, dest, content).exit_status == 6


def test_a_spoiled_file_of_a_directory_is_refused(remote, dest, content):
    md5 = hashlib.md5(b"{}").hexdigest()
    remote.put(md5, b"[]")
    refused("GM-A314", remote, dest, content)
    remote.put(md5, b"x" * 1_000_000)
    refused("GM-A313", remote, dest, content)
    remote.object(md5).unlink()
    refused("GM-A311", remote, dest, content)


def swap_manifest(remote, rows):
    """A manifest of other rows under a fitting MD5, and the pointer and lineage address that name it."""
    data = json.dumps(rows).encode()
    md5 = hashlib.md5(data).hexdigest() + ".dir"
    remote.put(md5, data)
    old = remote.pointers["tokenizer"]
    remote.pointers["tokenizer"] = Pointer("tokenizer", md5, old.size, len(rows))
    remote.entries[1] = remote.entries[1].model_copy(update={"md5": None})


def rows_of(remote):
    return json.loads(remote.object(remote.pointers["tokenizer"].md5).read_bytes())


def test_a_swapped_manifest_is_refused(remote, dest, content):
    remote.put(remote.pointers["tokenizer"].md5, b"[]")
    refused("GM-A314", remote, dest, content)


def test_a_manifest_that_leaves_a_file_out_or_renames_one_is_another_directory(remote, dest, content):
    rows = rows_of(remote)
    swap_manifest(remote, rows[:-1])
    refused("GM-A403", remote, dest, content)
    swap_manifest(remote, [rows[0] | {"relpath": "renamed"}, *rows[1:]])
    refused("GM-A403", remote, dest, content)


def test_a_manifest_that_climbs_out_writes_nothing(remote, dest, content, tmp_path):
    rows = rows_of(remote)
    swap_manifest(remote, [rows[0] | {"relpath": "../../../escaped"}, *rows[1:]])
    refused("GM-A212", remote, dest, content)
    assert not list(tmp_path.rglob("escaped"))


def test_a_manifest_with_another_count_than_the_pointer_is_refused(remote, dest):
    pointer = remote.pointers["tokenizer"]
    wrong = remote.pointers | {"tokenizer": Pointer("tokenizer", pointer.md5, pointer.size, 3)}
    refused("GM-A204", remote, dest, pointers=wrong)


@pytest.mark.parametrize("field", ["name", "size", "md5"])
def test_a_pointer_that_contradicts_the_lineage_is_refused(remote, dest, field):
    good = remote.pointers["model.onnx"]
    values = {"name": good.name, "md5": good.md5, "size": good.size}
    values[field] = {"name": "other", "md5": "0" * 32, "size": 1}[field]
    refused("GM-A204", remote, dest, pointers=remote.pointers | {"model.onnx": Pointer(**values)})


def test_an_artifact_without_a_pointer_is_refused(remote, dest):
    assert refused("GM-A205", remote, dest, pointers={}).exit_status == 6


def test_another_sha256_in_the_lineage_is_refused(remote, dest, content):
    refused("GM-A314", remote, dest, content, lineage=first(remote, sha256="0" * 64))


@pytest.mark.parametrize("path", ["..", ".git", "a/b", "/etc/passwd"])
def test_an_artifact_path_that_is_no_plain_name_is_refused(remote, dest, path):
    refused("GM-A105", remote, dest, lineage=first(remote, path=path))


def test_a_remote_that_is_away_is_unreachable(remote, dest, content):
    with pytest.raises(GmError) as caught:
        fetch_version(remote.lineage, remote.pointers, LocalReader(remote.root / "unmounted"), dest, content)
    assert (caught.value.code, caught.value.exit_status) == ("GM-A321", 9)


def test_the_store_serves_again_without_the_remote(remote, tree, dest, tmp_path):
    content = ContentStore(tmp_path / "content")
    get(remote, dest, content)
    shutil.rmtree(remote.root)
    get(remote, tmp_path / "second", content)
    assert same(tree, tmp_path / "second" / "tokenizer")


def test_a_spoiled_object_of_the_store_is_fetched_again(remote, dest, tmp_path):
    content = ContentStore(tmp_path / "content")
    get(remote, dest, content)
    for entry in [*content.root.glob("*/*")]:
        entry.chmod(0o644)
        entry.write_bytes(b"rot")
    get(remote, tmp_path / "second", content)
    assert compare_version(remote.lineage, tmp_path / "second") == ()


def test_a_file_whose_bytes_are_a_listing_does_not_stand_for_a_directory(remote, tmp_path):
    content = ContentStore(tmp_path / "content")
    data = jcs([{"path": "../../escaped", "size": 0, "sha256": hashlib.sha256(b"").hexdigest()}])
    listing = tmp_path / "listing.json"
    listing.write_bytes(data)
    (tmp_path / "void").write_bytes(b"")
    for path in (listing, tmp_path / "void"):
        remote.add(path)
    get(remote, tmp_path / "first", content)
    forged = remote.entries[1].model_copy(update={"sha256": hashlib.sha256(data).hexdigest()})
    remote.entries[1] = forged
    refused("GM-A403", remote, tmp_path / "out" / "second", content)
    assert not list(tmp_path.rglob("escaped"))


def test_what_a_killed_fetch_left_beside_the_destination_is_removed(remote, dest):
    leftover = dest.parent / ".fraud.gm-dead"
    (leftover / "version").mkdir(parents=True)
    (leftover / "version" / "model.onnx").write_bytes(b"half")
    get(remote, dest)
    assert [path.name for path in dest.parent.iterdir()] == ["fraud"]


def test_differences_are_named(remote, dest):
    get(remote, dest)
    (dest / "model.onnx").unlink()
    (dest / "model.onnx").symlink_to("/etc/passwd")
    (dest / "tokenizer" / "late").write_text("x")
    (dest / "extra").write_text("x")
    (dest / "state.json").write_text("x")
    found = compare_version(remote.lineage, dest, ignore=frozenset({"state.json"}))
    assert [(item.path, item.kind) for item in found] == [
        ("model.onnx", "unsafe"),
        ("tokenizer", "changed"),
        ("extra", "extra"),
    ]
    shutil.rmtree(dest)
    assert [item.kind for item in compare_version(remote.lineage, dest)] == ["missing", "missing"]


def test_a_destination_that_cannot_be_made_is_an_external_fault(remote, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(GmError) as caught:
        get(remote, tmp_path / "file" / "dest")
    assert caught.value.code == "GM-A401"
