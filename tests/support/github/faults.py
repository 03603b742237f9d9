"""Faults that a test puts in the way of requests."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.github.messages import Answer


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one answer.

    ``status``, ``headers`` and ``body`` (text, bytes or JSON) replace the answer, ``redirect`` answers 302 to that
    address (``status`` may say 301, 307 or 308), ``drop`` closes the connection without a word. These leave the request
    undone unless ``applied``. ``truncate`` sends only so many bytes of the real answer, ``change`` gets the data of the
    real answer and gives the lie, ``delay`` waits so many seconds (or until the fake stops) before anything else.
    """

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    truncate: int | None = None
    delay: float = 0.0
    redirect: str | None = None
    drop: bool = False
    applied: bool = False
    change: Callable[[Any], Any] | None = None

    @property
    def replaces(self):
        return self.drop or self.redirect is not None or self.status is not None or self.body is not None

    def replacement(self):
        """The answer that is given instead of the real one."""
        if self.redirect is not None:
            return Answer(self.status or 302, {"message": "Moved"}, {"Location": self.redirect, **self.headers})
        status, body = self.status or 200, self.body
        if isinstance(body, str | bytes):
            return Answer(status, None, dict(self.headers), body.encode() if isinstance(body, str) else body)
        return Answer(status, {"message": f"Fault {status}"} if body is None else body, dict(self.headers))

    def spoil(self, answer):
        """The real answer with its lie and its headers."""
        data = answer.data if self.change is None else self.change(answer.data)
        return Answer(answer.status, data, answer.headers | self.headers, answer.raw)


class Faults:
    """Faults by method and path; each strikes as often as it was asked to (``times=None``: always)."""

    def __init__(self):
        self._waiting = []

    def add(self, method, pattern, fault, times=1):
        self._waiting.append([method, re.compile(pattern), fault, times])

    def clear(self):
        self._waiting.clear()

    def take(self, method, path):
        """The fault that strikes this request, or None."""
        for entry in self._waiting:
            wanted, pattern, fault, times = entry
            if wanted not in ("*", method) or not pattern.search(path) or times == 0:
                continue
            entry[3] = None if times is None else times - 1
            return fault
        return None
