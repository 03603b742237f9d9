"""POST /alerts: where an Alertmanager posts. A bearer token, a limit on size and time, nothing else is answered."""

from __future__ import annotations

import hmac
import re
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.delivery.listeners import BoundedServer, ReticentHandler
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
    with server.in_background("gm-alerts"):
        yield server.server_port


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


class _Server(BoundedServer):
    def __init__(self, place: Receiver, token: bytes, hear: Callable[[bytes], None], seconds: float) -> None:
        self.token, self.hear, self.seconds = token, hear, seconds
        super().__init__(place.address, place.port, _Handler, most=MOST_AT_ONCE)


class _Handler(ReticentHandler):
    server: _Server

    def setup(self) -> None:
        """Read with the deadline of the server."""
        self.seconds = self.server.seconds
        super().setup()

    def do_POST(self) -> None:  # noqa: N802 - the library calls it by this name
        """Take alerts from who has the token."""
        if self.path != _PATH:
            self.say(HTTPStatus.NOT_FOUND)
            return
        said = self.headers.get("Authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(said, b"Bearer " + self.server.token):
            self.say(HTTPStatus.UNAUTHORIZED)
            return
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch("[0-9]{1,9}", length, re.ASCII) or "Transfer-Encoding" in self.headers:
            self.say(HTTPStatus.LENGTH_REQUIRED)
            return
        if int(length) > MOST_BYTES:
            self.say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        body = self.rfile.read(int(length))
        self.say(HTTPStatus.OK if len(body) == int(length) and self._hears(body) else HTTPStatus.BAD_REQUEST)

    def _hears(self, body: bytes) -> bool:
        try:
            self.server.hear(body)
        except GmError:
            return False
        return True
