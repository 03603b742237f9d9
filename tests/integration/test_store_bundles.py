"""Bundles: what is written can be fetched; everything else that lies under such a name is refused with its code."""

import os
import re
import zlib
from hashlib import sha1

import pytest

from gitops_models.errors import GmError
from gitops_models.store import bundles
from gitops_models.store.bundles import bring, open_bundle, write_bundle
from gitops_models.store.repository import Store
from gitops_models.store.worktree import init
from tests.support.git import init_repository

LINE = "+refs/heads/main:refs/remotes/b/main"


@pytest.fixture
def work(tmp_path, home):
    work = init_repository(tmp_path / "work", home)
    work.commit({"a": "1"})
    work.commit({"a": "2"})
    return work


@pytest.fixture
def store(tmp_path):
    return init(tmp_path / "reader.git", bare=True)


def written(work, name="x.bundle", *revisions):
    path = work.path.parent / name
    work.git("bundle", "create", "--quiet", str(path), *(revisions or ["main"]))
    return path


def take(store, path, refspecs=(LINE,), *, wanted=lambda name: name == "refs/heads/main"):
    with open_bundle(path) as bundle:
        bring(store, bundle, refspecs, wanted=wanted)


def refused(store, path):
    before = store.refs()
    with pytest.raises(GmError) as error:
        take(store, path)
    assert store.refs() == before
    return error.value


def test_what_is_written_is_fetched_with_all_its_objects(work, store, tmp_path):
    tip = work.rev("main")
    path = tmp_path / "out.bundle"
    refs = {"refs/heads/main": tip, "refs/gm/changes/" + "0" * 64: work.rev("main~1")}
    write_bundle(Store.open(work.path), path, refs)
    with open_bundle(path) as bundle:
        assert (dict(bundle.refs), bundle.prerequisites) == ({**refs, "HEAD": tip}, ())
    take(store, path)
    assert store.refs() == {"refs/remotes/b/main": tip}
    assert [path.name for path in tmp_path.glob(".*.new")] == []
    work.git("bundle", "verify", "--quiet", str(path))


def test_refs_that_nobody_asked_for_stay_outside(work, store):
    work.git("update-ref", "refs/heads/evil", "main~1")
    work.git("update-ref", "refs/replace/" + work.rev("main"), work.rev("main~1"))
    take(store, written(work, "all.bundle", "--all"), ["+refs/*:refs/all/*"])
    assert list(store.refs()) == ["refs/all/heads/main"]


def test_a_bundle_that_builds_on_what_is_here_is_taken_and_one_that_does_not_is_named(work, store):
    first = written(work)
    old = work.rev("main")
    new = work.commit({"a": "3"})
    second = written(work, "y.bundle", "main", f"^{old}")
    error = refused(store, second)
    assert (error.code, error.details, error.where) == ("GM-S213", (old,), "y.bundle")
    take(store, first)
    take(store, second)
    assert store.refs() == {"refs/remotes/b/main": new}


def test_a_version_three_header_of_sha1_is_read(work, store):
    path = written(work)
    path.write_bytes(path.read_bytes().replace(b"# v2 git bundle\n", b"# v3 git bundle\n@object-format=sha1\n", 1))
    take(store, path)
    assert store.ref("refs/remotes/b/main") == work.rev("main")


def test_a_link_a_directory_and_a_fifo_are_no_bundles(work, store, tmp_path):
    (tmp_path / "link.bundle").symlink_to(written(work))
    (tmp_path / "dir.bundle").mkdir()
    os.mkfifo(tmp_path / "fifo.bundle")
    for name in ("link", "dir", "fifo", "none"):
        assert refused(store, tmp_path / f"{name}.bundle").code == "GM-S211"


def test_a_bundle_that_is_too_large_is_not_read(work, store):
    path = written(work)
    os.truncate(path, bundles.MAX_BYTES + 1)
    assert refused(store, path).code == "GM-S211"


