"""Lines that can be cut from outside, and work with a limit on the whole of its time.

Timeouts of sockets count from byte to byte and looking up a name knows none, so whoever must end in time works in a
thread that is left behind when its time is over (``within``); cutting its lines ends it. Over HTTP no redirect is
followed and no proxy is used: what answers must be the very server that was named.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING, TypeVar

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self
    from urllib.parse import SplitResult

    from _typeshed import ReadableBuffer

_T = TypeVar("_T")


def within(seconds: float, work: Callable[[], _T], cut: Callable[[], None], *, name: str) -> _T:
    """Return or raise what ``work`` does in a thread called ``name``.

    After ``seconds`` its lines are ``cut``: ``TimeoutError``. ``work`` itself closes what it opened.
    """
    outcome: list[tuple[_T] | BaseException] = []

    def run() -> None:
        try:
            outcome.append((work(),))
        except BaseException as error:  # noqa: BLE001 - handed to the caller
            outcome.append(error)

    thread = Thread(target=run, name=name, daemon=True)
    thread.start()
    thread.join(seconds)
    in_time = outcome[:]  # before the lines are cut: http.client takes the end of a line for the end of the headers
    if not in_time:
        cut()
        raise TimeoutError
    (found,) = in_time
    if isinstance(found, BaseException):
        raise found
    return found[0]


class Line:
    """A second handle of a socket, to hang up on: TLS takes the first one over while it still greets."""

    def __init__(self) -> None:
        self.over = False
        self._lock = Lock()
        self._handle: socket.socket | None = None

    def connect(self, host: str, port: int, seconds: float | None) -> socket.socket:
        """Return a socket that ``cut`` ends; the one before it is let go. Raises ``OSError``."""
        raw = socket.create_connection((host, port), seconds)
        self.close()
        with self._lock:
            if not self.over:
                self._handle = raw.dup()
                return raw
        raw.close()
        raise TimeoutError

    def cut(self) -> None:
        """Hang up, whoever is using the line, now and later."""
        with self._lock:
            self.over = True
            if self._handle is not None:
                with suppress(OSError):
                    self._handle.shutdown(socket.SHUT_RDWR)
                self._handle.close()
                self._handle = None

    def close(self) -> None:
        """Let go of the handle."""
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True)
class Answer:
    """What came back: the status and the body."""

    status: int
    body: bytes


class HttpLine(http.client.HTTPConnection):
    """HTTP to the server of ``address`` over a line that can be cut. It is kept open from request to request.

    ``ca_file``: the authorities for TLS, instead of the system's; ``context``: those that were read already.
    """

    def __init__(
        self,
        address: SplitResult,
        *,
        seconds: float,
        ca_file: str | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.secure = address.scheme == "https"
        self._ca_file = ca_file
        self._context = context
        self._line = Line()
        super().__init__(address.hostname or "", address.port or (443 if self.secure else 80), timeout=seconds)

    @property
    def over(self) -> bool:
        """Whether the line was cut."""
        return self._line.over

    def connect(self) -> None:
        """Connect over the line; called by http.client, whose own ``close`` is of its first handle alone.

        It closes as soon as an answer says that it is the last, when the body is still to come.
        """
        context = self._tls() if self.secure else None
        raw = self._line.connect(self.host, self.port, self.timeout)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = context.wrap_socket(raw, server_hostname=self.host) if context else raw

    def _tls(self) -> ssl.SSLContext:
        """Read the authorities when the line first needs them: a clock runs by then, and their file may hang.

        Under no lock: nobody else waits for a file that hangs.
        """
        if self._context is None:
            self._context = ssl.create_default_context(cafile=self._ca_file)
        return self._context

    def cut(self) -> None:
        """Hang up, whoever is using the line, now and later."""
        self._line.cut()

    def end(self) -> None:
        """Close the line and let go of its second handle."""
        self.close()
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def ask(
        self, method: str, target: str, body: ReadableBuffer | None, headers: Mapping[str, str], *, most: int
    ) -> Answer:
        """Return the answer to one request, its body of at most ``most`` bytes.

        Raises ``TimeoutError`` once the line was cut, ``OSError`` where there is no whole answer.
        """
        try:
            self.request(method, target, body=body, headers=headers)
            with self.getresponse() as answer:
                data = answer.read(most + 1)
        except (http.client.HTTPException, ValueError) as error:
            self.end()
            raise OSError(0, f"no HTTP answer ({type(error).__name__})") from error
        except OSError:
            self.end()
            raise
        # An answer whose length is not said looks whole when it is cut short: the line says who hung up.
        if self.over:
            raise TimeoutError
        if len(data) > most:
            self.end()
            raise OSError(0, f"the answer is longer than {most} bytes")
        if answer.length:  # http.client asks for no more than it is told and is content with less
            self.end()
            raise OSError(0, f"the answer is {answer.length} bytes shorter than it says")
        return Answer(answer.status, data)


def target_of(url: SplitResult) -> str:
    """Return what a request to ``url`` asks for: its path and query."""
    return (url.path or "/") + (f"?{url.query}" if url.query else "")
