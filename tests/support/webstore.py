"""An HTTP server on loopback that keeps what is posted to it: ranges as RFC 9110 has them, or none."""

import contextlib
import re
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.serving import Quiet, serving


@dataclass
class WebStore:
    """Objects by path. ``ranges`` off answers everything with 200 and the whole object."""

    objects: dict = field(default_factory=dict)
    ranges: bool = True
    port: int = 0
    asked: list = field(default_factory=list)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/store"


def posted(handler):
    """The body of a request, in chunks or not."""
    if "Content-Length" in handler.headers:
        return handler.rfile.read(int(handler.headers["Content-Length"]))
    chunks = []
    while size := int(handler.rfile.readline(), 16):
        chunks.append(handler.rfile.read(size))
        handler.rfile.readline()
    handler.rfile.readline()
    return b"".join(chunks)


@contextlib.contextmanager
def serve_http():
    """Serve an empty store while the block runs."""
    store = WebStore()

    class Handler(_Handler):
        pass

    Handler.store = store
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    with serving(server) as store.port:
        yield store


class _Handler(Quiet, BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store = None

    def do_HEAD(self):
        self._answer(with_body=False)

    def do_GET(self):
        self._answer(with_body=True)

    def do_POST(self):
        self.store.objects[self.path] = posted(self)
        self._send(200, b"")

    def handle(self):
        with contextlib.suppress(ConnectionError):
            super().handle()

    def _answer(self, *, with_body):
        data = self.store.objects.get(self.path)
        if data is None:
            return self._send(404, b"")
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        self.store.asked.append((self.command, int(asked[1]) if asked else None))
        if not asked or not self.store.ranges:
            return self._send(200, data, with_body=with_body)
        start, end = int(asked[1]), int(asked[2] or len(data) - 1) + 1
        if start >= len(data):
            return self._send(416, b"", **{"Content-Range": f"bytes */{len(data)}"})
        part = data[start:end]
        said = {"Content-Range": f"bytes {start}-{start + len(part) - 1}/{len(data)}"}
        return self._send(206, part, with_body=with_body, **said)

    def _send(self, status, data, *, with_body=True, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(data)
