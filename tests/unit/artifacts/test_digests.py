"""Digests of files and directories."""

import hashlib
import os
import socket
from pathlib import Path

import pytest

from gitops_models.artifacts import digests, manifests
from gitops_models.artifacts.digests import hash_directory, hash_file, hash_path
from gitops_models.registry.canonical import FileDigest, tree_digest
from tests.support.refusals import refused


@pytest.mark.clause("A-snapshots-2")
def test_a_file_has_both_digests_and_its_size(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(b"abc")
    hashes = hash_file(path)
    assert (hashes.size, hashes.md5) == (3, hashlib.md5(b"abc").hexdigest())
    assert hashes.sha256 == hashlib.sha256(b"abc").hexdigest()


def test_a_large_file_in_two_threads_has_the_same_digests(tmp_path):
    path, data = tmp_path / "big", os.urandom(9 << 20) + b"tail"
    path.write_bytes(data)
    done = []
    hashes = hash_file(path, done.append)
    assert hashes.md5 == hashlib.md5(data).hexdigest()
    assert hashes.sha256 == hashlib.sha256(data).hexdigest()
    assert sum(done) == hashes.size == len(data)


def test_a_directory_has_the_tree_digest_of_its_files(tree):
    hashes = hash_directory(tree)
    rows = [
        FileDigest(str(path.relative_to(tree)), path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in tree.rglob("*")
        if path.is_file()
    ]
    assert hashes.sha256 == tree_digest(rows) == tree_digest(hashes.listing)
    assert (hashes.nfiles, hashes.size) == (4, 260)
    assert hashes.md5 == hashlib.md5(hashes.manifest).hexdigest() + ".dir"


def test_executable_bits_and_empty_folders_are_not_part_of_a_directory(tree):
    before = hash_directory(tree)
    (tree / "vocab.json").chmod(0o755)
    (tree / "empty").mkdir()
    after = hash_directory(tree)
    assert (after.sha256, after.md5) == (before.sha256, before.md5)


@pytest.mark.clause("B-4.2-7")
def test_one_changed_byte_changes_every_digest(tree):
    before = hash_directory(tree)
    (tree / "sub" / "same").write_text("{]")
    after = hash_directory(tree)
    assert after.sha256 != before.sha256
    assert after.md5 != before.md5


def test_hash_path_tells_files_from_directories(tree):
    assert hash_path(tree) == hash_directory(tree)
    assert hash_path(tree / "vocab.json") == hash_file(tree / "vocab.json")


def test_a_missing_file_is_refused(tmp_path):
    refused("GM-A101", hash_path, tmp_path / "absent")
    refused("GM-A101", hash_directory, tmp_path / "absent")


@pytest.mark.parametrize("target", ["vocab.json", "sub", "nowhere"])
def test_a_symbolic_link_is_refused_as_the_artifact_and_inside_it(tree, tmp_path, target):
    (tmp_path / "link").symlink_to(tree / target)
    refused("GM-A102", hash_path, tmp_path / "link")
    (tree / "inner").symlink_to(tree / target)
    refused("GM-A102", hash_directory, tree)


def test_a_directory_that_is_a_link_is_no_directory(tree, tmp_path):
    (tmp_path / "link").symlink_to(tree)
    assert refused("GM-A101", hash_directory, tmp_path / "link")


def test_special_files_are_refused_without_hanging(tree):
    os.mkfifo(tree / "pipe")
    refused("GM-A103", hash_file, tree / "pipe")
    refused("GM-A103", hash_directory, tree)
    (tree / "pipe").unlink()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tree / "sock"))
        refused("GM-A103", hash_file, tree / "sock")


def test_a_directory_is_no_file(tree):
    refused("GM-A103", hash_file, tree)


@pytest.fixture
def closed_tree(tree):
    """A tree with a file that only root may read, seen without root's rights and not through root's folders."""
    (tree / "vocab.json").chmod(0)
    folder, user = Path.cwd(), os.geteuid()
    os.chdir(tree)
    os.seteuid(user or 65534)
    yield Path()
    os.seteuid(user)
    os.chdir(folder)


def test_an_unreadable_file_is_refused(closed_tree):
    refused("GM-A104", hash_file, closed_tree / "vocab.json")
    refused("GM-A104", hash_directory, closed_tree)


@pytest.mark.parametrize(
    "name", [b"line\nbreak", b"\x1b[31m", b"\xff\xfe", "a\u202eb".encode(), b".git", b".dvcignore"]
)
def test_names_that_do_not_travel_are_refused(tree, name):
    os.mknod(os.fsencode(tree) + b"/" + name)
    error = refused("GM-A105", hash_directory, tree)
    assert error.message.isascii()
    assert "\n" not in error.message


def test_an_empty_directory_is_refused(tmp_path):
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    refused("GM-A107", hash_directory, tmp_path / "empty")


def test_a_directory_too_deep_or_too_large_is_refused(tmp_path, tree, monkeypatch):
    deep = tmp_path / "deep"
    (deep / "/".join("d" * (digests.MAX_DEPTH + 1))).mkdir(parents=True)
    refused("GM-A108", hash_directory, deep)
    monkeypatch.setattr(digests, "MAX_FILES", 3)
    refused("GM-A108", hash_directory, tree)


def test_a_file_that_grows_while_it_is_hashed_is_noticed(tmp_path):
    path = tmp_path / "growing"
    path.write_bytes(b"x" * (3 << 20))

    def grow(_done):
        with path.open("ab") as stream:
            stream.write(b"y")

    refused("GM-A106", hash_file, path, grow)


def test_a_file_rewritten_in_place_while_it_is_hashed_is_noticed(tmp_path):
    path = tmp_path / "rewritten"
    path.write_bytes(b"x" * (2 << 20))

    def rewrite(_done):
        with path.open("r+b") as stream:
            stream.write(b"y")

    refused("GM-A106", hash_file, path, rewrite)


def test_a_file_added_to_a_directory_while_it_is_hashed_is_noticed(tree):
    refused("GM-A106", hash_directory, tree, lambda _done: (tree / "late").write_text("late"))


def test_a_manifest_is_sorted_as_dvc_sorts_it():
    rows = [manifests.ManifestEntry(path, "0" * 32) for path in ("é", "z", "Z", "a/b", "a.b")]
    data = manifests.render_manifest(rows)
    assert [entry.relpath for entry in manifests.parse_manifest(data, "here")] == ["Z", "a.b", "a/b", "z", "é"]
    assert b'"relpath": "\\u00e9"' in data


def test_a_read_that_fails_on_the_way_is_an_external_fault():
    error = refused("GM-A109", hash_file, Path("/proc/self/mem"))
    assert error.exit_status == 9
