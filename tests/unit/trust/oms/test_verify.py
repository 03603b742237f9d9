"""A directory against what was signed."""

import hashlib
import os
import socket
import tracemalloc
from dataclasses import replace

import pytest

from gitops_models.errors import GmError
from gitops_models.registry.canonical import FileDigest
from gitops_models.trust.oms import tree
from gitops_models.trust.oms.names import Resource
from gitops_models.trust.oms.statement import read_manifest, write_manifest
from gitops_models.trust.oms.tree import hash_resource
from gitops_models.trust.oms.verify import verify_tree

CONTENT = {"a.bin": b"a" * 10, "sub/b": b"b", "sub/deep/c": b"", "sub-x": b"x" * 7}


@pytest.fixture(name="model")
def _model(tmp_path):
    root = tmp_path / "model"
    for path, data in CONTENT.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    return root


def files_of(content):
    return [FileDigest(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in content.items()]


MANIFEST = read_manifest(write_manifest("model", files_of(CONTENT)))


def shards(size):
    made = [
        Resource(path, start, min(start + size, len(data)), hashlib.sha256(data[start : start + size]).digest())
        for path, data in CONTENT.items()
        for start in range(0, len(data), size)
    ]
    return replace(MANIFEST, shard_size=size, resources=tuple(made))


def refusal_of(model, manifest=MANIFEST, **options):
    with pytest.raises(GmError) as refusal:
        verify_tree(model, manifest, **options)
    return refusal.value


def test_a_model_as_signed_holds(model):
    assert {file.path: file.size for file in verify_tree(model, MANIFEST)} == {
        path: len(data) for path, data in CONTENT.items()
    }


def test_files_larger_than_a_piece_are_hashed_in_pieces(model, monkeypatch):
    monkeypatch.setattr(tree, "_CHUNK", 3)
    verify_tree(model, MANIFEST)
    (model / "sub/deep/c").unlink()
    verify_tree(model, shards(4))


@pytest.mark.parametrize("size", [1, 3, 7, 10, 1000])
def test_shards_of_every_size_hold(model, size):
    (model / "sub/deep/c").unlink()
    verify_tree(model, shards(size))


def test_an_empty_file_is_in_no_shard_so_it_must_be_left_out_by_name(model):
    assert refusal_of(model, shards(3)).code == "GM-T725"
    verify_tree(model, shards(3), ignored=["sub/deep"])


def test_extra_files_are_refused_and_named(model):
    (model / "new").write_bytes(b"")
    (model / "sub" / "other").write_bytes(b"")
    refusal = refusal_of(model)
    assert (refusal.code, refusal.where, refusal.details) == ("GM-T725", "new", ("sub/other",))
    assert refusal.message == "2 files are not signed"


def test_an_extra_file_whose_name_is_no_text_is_refused(model):
    (model / os.fsdecode(b"\xff")).touch()
    refusal = refusal_of(model)
    assert (refusal.code, refusal.where) == ("GM-T725", "\\xff")


def test_what_the_signer_or_the_reader_left_out_is_not_looked_at(model):
    (model / ".git").mkdir()
    (model / ".git" / "HEAD").symlink_to("/etc/passwd")
    (model / "model.sig").write_bytes(b"")
    (model / "README").symlink_to("/etc/passwd")
    assert refusal_of(model).code == "GM-T728"
    verify_tree(model, MANIFEST, ignored=["README"])


def test_a_missing_file_is_refused(model):
    (model / "sub" / "b").unlink()
    refusal = refusal_of(model)
    assert (refusal.code, refusal.where, refusal.message) == ("GM-T726", "sub/b", "1 file is missing")


def test_other_bytes_are_refused(model):
    (model / "a.bin").write_bytes(b"a" * 9 + b"b")
    refusal = refusal_of(model)
    assert (refusal.code, refusal.where) == ("GM-T727", "a.bin")
    (model / "sub/deep/c").unlink()
    assert refusal_of(model, shards(3)).where == "a.bin:9:10"


@pytest.mark.parametrize("size", [9, 11, 12, 0])
def test_another_size_than_the_shards_cover_is_refused(model, size):
    (model / "sub/deep/c").unlink()
    (model / "a.bin").write_bytes(b"a" * size)
    assert refusal_of(model, shards(3)).code == "GM-T727"


def test_a_gap_between_shards_is_refused(model):
    (model / "sub/deep/c").unlink()
    whole = shards(3)
    gap = replace(whole, resources=tuple(each for each in whole.resources if each.name != "a.bin:3:6"))
    assert refusal_of(model, gap).code == "GM-T727"


def test_a_signed_file_that_is_left_out_is_a_contradiction(model):
    assert refusal_of(model, ignored=["sub"]).code == "GM-T724"
    assert refusal_of(model, replace(MANIFEST, ignored=("sub/deep",))).code == "GM-T724"
    verify_tree(model, MANIFEST, ignored=["su", "sub/d"])


def test_links_are_refused_wherever_they_lead(model):
    (model / "link").symlink_to("a.bin")
    assert refusal_of(model).code == "GM-T728"
    (model / "link").unlink()
    (model / "sub" / "b").unlink()
    (model / "sub" / "b").symlink_to("../a.bin")
    assert refusal_of(model).code == "GM-T728"


def test_a_linked_directory_is_refused(model, tmp_path):
    (model / "sub").rename(tmp_path / "elsewhere")
    (model / "sub").symlink_to(tmp_path / "elsewhere")
    assert refusal_of(model).code == "GM-T728"


def test_sockets_and_pipes_are_refused(model, monkeypatch):
    monkeypatch.chdir(model)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
        assert refusal_of(model).code == "GM-T728"
    (model / "s").unlink()
    os.mkfifo(model / "p")
    assert refusal_of(model).code == "GM-T728"


@pytest.mark.parametrize(
    ("swap", "code"),
    [
        (lambda root: (root / "sub").rename(root / "gone"), "GM-T726"),
        (lambda root: (root / "sub" / "b").unlink(), "GM-T726"),
        (lambda root: [(root / "sub" / "b").unlink(), (root / "sub" / "b").symlink_to("/etc/passwd")], "GM-T728"),
        (lambda root: [(root / "sub").rename(root / "gone"), (root / "sub").symlink_to(root / "gone")], "GM-T728"),
        (lambda root: [(root / "sub" / "b").unlink(), os.mkfifo(root / "sub" / "b")], "GM-T728"),
        (lambda root: [(root / "sub" / "b").unlink(), (root / "sub" / "b").mkdir()], "GM-T728"),
    ],
)
def test_a_file_swapped_between_listing_and_reading_is_refused(model, swap, code):
    swap(model)
    descriptor = os.open(model, os.O_RDONLY)
    with pytest.raises(GmError) as refusal:
        hash_resource(descriptor, Resource("sub/b", 0, None, b""), "sha256")
    os.close(descriptor)
    assert (refusal.value.code, refusal.value.where) == (code, "sub/b")


def test_a_large_file_is_hashed_in_bounded_memory(tmp_path):
    size = 96 * 1024 * 1024
    with (tmp_path / "weights").open("wb") as weights:
        weights.truncate(size)
    digest = hashlib.sha256(bytes(size)).hexdigest()
    manifest = read_manifest(write_manifest("m", [FileDigest("weights", size, digest)]))
    tracemalloc.start()
    try:
        verify_tree(tmp_path, manifest)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * 1024 * 1024
