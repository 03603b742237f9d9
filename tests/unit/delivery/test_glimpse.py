"""What the file system says of a version without reading it."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from gitops_models.delivery.glimpse import Glimpsing, take
from gitops_models.delivery.targets.directory import DirectoryTarget


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "tree"
    (folder / "deep").mkdir(parents=True)
    for name in ("model.onnx", "deep/vocab.txt"):
        (folder / name).write_bytes(b"abc")
    return folder


def _rewrite(folder):
    file = folder / "deep/vocab.txt"
    before = file.stat()
    file.write_bytes(b"cba")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def _swap_for_a_copy(folder):
    other = folder / "other"
    other.write_bytes(b"abc")
    other.replace(folder / "model.onnx")


CHANGES = {
    "rewritten with its old mtime": _rewrite,
    "replaced by a copy": _swap_for_a_copy,
    "added": lambda folder: (folder / "deep/more").write_bytes(b""),
    "removed": lambda folder: (folder / "model.onnx").unlink(),
    "another mode": lambda folder: (folder / "model.onnx").chmod(0o600),
    "the whole tree gone": lambda folder: folder.rename(folder.with_name("gone")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_kind_of_change_shows(tree, change):
    seen = take(tree.parent / "missing", tree=tree)
    assert seen.holds()
    change(tree)
    assert not seen.holds()


def test_what_is_missing_has_no_sign_until_it_is_there(tmp_path):
    seen = take(tmp_path / "missing", tmp_path / "missing" / "below")
    assert (seen.signs, seen.newest_ns) == ((None, None), 0)
    (tmp_path / "missing").write_bytes(b"")
    assert not seen.holds()


def test_it_is_believed_only_where_everything_was_left_alone_before(tree):
    seen, now = take(tree=tree), datetime.now(UTC)
    assert not seen.settled(now)
    assert seen.settled(now + timedelta(seconds=3))


def test_a_directory_target_can_be_glimpsed_at(tmp_path):
    assert isinstance(DirectoryTarget(tmp_path), Glimpsing)
