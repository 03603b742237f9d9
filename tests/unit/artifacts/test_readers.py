"""Readers of a remote: objects by hash, never through a link."""

import os

import pytest

from gitops_models.artifacts.cloud_errors import cloud_error
from gitops_models.artifacts.readers import CloudReader, LocalReader, object_path, open_remote
from gitops_models.artifacts.remotes import RemoteSpec
from gitops_models.errors import GmError
from tests.support.refusals import refused

MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def test_an_object_lies_below_its_first_two_digits():
    assert object_path(f"{MD5}.dir") == f"files/md5/d4/{MD5[2:]}.dir"


def test_a_local_remote_is_read_by_hash(remote):
    pointer = remote.pointers["model.onnx"]
    reader = open_remote(RemoteSpec(str(remote.root)))
    assert isinstance(reader, LocalReader)
    assert (reader.size(pointer.md5), reader.exists(pointer.md5)) == (pointer.size, True)
    with reader.open(pointer.md5) as stream:
        assert stream.read() == b"weights" * 1000


def test_a_missing_object_is_not_found(remote):
    error = refused("GM-A311", remote.reader.open, MD5[::-1])
    assert error.exit_status == 6
    assert remote.reader.size(MD5[::-1]) is None
    assert not remote.reader.exists(MD5[::-1])


def test_a_remote_that_is_away_is_unreachable_not_empty(tmp_path):
    reader = LocalReader(tmp_path / "unmounted")
    for call in (reader.open, reader.size, reader.exists):
        assert refused("GM-A321", call, MD5).exit_status == 9


def test_an_object_that_is_a_link_a_pipe_or_a_folder_is_refused(remote, tmp_path):
    md5 = remote.pointers["model.onnx"].md5
    path = remote.object(md5)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert refused("GM-A315", remote.reader.open, md5).exit_status == 5
    refused("GM-A315", remote.reader.size, md5)
    path.unlink()
    os.mkfifo(path)
    refused("GM-A315", remote.reader.open, md5)
    path.unlink()
    path.mkdir()
    refused("GM-A315", remote.reader.open, md5)


def test_a_remote_that_may_not_be_read_is_unreachable(tmp_path):
    (tmp_path / "files").write_text("a file in the place of the folder")
    reader = LocalReader(tmp_path)
    refused("GM-A321", reader.size, MD5)


def test_addresses_show_no_user_information():
    spec = RemoteSpec("https://user:secret@host/store", {"password": "secret"})
    reader = open_remote(spec)
    assert isinstance(reader, CloudReader)
    assert reader.where(MD5) == f"https://host/store/{object_path(MD5)}"
    assert "password" not in repr(spec)


@pytest.mark.parametrize("scheme", ["gs", "azure", "oss", "webhdfs"])
def test_a_remote_without_its_driver_says_what_to_install(scheme):
    error = refused("GM-A305", open_remote(RemoteSpec(f"{scheme}://bucket/path")).open, MD5)
    assert "install" in error.message


class AuthError(Exception):
    """As dvc_objects.fs.errors names it."""


@pytest.mark.parametrize(
    ("error", "code", "exit_status"),
    [
        (AuthError("no"), "GM-A322", 4),
        (PermissionError(13, "no"), "GM-A322", 4),
        (OSError(13, "no"), "GM-A322", 4),
        (TimeoutError("late"), "GM-A321", 9),
        (ValueError("odd"), "GM-A321", 9),
        (GmError("GM-A311", "kept"), "GM-A311", 6),
    ],
)
def test_what_a_driver_raises_gets_a_code(error, code, exit_status):
    coded = cloud_error(error, "here")
    assert (coded.code, coded.exit_status) == (code, exit_status)
