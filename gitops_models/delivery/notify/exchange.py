"""Conversations with a limit on the whole of them: looking up the name, connecting, TLS, answers that trickle in.

Timeouts of sockets count from byte to byte and looking up a name knows none, so a conversation runs in a thread that is
left behind when its time is over; its line is cut, which ends it.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from urllib.parse import SplitResult

T = TypeVar("T")


class Line:
    """A second handle of a socket, to hang up on: TLS takes the first one over while it still greets."""

    def __init__(self) -> None:
        self._handle: socket.socket | None = None
        self._over = False

    def connect(self, host: str, port: int, seconds: float | None) -> socket.socket:
        """Return a socket that ``cut`` ends. Raises ``OSError``."""
        raw = socket.create_connection((host, port), seconds)
        if self._over:
            raw.close()
            raise TimeoutError
        self._handle = raw.dup()
        return raw

    def cut(self) -> None:
        """Hang up."""
        self._over = True
        if self._handle is not None:
            with suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)
            self._handle.close()


def within(seconds: float, work: Callable[[], T], line: Line) -> T:
    """Return or raise what ``work`` does in a thread; after ``seconds`` its ``line`` is cut: ``TimeoutError``."""
    outcome: list[tuple[T] | Exception] = []

    def run() -> None:
        try:
            outcome.append((work(),))
        except Exception as error:  # noqa: BLE001 - handed to the caller
            outcome.append(error)

    thread = Thread(target=run, name="gm-notice", daemon=True)
    thread.start()
    thread.join(seconds)
    in_time = outcome[:]  # before the line is cut: http.client takes the end of the line for the end of the headers
    line.cut()
    if not in_time:
        raise TimeoutError
    (found,) = in_time
    if isinstance(found, Exception):
        raise found
    return found[0]


class _Connection(http.client.HTTPConnection):
    """Speaks over a line that can be cut."""

    context: ssl.SSLContext | None = None
    line: Line

    def connect(self) -> None:
        raw = self.line.connect(self.host, self.port, self.timeout)
        self.sock = self.context.wrap_socket(raw, server_hostname=self.host) if self.context else raw


def post(url: SplitResult, body: bytes, headers: dict[str, str], *, seconds: float, ca_file: str | None) -> int:
    """Return the status of the answer. Raises ``TimeoutError`` after ``seconds``, ``OSError`` for all that fails."""
    secure = url.scheme == "https"
    connection = _Connection(url.hostname or "", url.port or (443 if secure else 80), timeout=seconds)
    connection.context = ssl.create_default_context(cafile=ca_file) if secure else None
    connection.line = Line()
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")

    def work() -> int:
        try:
            connection.request("POST", target, body=body, headers=headers)
            with connection.getresponse() as answer:
                return answer.status
        finally:
            connection.close()

    try:
        return within(seconds, work, connection.line)
    except OSError:
        raise
    except Exception as error:
        raise OSError(0, f"no HTTP answer ({type(error).__name__})") from error
