"""Plain HTTP to the servers that the operator named, for checks: many requests over one line, several lines at once."""

from __future__ import annotations

import ssl
from dataclasses import field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gitops_models._version import __version__
from gitops_models.delivery.lines import HttpLine
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from typing import Self
    from urllib.parse import SplitResult

    from _typeshed import ReadableBuffer

    from gitops_models.delivery.lines import Answer

MOST_BYTES = 16 * 1024 * 1024


class Client:
    """One client of one server: its requests go over one line that is kept. Not to be shared between threads."""

    def __init__(self, parts: SplitResult, *, seconds: float, context: ssl.SSLContext | None) -> None:
        self._base = parts.path.rstrip("/")
        self._query = f"?{parts.query}" if parts.query else ""
        self.line = HttpLine(parts, seconds=seconds, context=context)

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
        return self.line.ask(method, (self._base + path or "/") + self._query, body, headers, most=MOST_BYTES)


@dataclass
class Lines:
    """The lines that one attempt opened, so that all of them can be cut."""

    seconds: float
    opened: list[HttpLine] = field(default_factory=list)
    over: bool = False
    context: ssl.SSLContext | None = None

    def client(self, address: str) -> Client:
        """Return a new client of ``address``.

        The first over TLS reads the authorities for all of them: it takes its time, before anything is measured. Their
        file may hang, so only work with a limit on its time asks for a client.
        """
        parts = urlsplit(address)
        if parts.scheme == "https" and self.context is None:
            self.context = ssl.create_default_context()
        made = Client(parts, seconds=self.seconds, context=self.context)
        self.opened.append(made.line)
        if self.over:  # asked behind the append: a cut meanwhile has seen the one or the other
            made.line.cut()
        return made

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for line in self.opened:
            line.end()

    def cut(self) -> None:
        """Hang up everywhere, now and later."""
        self.over = True
        for line in tuple(self.opened):
            line.cut()
