"""The same bytes through every kind of DVC remote: a directory, an HTTP server, S3 (moto) and SSH (asyncssh)."""

import shutil
import subprocess
import sys
from pathlib import Path

import asyncssh
import pytest

from gitops_models.artifacts.content import ContentStore
from gitops_models.artifacts.digests import hash_path
from gitops_models.artifacts.fetch import fetch_version
from gitops_models.artifacts.pointers import render_pointer
from gitops_models.artifacts.readers import CloudReader, open_remote
from gitops_models.artifacts.remotes import remote_from_config
from gitops_models.artifacts.upload import upload
from gitops_models.errors import GmError
from tests.support.anywhere import KINDS, somewhere, version_of
from tests.support.refusals import refused
from tests.support.wire import DEAD, wire_to

SMALL, LARGE = 70_000, 3 << 20
FAR = ("http", "s3", "ssh")


@pytest.fixture(params=KINDS)
def place(request, tmp_path):
    with somewhere(request.param, tmp_path / "far", request) as made:
        yield made


@pytest.fixture(params=[SMALL])
def version(request, tmp_path):
    """A file of some size and a directory of files, one of them twice and one of them empty."""
    folder = tmp_path / "out"
    (folder / "tokenizer" / "sub").mkdir(parents=True)
    (folder / "model.bin").write_bytes(bytes(range(251)) * (request.param // 251))
    for name, text in {"vocab": "v" * 5000, "sub/same": "v" * 5000, "merges": "a b", "empty": ""}.items():
        (folder / "tokenizer" / name).write_text(text)
    return version_of(folder)


def fetch(version, reader, dest, content=None):
    return fetch_version(version.lineage, version.pointers, reader, dest, content)


def served(dest):
    return {item.name: hash_path(item).sha256 for item in dest.iterdir()}


@pytest.mark.clause("A-snapshots-6")
def test_a_version_goes_there_and_comes_back(place, version, tmp_path):
    repo = tmp_path / "repo"
    (repo / ".dvc").mkdir(parents=True)
    shared, own = place.config()
    (repo / ".dvc" / "config").write_text(shared)
    (repo / ".dvc" / "config.local").write_text(own)
    assert upload(repo, version.items).sent == 5
    assert upload(repo, version.items).sent == 0
    reader = open_remote(remote_from_config(shared.encode(), repo, own.encode() or None))
    dest = fetch(version, reader, tmp_path / "served")
    assert served(dest) == {entry.path: entry.sha256 for entry in version.lineage.artifacts}


@pytest.mark.attack("bytes in the remote are exchanged for others of the same size", "GM-A314", by="outsider")
def test_swapped_shorter_longer_and_missing_objects_are_refused(place, version, tmp_path):
    version.put_into(place)
    weights, dest = version.hashes("model.bin").md5, tmp_path / "served"
    good = dict(version.objects())[weights]
    content, reader = ContentStore(tmp_path / "content"), open_remote(place.spec)
    for code, bad in {"GM-A314": b"X" + good[1:], "GM-A312": good[:-1], "GM-A313": good + b"X"}.items():
        place.put(weights, bad)
        assert refused(code, fetch, version, reader, dest, content).exit_status == 5
        assert not dest.exists()
        assert not (content.partial / weights).exists()
    place.drop(weights)
    assert refused("GM-A311", fetch, version, reader, dest, content).exit_status == 6
    place.put(weights, good)
    fetch(version, reader, dest, content)


@pytest.mark.attack("a file of a directory in the remote is exchanged", "GM-A314", by="outsider")
def test_a_swapped_member_and_a_swapped_manifest_are_refused(place, version, tmp_path):
    version.put_into(place)
    reader = open_remote(place.spec)
    tokenizer = version.hashes("tokenizer")
    member = dict(tokenizer.files)["merges"].md5
    place.put(member, b"b a")
    refused("GM-A314", fetch, version, reader, tmp_path / "served")
    place.put(member, b"a b")
    place.put(tokenizer.md5, tokenizer.manifest.replace(b"merges", b"merged"))
    refused("GM-A314", fetch, version, reader, tmp_path / "served")
    assert not (tmp_path / "served").exists()


@pytest.mark.parametrize("version", [LARGE], indirect=True)
@pytest.mark.parametrize("place", FAR, indirect=True)
def test_a_broken_download_goes_on_where_it_broke(place, version, tmp_path):
    version.put_into(place)
    content, dest = ContentStore(tmp_path / "content"), tmp_path / "served"
    with wire_to(place.port) as wire:
        if place.kind == "ssh":
            place.server.known_to(Path.home(), wire.port)
        wire.break_(DEAD, after=2 << 20)
        reader = CloudReader(place.by(wire), patience=3)
        with pytest.raises(GmError) as caught:
            fetch(version, reader, dest, content)
        assert caught.value.code in {"GM-A321", "GM-A621"}  # whether its driver gives up before we do
        assert caught.value.exit_status == 9
        assert not dest.exists()
        (left,) = [path for path in content.partial.iterdir() if path.name == version.hashes("model.bin").md5]
        assert 0 < left.stat().st_size < LARGE
        arrived = left.stat().st_size
        wire.mend()
        wire.carried = 0
        fetch(version, reader, dest, content)
        assert wire.carried < LARGE - arrived + (1 << 18)
    assert served(dest) == {entry.path: entry.sha256 for entry in version.lineage.artifacts}
    assert not list(content.partial.iterdir())


@pytest.mark.parametrize("version", [LARGE], indirect=True)
@pytest.mark.parametrize("place", ["http"], indirect=True)
def test_a_fetch_without_a_store_goes_on_too_and_takes_over_nothing_that_others_may_write(place, version, tmp_path):
    version.put_into(place)
    dest = tmp_path / "here" / "served"
    with wire_to(place.port) as wire:
        reader = CloudReader(place.by(wire), patience=30)
        wire.break_(DEAD, after=2 << 20)
        with pytest.raises(GmError):
            fetch(version, reader, dest)
        (left,) = dest.parent.iterdir()
        arrived = (left / "content" / "partial" / version.hashes("model.bin").md5).stat().st_size
        wire.mend()
        wire.carried = 0
        fetch(version, reader, dest)
        assert wire.carried < LARGE - arrived + (1 << 18)
    assert list(dest.parent.iterdir()) == [dest]
    strange = dest.parent / ".other.gm-0"
    (strange / "content").mkdir(parents=True)
    strange.chmod(0o777)
    fetch(version, open_remote(place.spec), dest.parent / "other")
    assert not strange.exists()


@pytest.mark.parametrize("version", [LARGE], indirect=True)
@pytest.mark.parametrize("place", ["http"], indirect=True)
def test_a_server_without_ranges_serves_large_files_and_what_is_there_already_is_skipped(place, version, tmp_path):
    version.put_into(place)
    place.server.ranges = False
    content = ContentStore(tmp_path / "content")
    weights = version.hashes("model.bin")
    content.partial.mkdir(parents=True)
    (content.partial / weights.md5).write_bytes(dict(version.objects())[weights.md5][:5000])
    fetch(version, open_remote(place.spec), tmp_path / "served", content)
    assert served(tmp_path / "served") == {entry.path: entry.sha256 for entry in version.lineage.artifacts}
    assert [asked for asked in place.server.asked if asked[1]] == [("GET", 5000)]


@pytest.mark.parametrize("place", FAR, indirect=True)
def test_what_arrived_of_an_object_that_is_shorter_now_is_dropped(place, version, tmp_path):
    version.put_into(place)
    content = ContentStore(tmp_path / "content")
    member = dict(version.hashes("tokenizer").files)["merges"].md5
    content.partial.mkdir(parents=True)
    (content.partial / member).write_bytes(b"x" * 5000)
    fetch(version, open_remote(place.spec), tmp_path / "served", content)
    assert (tmp_path / "served" / "tokenizer" / "merges").read_text() == "a b"


@pytest.mark.parametrize("place", ["ssh"], indirect=True)
def test_a_wrong_password_is_told_from_a_remote_that_is_away(place, version, tmp_path):
    version.put_into(place)
    place.options["password"] = "another"
    assert refused("GM-A322", fetch, version, open_remote(place.spec), tmp_path / "served").exit_status == 4
    assert not (tmp_path / "served").exists()


@pytest.mark.attack("another machine answers for the SSH remote", "GM-A625", by="outsider")
@pytest.mark.parametrize("place", ["ssh"], indirect=True)
def test_a_host_whose_key_is_not_known_is_told_nothing(place, version, tmp_path, home):
    version.put_into(place)
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key("openssh").decode()
    (home / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{place.port} {other}")
    assert refused("GM-A625", fetch, version, open_remote(place.spec), tmp_path / "served").exit_status == 4
    (home / ".ssh" / "known_hosts").unlink()
    refused("GM-A625", fetch, version, open_remote(place.spec), tmp_path / "served")
    repo = tmp_path / "repo"
    (repo / ".dvc").mkdir(parents=True)
    shared, own = place.config()
    (repo / ".dvc" / "config").write_text(shared)
    (repo / ".dvc" / "config.local").write_text(own)
    refused("GM-A625", upload, repo, version.items)
    assert place.server.tried == []


@pytest.mark.parametrize("place", ["s3"], indirect=True)
def test_an_ordinary_user_of_dvc_pulls_what_gm_stored_in_s3(place, version, tmp_path):
    repo = tmp_path / "repo"
    (repo / ".dvc").mkdir(parents=True)
    (repo / ".dvc" / "config").write_text(place.config()[0])
    upload(repo, version.items)
    for name, pointer in version.pointers.items():
        (repo / f"{name}.dvc").write_bytes(render_pointer(pointer))
    subprocess.run(["git", "init", "-q"], cwd=repo, check=True)
    shutil.rmtree(repo / ".dvc" / "cache")
    dvc = Path(sys.executable).with_name("dvc")
    done = subprocess.run([dvc, "pull", "-q"], cwd=repo, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    pulled = {entry.path: hash_path(repo / entry.path).sha256 for entry in version.lineage.artifacts}
    assert pulled == {entry.path: entry.sha256 for entry in version.lineage.artifacts}
