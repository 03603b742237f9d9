"""A server on loopback that answers as it is told, for the client of GitHub: also what GitHub would never answer."""

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from threading import Event
from urllib.parse import parse_qsl, urlsplit

from gitops_models.forge.github.connect import Patience, github_of
from tests.support.receiver import Waits
from tests.support.serving import Quiet, patient, serving

NOW = 1_800_000_000.0
TOKEN = "ghp_secretOfTheTests"


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict
    headers: dict
    body: object


@dataclass(frozen=True)
class Reply:
    """One answer. ``cut``: bytes of the body to leave out; ``drop``: hang up; ``hang``: keep the client waiting."""

    body: object = None
    status: int = 200
    headers: dict = field(default_factory=dict)
    cut: int = 0
    drop: bool = False
    hang: bool = False

    @property
    def bytes(self):
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Answering:
    """``routes``: what to answer to ``GET /path`` below the API: replies in turn, the last for ever, or a function."""

    def __init__(self):
        self.asked = []
        self.routes = {}
        self.url = ""
        self.folder = "/api/v3"
        self.over = Event()
        self.waits = Waits()
        self.waits.seconds = NOW

    def on(self, what, *replies):
        self.routes[what] = list(replies)

    def answer(self, asked):
        self.asked.append(asked)
        replies = self.routes.get(f"{asked.method} {asked.path}") or [Reply({"message": "Not Found"}, 404)]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        reply = reply(asked) if callable(reply) else reply
        return reply if isinstance(reply, Reply) else Reply(reply)

    @property
    def lines(self):
        return [f"{one.method} {one.path}" for one in self.asked]

    @property
    def api(self):
        return self.url + self.folder

    def environ(self, **more):
        return {"GITHUB_API_URL": self.api, "GH_TOKEN": TOKEN, "PATH": "", **more}

    def client(self, *, seconds=20.0, limit=90.0, **more):
        """A client of ``acme/registry`` whose clock goes on only where it waits."""
        patience = Patience(seconds, limit, (1.0, 3.0), self.waits.now, self.waits.wait)
        return github_of(f"{self.url}/acme/registry.git", self.environ(**more), patience)


def _handler(server):
    class Handler(Quiet, BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self):
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = server.answer(
                Asked(
                    self.command,
                    parts.path.removeprefix(server.folder),
                    dict(parse_qsl(parts.query)),
                    {name.lower(): value for name, value in self.headers.items()},
                    json.loads(body) if body else None,
                )
            )
            if reply.hang:
                server.over.wait(60)
            if reply.hang or reply.drop:
                self.close_connection = True
                return
            self._send(reply)

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - the names of http.server

        def _send(self, reply):
            body = b"" if reply.status in (204, 304) else reply.bytes
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(body)), **reply.headers}.items():
                if value is not None:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: len(body) - reply.cut])
            if reply.cut or reply.headers.get("Content-Length", "") is None:
                self.close_connection = True

    return Handler


@contextmanager
def answering(certificate=None):
    """A server that runs while the block does; ``certificate`` (files of certificate and key) makes it HTTPS."""
    made = Answering()
    with serving(patient(_handler(made), certificate)) as port:
        made.url = f"http{'s' if certificate else ''}://127.0.0.1:{port}"
        try:
            yield made
        finally:
            made.over.set()
