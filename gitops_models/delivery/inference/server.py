"""The HTTP side of ``gm serve``: bounded in connections, time and size, and on the loopback interface by default.

It has no accounts. Whoever reaches the port may ask, and may have ``current`` loaded anew, which is all that can be
changed from outside: what ``current`` names is the reconciler's alone.
"""

from __future__ import annotations

import ipaddress
import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gitops_models._version import __version__
from gitops_models.delivery.inference.routes import Reply, answer, failure
from gitops_models.delivery.listeners import BoundedServer, ReticentHandler
from gitops_models.errors import GmError

if TYPE_CHECKING:
    from http import HTTPStatus

    from gitops_models.delivery.inference.shelf import Shelf

MOST_BODY = 16 << 20
MOST_CLIENTS = 64
_IDLE_SECONDS = 60.0
_REQUEST_SECONDS = 30.0
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class InferenceServer(BoundedServer):
    """Answers for what is on ``shelf``; listens at once. GM-R331 where it cannot."""

    def __init__(self, address: str, port: int, shelf: Shelf) -> None:
        self.shelf = shelf
        try:
            super().__init__(address, port, _Handler, most=MOST_CLIENTS)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise GmError("GM-R331", f"{address}:{port}: {why}", where=f"{address}:{port}") from error

    @property
    def local(self) -> bool:
        """Whether only this machine reaches it."""
        return is_local(str(self.server_address[0]))

    def turn_away(self, request: Any) -> None:
        """Say that there is no room, for clients that try again."""
        with suppress(OSError):
            request.sendall(_BUSY)


def is_local(host: str) -> bool:
    """Whether ``host`` is a name or number of this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Handler(ReticentHandler):
    protocol_version = "HTTP/1.1"
    server_version = f"gitops-models/{__version__}"
    disable_nagle_algorithm = True
    seconds = _REQUEST_SECONDS
    server: InferenceServer

    def handle_one_request(self) -> None:
        # The time for a request begins with its first byte: a kept connection may rest before.
        self.timed.until = time.monotonic() + _IDLE_SECONDS
        with suppress(TimeoutError):
            if not self.reader.peek(1):
                self.close_connection = True
                return
            self.timed.until = time.monotonic() + _REQUEST_SECONDS
            super().handle_one_request()
            return
        self.close_connection = True

    def do_GET(self) -> None:  # noqa: N802 - the library calls it by this name
        """Answer a question."""
        self._reply(b"")

    def do_POST(self) -> None:  # noqa: N802 - the library calls it by this name
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

    def say(self, status: HTTPStatus) -> None:
        """Answer what the library refuses."""
        self._refuse(status, status.phrase)

    def _send(self, reply: Reply) -> None:
        self.answer(reply.status, json.dumps(reply.body).encode(), "application/json")
