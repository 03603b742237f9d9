"""What every server of ours has in common: few clients, each with a deadline, and nothing repeated of strangers."""

from __future__ import annotations

import io
import socket
import time
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer


class Timed(io.RawIOBase):
    """What a connection sends until a deadline; ``TimeoutError`` then, however slowly it trickles.

    Sockets themselves count from byte to byte. ``until`` is monotonic and may be moved.
    """

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self._connection = connection
        self.until = time.monotonic() + seconds

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read what is there, or wait for it until the deadline."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class BoundedServer(ThreadingHTTPServer):
    """Listens at once and answers ``most`` clients at a time, each in a thread. Raises ``OSError`` where it cannot."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: str, port: int, handler: type[BaseHTTPRequestHandler], *, most: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.room = BoundedSemaphore(most)
        super().__init__((address, port), handler)

    @property
    def url(self) -> str:
        """The address of the server, with the port that it really has."""
        host, port = self.server_address[:2]
        return f"http://[{host!s}]:{port}" if ":" in str(host) else f"http://{host!s}:{port}"

    def server_bind(self) -> None:
        """Bind without asking the resolver for a name, which ``HTTPServer`` does and nobody needs."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "", int(self.server_address[1])

    @contextmanager
    def in_background(self, name: str = "gm-serve") -> Iterator[None]:
        """Answer inside the block, in threads of its own; the place is free again after it."""
        thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, name=name, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            thread.join()
            self.server_close()

    def turn_away(self, request: Any) -> None:
        """Tell somebody for whom there is no room; nothing, unless a server has something to say."""

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give the client a thread, or hang up where all are busy: they have deadlines."""
        if not self.room.acquire(blocking=False):
            self.turn_away(request)
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread could be started
            self.room.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer one connection and make room."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that hangs up or dawdles is no event of ours."""


class ReticentHandler(BaseHTTPRequestHandler):
    """Reads with a deadline (``seconds``) and repeats nothing of what was sent, to the client or to a log."""

    server_version = "gm"
    sys_version = ""
    seconds = 10.0

    def setup(self) -> None:
        """Read with a deadline for the whole connection: nobody holds a place by sending a byte now and then."""
        super().setup()
        self.timed = Timed(self.connection, self.seconds)
        self.rfile = self.reader = io.BufferedReader(self.timed)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the library's parameter
        """Log nothing: what a stranger sends belongs in no log."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what the library refuses without repeating what was sent."""
        del message, explain
        self.close_connection = True
        self.say(HTTPStatus(code))

    def say(self, status: HTTPStatus) -> None:
        """Answer with a status and its name."""
        self.answer(status, f"{status.phrase}\n".encode(), "text/plain; charset=utf-8")

    def answer(self, status: int, body: bytes, kind: str) -> None:
        """Answer with a body of a media type."""
        self.connection.settimeout(self.seconds)
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            *((("Connection", "close"),) if self.close_connection else ()),
        ):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
