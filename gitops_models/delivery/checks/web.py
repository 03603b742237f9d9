"""Plain HTTP to the servers that the operator named, with a limit on the size of an answer and on the whole time.

Timeouts of sockets count from byte to byte and looking up a name knows none, so whoever must end in time runs in a
thread that is left behind (``within``); cutting its lines ends it. No redirect is followed and no proxy is used: what
answers must be the very server that was named.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from contextlib import suppress
from dataclasses import field
from threading import Thread
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from gitops_models._version import __version__
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from _typeshed import ReadableBuffer

_T = TypeVar("_T")
MOST_BYTES = 16 * 1024 * 1024


class Line(http.client.HTTPConnection):
    """One connection that is kept open and can be cut from another thread."""

    context: ssl.SSLContext | None = None
    handle: socket.socket | None = None
    over = False

    def connect(self) -> None:
        """Connect, and keep a second handle of the socket: TLS takes the first one over while it still greets."""
        raw = socket.create_connection((self.host, self.port), self.timeout)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.over:
            raw.close()
            raise TimeoutError
        self.handle = raw.dup()
        self.sock = self.context.wrap_socket(raw, server_hostname=self.host) if self.context else raw

    def close(self) -> None:
        """Close the line and the second handle."""
        handle, self.handle = self.handle, None
        if handle is not None:
            handle.close()
        super().close()

    def cut(self) -> None:
        """Hang up, whoever is using the line."""
        self.over = True
        if self.handle is not None:
            with suppress(OSError):
                self.handle.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True)
class Answer:
    """What came back: the status and the body."""

    status: int
    body: bytes


class Client:
    """One client of one server: its requests go over one line that is kept. Not to be shared between threads."""

    def __init__(self, address: str, *, seconds: float) -> None:
        parts = urlsplit(address)
        secure = parts.scheme == "https"
        self._base = parts.path.rstrip("/")
        self._query = f"?{parts.query}" if parts.query else ""
        self.line = Line(parts.hostname or "", parts.port or (443 if secure else 80), timeout=seconds)
        self.line.context = ssl.create_default_context() if secure else None

    def get(self, path: str = "") -> Answer:
        """Ask for ``path`` below the address. Raises ``OSError`` where there is no whole answer."""
        return self._exchange("GET", path, None)

    def post(self, path: str, body: ReadableBuffer) -> Answer:
        """Post JSON to ``path`` below the address. Raises ``OSError`` where there is no whole answer."""
        return self._exchange("POST", path, body)

    def _exchange(self, method: str, path: str, body: ReadableBuffer | None) -> Answer:
        headers = {"User-Agent": f"gitops-models/{__version__}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            self.line.request(method, (self._base + path or "/") + self._query, body=body, headers=headers)
            with self.line.getresponse() as answer:
                data = answer.read(MOST_BYTES + 1)
                status = answer.status
        except (http.client.HTTPException, ValueError) as error:
            self.line.close()
            raise OSError(0, f"no HTTP answer ({type(error).__name__})") from error
        except OSError:
            self.line.close()
            raise
        return self._whole(Answer(status, data))

    def _whole(self, answer: Answer) -> Answer:
        # An answer whose length is not said looks whole when it is cut short: the line says who hung up.
        if self.line.over:
            raise TimeoutError
        if len(answer.body) > MOST_BYTES:
            self.line.close()
            raise OSError(0, f"the answer is longer than {MOST_BYTES} bytes")
        return answer


@dataclass
class Lines:
    """The lines that one attempt opened, so that all of them can be cut."""

    seconds: float
    opened: list[Line] = field(default_factory=list)
    over: bool = False

    def client(self, address: str) -> Client:
        """Return a new client of ``address``."""
        made = Client(address, seconds=self.seconds)
        made.line.over = self.over
        self.opened.append(made.line)
        return made

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for line in self.opened:
            line.close()

    def cut(self) -> None:
        """Hang up everywhere, now and later."""
        self.over = True
        for line in tuple(self.opened):
            line.cut()


def within(lines: Lines, work: Callable[[Lines], _T]) -> _T:
    """Return or raise what ``work`` does; ``TimeoutError`` once the seconds of ``lines`` are over."""
    outcome: list[_T | BaseException] = []

    def run() -> None:
        try:
            with lines:
                outcome.append(work(lines))
        except BaseException as error:  # noqa: BLE001 - handed to the caller
            outcome.append(error)

    thread = Thread(target=run, name="gm-check", daemon=True)
    thread.start()
    thread.join(lines.seconds)
    if not outcome:
        lines.cut()
        raise TimeoutError
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]
