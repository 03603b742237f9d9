"""The listener: four addresses over HTTP/1.0, one request a connection, each with a deadline and few at a time.

Every byte that comes in is a stranger's. Nothing of a request is kept, shown or believed but a signature that fits.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.delivery.listeners import BoundedServer, ReticentHandler
from gitops_models.delivery.serving.figures import CONTENT_TYPE
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
    with server.in_background("gm-listener"):
        yield server.url


def _open(
    listen: Listen, gauges: Figures, ring: Callable[[], None], now: Callable[[], float], seconds: float
) -> _Server:
    try:
        return _Server(listen, gauges, ring, now, seconds)
    except OSError as error:
        where = f"{listen.address} port {listen.port}"
        raise GmError("GM-R120", f"{where}: {error.strerror}", where=where) from error


class _Server(BoundedServer):
    def __init__(
        self, listen: Listen, gauges: Figures, ring: Callable[[], None], now: Callable[[], float], seconds: float
    ) -> None:
        self.listen, self.gauges, self.ring, self.now, self.seconds = listen, gauges, ring, now, seconds
        super().__init__(listen.address, listen.port, _Handler, most=MOST_AT_ONCE)


class _Handler(ReticentHandler):
    server: _Server

    def setup(self) -> None:
        """Read with the deadline of the server."""
        self.seconds = self.server.seconds
        super().setup()

    def do_GET(self) -> None:  # noqa: N802 - the library calls it by this name
        """Answer what is asked; anything unknown is 404."""
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self.answer(HTTPStatus.OK, self.server.gauges.show(), CONTENT_TYPE)
        elif path == "/healthz":
            self._state(self._lateness())
        elif path == "/readyz":
            self._state(self.server.gauges.reasons())
        else:
            self.say(HTTPStatus.METHOD_NOT_ALLOWED if path == "/wake" else HTTPStatus.NOT_FOUND)

    do_HEAD = do_GET  # noqa: N815 - the library calls it by this name

    def do_POST(self) -> None:  # noqa: N802 - the library calls it by this name
        """Ring the bell for who knows the secret; nothing else takes a POST."""
        if self.path.partition("?")[0] != "/wake" or not self.server.listen.wake_secret:
            self.say(HTTPStatus.NOT_FOUND)
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or "Transfer-Encoding" in self.headers:
            self.say(HTTPStatus.LENGTH_REQUIRED)
            return
        if len(length) > len(str(MOST_BYTES)) or int(length) > MOST_BYTES:
            self.say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
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
            self.say(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        self.server.gauges.woken("accepted" if known else "refused")
        if known:
            self.server.ring()
        self.say(HTTPStatus.ACCEPTED if known else HTTPStatus.UNAUTHORIZED)

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
        self.answer(HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK, body, JSON)
