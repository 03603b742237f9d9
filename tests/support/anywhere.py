"""The same version of a model in a DVC remote of every kind: a directory, HTTP, S3 (moto), SSH."""

import contextlib
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field

from gitops_models.artifacts.digests import hash_path
from gitops_models.artifacts.pointers import make_pointer
from gitops_models.artifacts.readers import object_path
from gitops_models.artifacts.remotes import RemoteSpec
from gitops_models.artifacts.upload import UploadItem
from gitops_models.registry.documents import ArtifactEntry, Lineage
from tests.support.sftp import serve_sftp
from tests.support.webstore import serve_http

KINDS = ("local", "http", "s3", "ssh")
# moto asks who it is, and believes every answer.
_SOMEBODY = "AWS4-HMAC-SHA256 Credential=testing/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
FIXED = {"model": "fraud", "version": "1.0.0", "created": "2026-11-21T10:00:00Z", "author": "ml-engineer-1"}


@dataclass
class Anywhere:
    """One remote: its address, what DVC must know beside it, and a way to change an object behind its back."""

    kind: str
    url: str
    put: Callable
    drop: Callable
    options: dict = field(default_factory=dict)
    port: int = 0
    server: object = None

    @property
    def spec(self):
        return RemoteSpec(self.url, self.options)

    def by(self, wire):
        """The same remote at the other end of a wire."""
        url = self.url.replace(f":{self.port}/", f":{wire.port}/")
        options = {
            name: value.replace(str(self.port), str(wire.port)) if name in {"port", "endpointurl"} else value
            for name, value in self.options.items()
        }
        return RemoteSpec(url, options)

    def config(self):
        """``.dvc/config`` and ``.dvc/config.local`` for it."""
        private = {"password"}
        lines = [f"    {name} = {value}\n" for name, value in self.options.items() if name not in private]
        shared = f"[core]\n    remote = far\n['remote \"far\"']\n    url = {self.url}\n{''.join(lines)}"
        own = [f"    {name} = {value}\n" for name, value in self.options.items() if name in private]
        return shared, (f"['remote \"far\"']\n{''.join(own)}" if own else "")


@contextlib.contextmanager
def somewhere(kind, folder, request):
    """A remote of this kind while the block runs; ``request`` is pytest's."""
    if kind == "local":
        yield _in_folder(kind, str(folder), folder)
    elif kind == "http":
        with serve_http() as store:
            yield Anywhere(
                kind,
                store.url,
                lambda md5, data: store.objects.__setitem__(f"/store/{object_path(md5)}", data),
                lambda md5: store.objects.pop(f"/store/{object_path(md5)}"),
                port=store.port,
                server=store,
            )
    elif kind == "s3":
        yield _in_s3(request.getfixturevalue("s3"))
    else:
        home = request.getfixturevalue("home")
        with serve_sftp(folder) as server:
            server.known_to(home)
            made = _in_folder(kind, "ssh://127.0.0.1/dvc", folder / "dvc")
            made.options, made.port, made.server = server.options, server.port, server
            yield made


def _in_folder(kind, url, root):
    def path(md5):
        return root / object_path(md5)

    def put(md5, data):
        path(md5).parent.mkdir(parents=True, exist_ok=True)
        path(md5).unlink(missing_ok=True)
        path(md5).write_bytes(data)

    return Anywhere(kind, url, put, lambda md5: path(md5).unlink())


def _in_s3(server):
    bucket = server.make_bucket("models")

    def ask(md5, data, method):
        url = f"{server.url}/models/dvc/{object_path(md5)}"
        headers = {"Content-Type": "application/octet-stream", "Authorization": _SOMEBODY}
        urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=30).close()

    options = {"endpointurl": server.url}
    return Anywhere(
        "s3",
        f"{bucket}/dvc",
        lambda md5, data: ask(md5, data, "PUT"),
        lambda md5: ask(md5, None, "DELETE"),
        options,
        server.port,
        server,
    )


@dataclass
class Version:
    """Files of a version on this machine, with its lineage and pointers."""

    items: list
    lineage: Lineage
    pointers: dict

    def hashes(self, name):
        return next(item.hashes for item in self.items if item.path.name == name)

    def objects(self):
        """Every object that a remote must have, by its MD5."""
        for item in self.items:
            if item.path.is_dir():
                yield item.hashes.md5, item.hashes.manifest
                yield from ((file.md5, (item.path / name).read_bytes()) for name, file in item.hashes.files)
            else:
                yield item.hashes.md5, item.path.read_bytes()

    def put_into(self, place):
        for md5, data in self.objects():
            place.put(md5, data)


def version_of(folder):
    """The version that the files and directories of ``folder`` are."""
    items = [UploadItem(path, hash_path(path)) for path in sorted(folder.iterdir())]
    entries = tuple(
        ArtifactEntry(
            path=each.path.name, role="weights", sha256=each.hashes.sha256, size=each.hashes.size, md5=each.hashes.md5
        )
        for each in items
    )
    pointers = {each.path.name: make_pointer(each.path.name, each.hashes) for each in items}
    return Version(items, Lineage(**FIXED, artifacts=entries), pointers)
