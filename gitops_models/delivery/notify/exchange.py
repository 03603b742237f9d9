"""One POST with a limit on the whole of it: looking up the name, connecting, TLS, and an answer that trickles in.

Timeouts of sockets count from byte to byte and looking up a name knows none, so the exchange runs in a thread that is
left behind when its time is over; its line is cut, which ends it.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from urllib.parse import SplitResult


class _Connection(http.client.HTTPConnection):
    """Keeps a second handle of its socket: TLS takes the first one over while it still greets."""

    context: ssl.SSLContext | None = None
    handle: socket.socket | None = None
    over = False

    def connect(self) -> None:
        raw = socket.create_connection((self.host, self.port), self.timeout)
        if self.over:
            raw.close()
            raise TimeoutError
        self.handle = raw.dup()
        self.sock = self.context.wrap_socket(raw, server_hostname=self.host) if self.context else raw

    def cut(self) -> None:
        """Hang up, whoever is using the line."""
        self.over = True
        if self.handle is not None:
            with suppress(OSError):
                self.handle.shutdown(socket.SHUT_RDWR)
            self.handle.close()


def post(url: SplitResult, body: bytes, headers: dict[str, str], *, seconds: float, ca_file: str | None) -> int:
    """Return the status of the answer. Raises ``TimeoutError`` after ``seconds``, ``OSError`` for all that fails."""
    secure = url.scheme == "https"
    connection = _Connection(url.hostname or "", url.port or (443 if secure else 80), timeout=seconds)
    connection.context = ssl.create_default_context(cafile=ca_file) if secure else None
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    outcome: list[int | Exception] = []

    def work() -> None:
        try:
            connection.request("POST", target, body=body, headers=headers)
            with connection.getresponse() as answer:
                outcome.append(answer.status)
        except Exception as error:  # noqa: BLE001 - handed to the caller
            outcome.append(error)
        finally:
            connection.close()

    thread = Thread(target=work, name="gm-webhook", daemon=True)
    thread.start()
    thread.join(seconds)
    in_time = outcome[:]  # before the line is cut: http.client takes the end of the line for the end of the headers
    connection.cut()
    if not in_time:
        raise TimeoutError
    return _status(in_time[0])


def _status(outcome: int | Exception) -> int:
    if isinstance(outcome, int):
        return outcome
    if isinstance(outcome, OSError):
        raise outcome
    raise OSError(0, f"no HTTP answer ({type(outcome).__name__})") from outcome
