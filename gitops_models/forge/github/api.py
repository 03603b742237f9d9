"""Requests to GitHub's REST API: limits on everything, repetitions only where they cannot do a thing twice."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from dataclasses import field
from typing import TYPE_CHECKING, Any

from gitops_models._version import __version__
from gitops_models.errors import GmError
from gitops_models.forge.github.answers import LimitedError, parse_json, raise_for
from gitops_models.forge.github.exchange import Raw, Request
from gitops_models.forge.github.fields import unlike
from gitops_models.forge.github.paging import PER_PAGE, walk
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitops_models.forge.github.exchange import Line

API_VERSION = "2022-11-28"
MOST_PAGES = 30
# A repetition of these asks for the same state again. PATCH and POST only where the caller says so.
_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
_PASSING = frozenset({"GM-F407", "GM-F408"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_HOPS = 3
_UNCHANGED = 304
_WHOLE = frozenset({200, 201, 202})  # not 206, which is a part, nor 203, which is somebody else's
_NO_CONTENT = frozenset({204, 205})
_FIRST_FAILURE = 400
_KEPT_ANSWERS = 128
_KEPT_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """What came back: names of headers in lower case, ``data`` is the JSON value or None for no content."""

    status: int
    headers: Mapping[str, str]
    data: Any


@dataclass
class Api:
    """One server and one token. ``pauses``: seconds between attempts; ``patience``: how long a limit is waited for.

    ``clock`` gives seconds since 1970.
    """

    line: Line
    token: Callable[[], str]
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    pauses: tuple[float, ...] = (1.0, 3.0)
    patience: float = 90.0
    _kept: OrderedDict[str, tuple[str, Raw]] = field(default_factory=OrderedDict, repr=False)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        repeatable: bool | None = None,
    ) -> Answer:
        """Ask for ``path`` below the API's address. ``repeatable``: whether doing it twice is doing it once.

        Raises GM-F401 to F409 (errors/_forge.py); a refusal for the rate was not carried out, so it is always repeated.
        """
        target = self.line.address.target(path, dict(query or {}))
        again = method in _REPEATABLE if repeatable is None else repeatable
        pauses = list(self.pauses) if again else []
        patience = self.patience
        while True:
            try:
                return self._once(method, target, body)
            except LimitedError as limited:
                rest = max(limited.seconds, 1.0)
                if rest > patience:
                    raise
                patience -= rest
                self.sleep(rest)
            except GmError as error:
                if error.code not in _PASSING or not pauses:
                    raise
                self.sleep(pauses.pop(0))

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """The data at ``path``."""
        return self.request("GET", path, query=query).data

    def pages(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        under: str | None = None,
        key: str | None = "id",
        per_page: int = PER_PAGE,
        most_pages: int = MOST_PAGES,
    ) -> tuple[Any, ...]:
        """Every item of a list, or GM-F408: never a part of it (paging.py)."""
        return walk(self, path, query or {}, under=under, key=key, per_page=per_page, most_pages=most_pages)

    def _once(self, method: str, target: str, body: Any) -> Answer:
        for _ in range(_MOST_HOPS + 1):
            raw = self._exchange(method, target, body)
            if raw.status not in _REDIRECTS:
                return self._answer(raw, f"{method} {target}")
            target = self._moved(method, target, raw)
        raise GmError("GM-F409", f"GitHub sends from one address to the next, {_MOST_HOPS} times", where=target)

    def _exchange(self, method: str, target: str, body: Any) -> Raw:
        headers = {
            "Accept": "application/vnd.github+json",
            "Accept-Encoding": "identity",
            "Authorization": f"Bearer {self.token()}",
            "User-Agent": f"gitops-models/{__version__}",
            "X-GitHub-Api-Version": API_VERSION,
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        known = self._kept.get(target) if method == "GET" else None
        if known:
            headers["If-None-Match"] = known[0]
        raw = self.line.send(Request(method, target, headers, None if body is None else json.dumps(body).encode()))
        if raw.status == _UNCHANGED:
            if known is None:
                raise unlike("GitHub says that nothing changed, of what it has not told yet")
            return known[1]
        self._keep(method, target, raw)
        return raw

    def _keep(self, method: str, target: str, raw: Raw) -> None:
        tag = raw.headers.get("etag")
        if method != "GET" or raw.status != 200 or not tag or len(raw.body) > _KEPT_BYTES:  # noqa: PLR2004 - OK
            return
        self._kept[target] = (tag, raw)
        self._kept.move_to_end(target)
        while len(self._kept) > _KEPT_ANSWERS:
            self._kept.popitem(last=False)

    def _moved(self, method: str, target: str, raw: Raw) -> str:
        """Where a redirect leads: of a question only, and never to another server with our token."""
        link = raw.headers.get("location", "")
        parts = self.line.address.within(link, target)
        if method != "GET" or parts is None:
            raise GmError("GM-F409", f"GitHub answers {raw.status} and sends elsewhere", where=f"{method} {target}")
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def _answer(self, raw: Raw, where: str) -> Answer:
        if raw.status >= _FIRST_FAILURE:
            raise_for(raw, where, now=self.clock())
        if raw.status not in _WHOLE | _NO_CONTENT:
            raise unlike(f"GitHub answers {raw.status} to {where}")
        data = None if raw.status in _NO_CONTENT else parse_json(raw.body, f"the answer to {where}")
        return Answer(raw.status, raw.headers, data)