OID = b"0" * 40


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"# v2 git bundle\n",
        b"# v4 git bundle\n" + OID + b" refs/heads/main\n\n",
        b"# v2 git bundle\n@object-format=sha1\n" + OID + b" refs/heads/main\n\n",
        b"# v3 git bundle\n@object-format=sha256\n" + OID + b" refs/heads/main\n\n",
        b"# v3 git bundle\n@filter=blob:none\n" + OID + b" refs/heads/main\n\n",
        b"# v2 git bundle\n" + OID + b" --upload-pack=x\n\n",
        b"# v2 git bundle\n" + OID + b" refs/heads/../main\n\n",
        b"# v2 git bundle\n" + OID + b" refs/heads/\xff\n\n",
        b"# v2 git bundle\n" + OID + b" refs/heads/main\n" + b"1" * 40 + b" refs/heads/main\n\n",
        b"# v2 git bundle\n-main\n" + OID + b" refs/heads/main\n\n",
        b"# v2 git bundle\r\n" + OID + b" refs/heads/main\r\n\r\n",
    ],
)
def test_a_header_of_another_form_is_refused(store, tmp_path, header):
    path = tmp_path / "x.bundle"
    path.write_bytes(header + b"PACK")
    assert refused(store, path).code == "GM-S212"


def test_every_byte_of_the_pack_counts(work, store):
    path = written(work)
    data = path.read_bytes()
    begin = data.index(b"\n\n") + 2
    for place in range(begin, len(data), 7):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert refused(store, path).code == "GM-S208"
    path.write_bytes(data[:-1])
    assert refused(store, path).code == "GM-S208"


def packed(kind, data):
    size, first = len(data) >> 4, kind << 4 | len(data) & 15
    head = bytearray([first | (0x80 if size else 0)])
    while size:
        head.append(size & 127 | (0x80 if size > 127 else 0))
        size >>= 7
    return bytes(head) + zlib.compress(data)


def pack(*objects):
    body = b"PACK" + (2).to_bytes(4, "big") + len(objects).to_bytes(4, "big") + b"".join(objects)
    return body + sha1(body).digest()


def bundled(path, oid, *objects):
    path.write_bytes(f"# v2 git bundle\n{oid} refs/heads/main\n\n".encode() + pack(*objects))
    return path


def oid_of(kind, data):
    return sha1(f"{kind} {len(data)}\0".encode() + data).hexdigest()


def test_objects_that_git_itself_refuses_are_refused(store, tmp_path):
    tree = b"100644 .git\0" + bytes(20)
    assert refused(store, bundled(tmp_path / "x.bundle", oid_of("tree", tree), packed(2, tree))).code == "GM-S208"


def test_a_history_with_a_hole_is_refused(store, tmp_path):
    who = b"A <a@example.org> 1795000000 +0000"
    commit = b"tree " + b"4b825dc642cb6eb9a060e54bf8d69288fbee4904" + b"\nparent " + b"1" * 40
    commit += b"\nauthor " + who + b"\ncommitter " + who + b"\n\nx\n"
    objects = packed(1, commit), packed(2, b"")
    assert refused(store, bundled(tmp_path / "x.bundle", oid_of("commit", commit), *objects)).code == "GM-S208"


def test_a_ref_without_its_object_is_refused(store, tmp_path):
    assert refused(store, bundled(tmp_path / "x.bundle", "1" * 40, packed(3, b"x"))).code == "GM-S208"


def test_a_few_bytes_that_unpack_to_more_than_memory_are_refused(store, tmp_path, monkeypatch):
    monkeypatch.setattr(bundles, "_MAX_ALLOCATION", 2**20)
    data = b"tree " + b"0" * 2**22
    error = refused(store, bundled(tmp_path / "x.bundle", oid_of("commit", data), packed(1, data)))
    assert error.code == "GM-S208"
    assert any(re.search(r"over limit", line) for line in error.details)


def test_a_bundle_that_takes_too_long_is_given_up(work, store, monkeypatch):
    monkeypatch.setattr(bundles, "_TIMEOUT", 0.0)
    assert refused(store, written(work)).code == "GM-S208"


def test_a_bundle_that_cannot_be_written_is_told(work, tmp_path):
    store, tip = Store.open(work.path), work.rev("main")
    with pytest.raises(GmError) as error:
        write_bundle(store, tmp_path / "none" / "x.bundle", {"refs/heads/main": tip})
    assert error.value.code == "GM-S216"
    with pytest.raises(GmError) as error:
        write_bundle(store, tmp_path / "x.bundle", {})
    assert error.value.code == "GM-S216"
    (tmp_path / "taken.bundle").mkdir()
    with pytest.raises(GmError) as error:
        write_bundle(store, tmp_path / "taken.bundle", {"refs/heads/main": tip})
    assert error.value.code == "GM-S216"
    assert list(tmp_path.glob(".*.new")) == []
