"""The HTTP side of ``gm serve``: bounded in connections, time and size, and on the loopback interface by default.

It has no accounts. Whoever reaches the port may ask, and may have ``current`` loaded anew, which is all that can be
changed from outside: what ``current`` names is the reconciler's alone.
"""

from __future__ import annotations

import io
import ipaddress
import json
import socket
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Thread
from typing import TYPE_CHECKING, Any

from gitops_models._version import __version__
from gitops_models.delivery.inference.routes import Reply, answer, failure
from gitops_models.errors import GmError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer

    from gitops_models.delivery.inference.shelf import Shelf

MOST_BODY = 16 << 20
MOST_CLIENTS = 64
_IDLE_SECONDS = 60.0
_REQUEST_SECONDS = 30.0
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class InferenceServer(ThreadingHTTPServer):
    """Answers for what is on ``shelf``; listens at once. GM-R331 where it cannot."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: str, port: int, shelf: Shelf) -> None:
        self.shelf = shelf
        self._room = BoundedSemaphore(MOST_CLIENTS)
        try:
            self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
            super().__init__((address, port), _Handler)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise GmError("GM-R331", f"{address}:{port}: {why}", where=f"{address}:{port}") from error

    @property
    def url(self) -> str:
        """The address of the server, with the port that it really has."""
        host, port = self.server_address[:2]
        return f"http://[{host!s}]:{port}" if ":" in str(host) else f"http://{host!s}:{port}"

    @property
    def local(self) -> bool:
        """Whether only this machine reaches it."""
        return is_local(str(self.server_address[0]))

    @contextmanager
    def in_background(self) -> Iterator[None]:
        """Answer in threads of its own for the duration of the block."""
        thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, name="gm-serve", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            thread.join()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give the client a thread, or turn it away where too many are there."""
        if not self._room.acquire(blocking=False):
            with suppress(OSError):
                request.sendall(_BUSY)
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one client until it or its time ends."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: what ends here is a client that hung up."""


def is_local(host: str) -> bool:
    """Whether ``host`` is a name or number of this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Patient(io.RawIOBase):
    """Reads from a socket until a time; sockets themselves count from byte to byte."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.until = 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        try:
            return self._connection.recv_into(buffer)
        finally:
            self._connection.settimeout(_REQUEST_SECONDS)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = f"gitops-models/{__version__}"
    sys_version = ""
    disable_nagle_algorithm = True
    server: InferenceServer

    def setup(self) -> None:
        super().setup()
        self._patient = _Patient(self.connection)
        self.rfile = self._reader = io.BufferedReader(self._patient)

    def handle_one_request(self) -> None:
        # The time for a request begins with its first byte: a kept connection may rest before.
        self._patient.until = time.monotonic() + _IDLE_SECONDS
        with suppress(TimeoutError):
            if not self._reader.peek(1):
                self.close_connection = True
                return
            self._patient.until = time.monotonic() + _REQUEST_SECONDS
            super().handle_one_request()
            return
        self.close_connection = True

    def do_GET(self) -> None:
        """Answer a question."""
        self._reply(b"")

    def do_POST(self) -> None:
        """Answer an inference, or load or unload a model."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            return self._refuse(411, "a length is needed")
        if len(length) > 12 or int(length) > MOST_BODY:  # noqa: PLR2004 - digits of any number that is too large
            return self._refuse(413, f"a request has no more than {MOST_BODY} bytes")
        body = self.rfile.read(int(length))
        if len(body) == int(length):
            return self._reply(body)
        self.close_connection = True
        return None

    def _reply(self, body: bytes) -> None:
        if self._is_foreign():
            return self._refuse(403, "asked by a web page, or under a name that is not this machine's")
        try:
            reply = answer(self.server.shelf, self.command, self.path, body)
        except GmError as error:
            reply = failure(error)
        return self._send(reply)

    def _is_foreign(self) -> bool:
        """Whether a page in a browser asks: by its origin, or by a name that it had resolved to this machine."""
        if "Origin" in self.headers:
            return True
        host = self.headers.get("Host", "")
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        return self.server.local and not is_local(name)

    def _refuse(self, status: int, why: str) -> None:
        """Answer without having read the body, so nothing more can be understood on this connection."""
        self.close_connection = True
        self._send(Reply(status, {"error": f"GM-R334: {why}"}))

    def _send(self, reply: Reply) -> None:
        data = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's word
        """Keep no log of requests."""
