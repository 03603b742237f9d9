"""The content store keeps complete, verified objects or nothing."""

import fcntl
import hashlib
import io
import os
import stat
from pathlib import Path

import pytest

from gitops_models.artifacts.content import ContentStore
from gitops_models.artifacts.transfer import Expected, write_all
from gitops_models.errors import GmError
from tests.support.refusals import refused

DATA = b"weights" * 100_000
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def store(tmp_path):
    return ContentStore(tmp_path / "content")


def add(store, data):
    return store.add(io.BytesIO(data), SHA, len(DATA), where="remote/object")


def files(store):
    return [path for path in store.root.rglob("*") if not path.is_dir()]


def test_what_is_added_is_found_again(store):
    path = add(store, DATA)
    assert path == store.path(SHA) == store.get(SHA)
    assert path.read_bytes() == DATA
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert add(store, DATA) == path


@pytest.mark.parametrize(
    ("data", "code"),
    [(DATA[:-1], "GM-A312"), (DATA + b"x", "GM-A313"), (b"W" + DATA[1:], "GM-A314"), (b"", "GM-A312")],
)
def test_other_bytes_leave_nothing_behind(store, data, code):
    error = refused(code, add, store, data)
    assert error.exit_status == 5
    assert files(store) == []
    assert store.get(SHA) is None


def test_an_endless_stream_is_cut(store):
    class Endless(io.RawIOBase):
        def readinto(self, buffer):
            buffer[:] = b"x" * len(buffer)
            return len(buffer)

    refused("GM-A313", store.add_expected, Endless(), Expected("remote", limit=1 << 20))
    assert files(store) == []


def test_a_spoiled_object_is_not_given_out_and_removed(store):
    path = add(store, DATA)
    path.chmod(0o644)
    path.write_bytes(b"W" + DATA[1:])
    path.chmod(0o444)
    assert store.get(SHA) is None
    assert not path.exists()


def test_an_object_that_is_a_link_is_not_given_out(store, tmp_path):
    path = add(store, DATA)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert store.get(SHA) is None
    assert (tmp_path / "elsewhere").exists()
    assert add(store, DATA).is_symlink() is False


def test_an_md5_that_differs_is_refused(store):
    refused("GM-A314", store.add_expected, io.BytesIO(DATA), Expected("remote", limit=len(DATA), md5="0" * 32))


def test_what_a_killed_writer_left_is_removed_but_not_what_a_living_one_holds(store):
    leftovers = store.root / "tmp"
    leftovers.mkdir(parents=True)
    (leftovers / "dead").write_bytes(b"half")
    living = leftovers / "living"
    with living.open("wb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        add(store, DATA)
        assert [path.name for path in leftovers.iterdir()] == ["living"]


def test_a_failing_source_leaves_nothing_behind(store):
    class Broken(io.RawIOBase):
        def readinto(self, _buffer):
            raise GmError("GM-A321", "gone")

    with pytest.raises(GmError):
        store.add(Broken(), SHA, len(DATA), where="remote")
    assert files(store) == []


def test_a_store_that_cannot_be_made_is_an_external_fault(tmp_path):
    (tmp_path / "file").write_text("")
    refused("GM-A401", add, ContentStore(tmp_path / "file"), DATA)


def test_a_full_disk_is_an_external_fault():
    with Path("/dev/full").open("wb", buffering=0) as full:
        refused("GM-A401", write_all, full.fileno(), b"x")


@pytest.mark.clause("A-snapshots-8")
def test_objects_are_made_durable_before_they_get_their_name(store, monkeypatch):
    calls = []
    real_fsync, real_rename = os.fsync, type(store.root).rename
    monkeypatch.setattr(os, "fsync", lambda fd: (calls.append("fsync"), real_fsync(fd)))
    monkeypatch.setattr(
        type(store.root), "rename", lambda path, new: (calls.append("rename"), real_rename(path, new))[1]
    )
    add(store, DATA)
    assert calls == ["fsync", "fsync", "rename", "fsync"]
