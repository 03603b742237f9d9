"""POST /alerts: where an Alertmanager posts. A bearer token, a limit on size and time, nothing else is answered."""

from __future__ import annotations

import hmac
import io
import re
import socket
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import BoundedSemaphore, Thread
from typing import TYPE_CHECKING, Any

from gitops_models.delivery.serving.timed import Timed
from gitops_models.errors import GmError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitops_models.delivery.triggers.settings import Receiver

MOST_BYTES = 1 << 20
MOST_AT_ONCE = 8
SECONDS = 10.0  # that one connection may take, from its first byte to its last
_SHORTEST, _LONGEST = 24, 4096
_TOKEN = re.compile(r"[\x21-\x7e]+")
_PATH = "/alerts"


@contextmanager
def receiving(place: Receiver, hear: Callable[[bytes], None], *, seconds: float = SECONDS) -> Iterator[int]:
    """Listen inside the block and give the port. ``hear`` takes a body and raises ``GmError`` for nonsense.

    Raises GM-R605 where the address cannot be listened at or the token is missing or too short.
    """
    server = _open(place, _read_token(Path(place.token_file)), hear, seconds)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="gm-alerts", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _open(place: Receiver, token: bytes, hear: Callable[[bytes], None], seconds: float) -> _Server:
    try:
        return _Server(place, token, hear, seconds)
    except OSError as error:
        where = f"{place.address} port {place.port}"
        raise GmError("GM-R605", f"{where}: {error.strerror}", where=where) from error


def _read_token(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise GmError("GM-R605", f"{path.name} cannot be read as a token", where=str(path)) from error
    if len(text) < _SHORTEST or _TOKEN.fullmatch(text) is None:
        raise GmError("GM-R605", f"{path.name} holds no token of at least {_SHORTEST} characters", where=str(path))
    return text.encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, place: Receiver, token: bytes, hear: Callable[[bytes], None], seconds: float) -> None:
        self.address_family = socket.AF_INET6 if ":" in place.address else socket.AF_INET
        self.token, self.hear, self.seconds = token, hear, seconds
        self._free = BoundedSemaphore(MOST_AT_ONCE)
        super().__init__((place.address, place.port), _Handler)

    def server_bind(self) -> None:
        """Bind without asking the resolver for a name, which ``HTTPServer`` does and nobody needs."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a few at a time; who comes beyond that is hung up on and tries again."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread could be started
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Make room when it is done."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: what a stranger does belongs in no log."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "gm"
    sys_version = ""

    def setup(self) -> None:
        """Read with a deadline for the whole connection: strangers hold no place by sending a byte now and then."""
        super().setup()
        self.rfile = io.BufferedReader(Timed(self.connection, self.server.seconds))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the library's parameter
        """Log nothing: what a stranger sends belongs in no log."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what the library refuses without repeating what was sent."""
        del message, explain
        self._say(HTTPStatus(code))

    def do_POST(self) -> None:
        """Take alerts from who has the token."""
        if self.path != _PATH:
            self._say(HTTPStatus.NOT_FOUND)
            return
        said = self.headers.get("Authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(said, b"Bearer " + self.server.token):
            self._say(HTTPStatus.UNAUTHORIZED)
            return
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch("[0-9]{1,9}", length, re.ASCII) or "Transfer-Encoding" in self.headers:
            self._say(HTTPStatus.LENGTH_REQUIRED)
            return
        if int(length) > MOST_BYTES:
            self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        body = self.rfile.read(int(length))
        self._say(HTTPStatus.OK if len(body) == int(length) and self._hears(body) else HTTPStatus.BAD_REQUEST)

    def _hears(self, body: bytes) -> bool:
        try:
            self.server.hear(body)
        except GmError:
            return False
        return True

    def _say(self, status: HTTPStatus) -> None:
        body = f"{status.phrase}\n".encode()
        self.close_connection = True
        self.connection.settimeout(self.server.seconds)
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
