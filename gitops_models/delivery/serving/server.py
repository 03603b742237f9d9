"""The listener: four addresses over HTTP/1.0, one request a connection, each with a deadline and few at a time.

Every byte that comes in is a stranger's. Nothing of a request is kept, shown or believed but a signature that fits.
"""

from __future__ import annotations

import io
import json
import socket
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import BoundedSemaphore, Thread
from typing import TYPE_CHECKING, Any

from gitops_models.delivery.serving.figures import CONTENT_TYPE
from gitops_models.delivery.serving.timed import Timed
from gitops_models.delivery.serving.wake import MOST_BYTES, claims, is_signed, read_secret
from gitops_models.errors import GmError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitops_models.delivery.serving.figures import Figures
    from gitops_models.delivery.serving.settings import Listen

SECONDS = 10.0  # that one connection may take, from its first byte to its last
MOST_AT_ONCE = 16
PIECE = 64 * 1024
JSON = "application/json"


@contextmanager
def listening(
    listen: Listen, gauges: Figures, ring: Callable[[], None], *, now: Callable[[], float], seconds: float = SECONDS
) -> Iterator[str]:
    """Listen inside the block and give the place. ``ring`` wakes the poll, ``now`` is in seconds of the epoch.

    Raises GM-R120 where the address cannot be listened at, GM-R121 for a secret that cannot be used.
    """
    if listen.wake_secret:
        read_secret(Path(listen.wake_secret))
    server = _open(listen, gauges, ring, now, seconds)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, name="gm-listener", daemon=True)
    thread.start()
    try:
        host = f"[{listen.address}]" if ":" in listen.address else listen.address
        yield f"http://{host}:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _open(
    listen: Listen, gauges: Figures, ring: Callable[[], None], now: Callable[[], float], seconds: float
) -> _Server:
    try:
        return _Server(listen, gauges, ring, now, seconds)
    except OSError as error:
        where = f"{listen.address} port {listen.port}"
        raise GmError("GM-R120", f"{where}: {error.strerror}", where=where) from error


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(
        self, listen: Listen, gauges: Figures, ring: Callable[[], None], now: Callable[[], float], seconds: float
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in listen.address else socket.AF_INET
        self.listen, self.gauges, self.ring, self.now, self.seconds = listen, gauges, ring, now, seconds
        self._free = BoundedSemaphore(MOST_AT_ONCE)
        super().__init__((listen.address, listen.port), _Handler)

    def server_bind(self) -> None:
        """Bind without asking the resolver for a name, which ``HTTPServer`` does and nobody needs."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.port = int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Hang up at once on who comes when all hands are busy: they have deadlines."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread could be started
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer one connection and free the hand."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that hangs up or dawdles is no event of ours."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "gm"
    sys_version = ""

    def setup(self) -> None:
        """Read with a deadline for the whole connection."""
        super().setup()
        self.rfile = io.BufferedReader(Timed(self.connection, self.server.seconds))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the library's parameter
        """Log nothing: what a stranger sends belongs in no log."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what the library refuses without repeating what was sent."""
        del message, explain
        self.close_connection = True
        self._say(HTTPStatus(code))

    def do_GET(self) -> None:
        """Answer what is asked; anything unknown is 404."""
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._answer(HTTPStatus.OK, self.server.gauges.show(), CONTENT_TYPE)
        elif path == "/healthz":
            self._state(self._lateness())
        elif path == "/readyz":
            self._state(self.server.gauges.reasons())
        else:
            self._say(HTTPStatus.METHOD_NOT_ALLOWED if path == "/wake" else HTTPStatus.NOT_FOUND)

    do_HEAD = do_GET  # noqa: N815 - the library calls it by this name

    def do_POST(self) -> None:
        """Ring the bell for who knows the secret; nothing else takes a POST."""
        if self.path.partition("?")[0] != "/wake" or not self.server.listen.wake_secret:
            self._say(HTTPStatus.NOT_FOUND)
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or "Transfer-Encoding" in self.headers:
            self._say(HTTPStatus.LENGTH_REQUIRED)
            return
        if len(length) > len(str(MOST_BYTES)) or int(length) > MOST_BYTES:
            self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        self._wake(Path(self.server.listen.wake_secret), int(length))

    def _wake(self, secret: Path, length: int) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            known = claims(headers) and is_signed(
                read_secret(secret), headers, self._body(length), now=self.server.now()
            )
        except GmError:  # it was there at the start; who is to repair it sees the metric and not the stranger
            self.server.gauges.woken("no secret")
            self._say(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        self.server.gauges.woken("accepted" if known else "refused")
        if known:
            self.server.ring()
        self._say(HTTPStatus.ACCEPTED if known else HTTPStatus.UNAUTHORIZED)

    def _body(self, length: int) -> Iterator[bytes]:
        while length:
            piece = self.rfile.read(min(PIECE, length))
            if not piece:
                raise ConnectionError("the body ended early")
            length -= len(piece)
            yield piece

    def _lateness(self) -> tuple[str, ...]:
        silence, most = self.server.gauges.silence(), self.server.listen.silence
        return (f"no sign of life for {silence:.0f} s",) if silence > most else ()

    def _state(self, reasons: tuple[str, ...]) -> None:
        body = json.dumps({"ok": not reasons, "reasons": reasons}).encode() + b"\n"
        self._answer(HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK, body, JSON)

    def _say(self, status: HTTPStatus) -> None:
        self._answer(status, f"{status.phrase}\n".encode(), "text/plain; charset=utf-8")

    def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.connection.settimeout(self.server.seconds)
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
