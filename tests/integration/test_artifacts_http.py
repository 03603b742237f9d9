"""A remote that is no directory: DVC's HTTP file system against a server on loopback."""

import gc
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gitops_models.artifacts.digests import hash_path
from gitops_models.artifacts.fetch import fetch_version
from gitops_models.artifacts.pointers import make_pointer
from gitops_models.artifacts.readers import CloudReader, object_path, open_remote
from gitops_models.artifacts.remotes import RemoteSpec, remote_from_config
from gitops_models.artifacts.upload import UploadItem, upload
from gitops_models.registry.documents import ArtifactEntry, Lineage
from tests.support import models as onnx
from tests.support.refusals import refused
from tests.support.serving import Quiet, serving
from tests.support.webstore import posted


class Handler(Quiet, BaseHTTPRequestHandler):
    """Objects by path in ``server.objects``; ``server.fault`` changes what is answered."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self._answer(with_body=False)

    def do_GET(self):
        self._answer(with_body=True)

    def do_POST(self):
        body = posted(self)
        if self.server.fault == "read-only":
            self._send(507, b"")
            return
        self.server.objects[self.path] = body[:-1] if self.server.fault == "short-write" else body
        self.server.posts += 1
        self._send(200, b"")

    def _answer(self, *, with_body):
        if isinstance(self.server.fault, int):
            self._send(self.server.fault, b"no")
            return
        data = self.server.objects.get(self.path)
        if data is None:
            self._send(404, b"")
            return
        self._send(200, data, with_body=with_body)

    def _send(self, status, data, *, with_body=True):
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if not with_body:
            return
        if self.server.fault == "hang-up":
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
            return
        self.wfile.write(data)


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.objects, made.fault, made.posts = {}, None, 0
    with serving(made):
        yield made


@pytest.fixture
def url(server):
    return f"http://127.0.0.1:{server.server_port}/store"


@pytest.fixture
def repo(tmp_path, url):
    root = tmp_path / "repo"
    (root / ".dvc").mkdir(parents=True)
    (root / ".dvc" / "config").write_text(f"[core]\n    remote = web\n['remote \"web\"']\n    url = {url}\n")
    onnx.write_linear(root / "out" / "model.onnx")
    (root / "out" / "tokenizer").mkdir()
    (root / "out" / "tokenizer" / "a").write_text("a")
    (root / "out" / "tokenizer" / "b").write_text("b")
    return root


def items(repo):
    return [UploadItem(path, hash_path(path)) for path in sorted((repo / "out").iterdir())]


def version(repo):
    entries = tuple(
        ArtifactEntry(
            path=item.path.name,
            role="weights",
            sha256=item.hashes.sha256,
            size=item.hashes.size,
            md5=item.hashes.md5,
        )
        for item in items(repo)
    )
    pointers = {item.path.name: make_pointer(item.path.name, item.hashes) for item in items(repo)}
    fixed = {"model": "fraud", "version": "1.0.0", "created": "2026-11-21T10:00:00Z", "author": "ml-engineer-1"}
    return Lineage(**fixed, artifacts=entries), pointers


def reader_of(repo):
    return open_remote(remote_from_config((repo / ".dvc/config").read_bytes(), repo))


def test_a_version_goes_there_and_comes_back(repo, server, tmp_path):
    assert upload(repo, items(repo)).sent == 4
    assert (upload(repo, items(repo)).sent, server.posts) == (0, 4)
    reader = reader_of(repo)
    assert isinstance(reader, CloudReader)
    dest = fetch_version(*version(repo), reader, tmp_path / "served")
    assert (dest / "model.onnx").read_bytes() == (repo / "out" / "model.onnx").read_bytes()
    assert (dest / "tokenizer" / "b").read_text() == "b"


def test_objects_have_a_size_or_are_absent(repo, server):
    upload(repo, items(repo))
    reader, hashes = reader_of(repo), items(repo)[0].hashes
    assert (reader.size(hashes.md5), reader.exists(hashes.md5)) == (hashes.size, True)
    assert (reader.size("0" * 32), reader.exists("0" * 32)) == (None, False)
    assert refused("GM-A311", reader.open, "0" * 32).exit_status == 6
    assert server.posts == 4


def test_a_swapped_object_is_refused(repo, server, tmp_path):
    upload(repo, items(repo))
    path = f"/store/{object_path(items(repo)[0].hashes.md5)}"
    server.objects[path] = b"X" + server.objects[path][1:]
    lineage, pointers = version(repo)
    refused("GM-A314", fetch_version, lineage, pointers, reader_of(repo), tmp_path / "served")
    assert not (tmp_path / "served").exists()


@pytest.mark.clause("A-snapshots-6")
def test_a_server_that_stores_less_is_noticed(repo, server):
    server.fault = "short-write"
    refused("GM-A324", upload, repo, items(repo)[:1])


@pytest.mark.parametrize(
    ("fault", "code", "exit_status"), [(500, "GM-A321", 9), (403, "GM-A322", 4), (401, "GM-A322", 4)]
)
def test_a_server_that_refuses_is_told_from_one_that_fails(repo, server, fault, code, exit_status):
    upload(repo, items(repo))
    server.fault = fault
    assert refused(code, reader_of(repo).open, items(repo)[0].hashes.md5).exit_status == exit_status


def test_a_connection_lost_in_the_middle_is_unreachable_and_leaves_nothing(repo, server, tmp_path):
    upload(repo, items(repo))
    server.fault = "hang-up"
    lineage, pointers = version(repo)
    error = refused("GM-A321", fetch_version, lineage, pointers, reader_of(repo), tmp_path / "served")
    assert error.exit_status == 9
    assert not (tmp_path / "served").exists()


def test_sessions_are_closed_with_their_users(repo):
    upload(repo, items(repo))
    reader = reader_of(repo)
    reader.size("0" * 32)
    inner = reader._fs.fs
    session = inner._session
    del reader
    gc.collect()
    assert session._closed
    assert inner._session is None


def test_a_server_that_is_away_is_unreachable():
    reader = open_remote(RemoteSpec("http://127.0.0.1:9/store", {"connect_timeout": "2"}))
    assert refused("GM-A321", reader.open, "0" * 32).exit_status == 9


@pytest.mark.parametrize(
    ("fault", "code", "exit_status"), [("read-only", "GM-A323", 9), (500, "GM-A321", 9), (403, "GM-A322", 4)]
)
def test_an_upload_that_is_refused_is_told_from_one_that_fails(repo, server, fault, code, exit_status):
    server.fault = fault
    assert refused(code, upload, repo, items(repo)[:1]).exit_status == exit_status


def test_a_file_changed_since_it_was_hashed_is_refused(repo):
    stale = items(repo)[:1]
    (repo / "out" / "model.onnx").write_bytes(b"other")
    refused("GM-A106", upload, repo, stale)
