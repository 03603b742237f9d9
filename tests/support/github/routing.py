"""Which function answers which operation; templates are those of GitHub's description."""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tests.support.github.messages import Refused, Request, not_found

LEVELS = ("none", "read", "triage", "write", "maintain", "admin")
WITH_SLASHES = {"ref", "branch"}  # values that hold slashes, whether or not the client encodes them
ROUTES = []


@dataclass(frozen=True)
class Route:
    method: str
    template: str
    pattern: re.Pattern
    handler: Any


@dataclass
class Call:
    """One request, on its way to the function that answers it. ``account`` is None for the anonymous."""

    fake: Any
    request: Request
    route: Route
    names: dict[str, str]
    account: Any
    repo: Any = None

    @property
    def query(self):
        return self.request.query

    @property
    def body(self):
        return self.given if isinstance(self.given, dict) else {}

    @property
    def given(self):
        """The JSON of the request."""
        try:
            return json.loads(self.request.body) if self.request.body else None
        except ValueError:
            raise Refused(400, "Problems parsing JSON") from None

    def number(self, name):
        return int(self.names[name])

    def allow(self, level):
        """Go on only with this permission in the repository."""
        if self.account is None and level != "read":
            raise Refused(401, "Requires authentication")
        if self.level < LEVELS.index(level):
            kind = "integration" if self.account.kind == "Bot" else "personal access token"
            raise Refused(403, f"Resource not accessible by {kind}")

    @property
    def level(self):
        return LEVELS.index(self.repo.permission(self.account))


def route(method, template):
    """Let a function of a ``Call`` answer an operation; it gives the data, or an ``Answer``."""

    def put(handler):
        ROUTES.append(Route(method, template, re.compile(_expression(template)), handler))
        ROUTES.sort(key=lambda known: (-sum("{" not in part for part in known.template.split("/")), known.template))
        return handler

    return put


def _expression(template):
    parts = re.split(r"\{(\w+)\}", template)
    names = (f"(?P<{name}>{'.+' if name in WITH_SLASHES else '[^/]+'})" for name in parts[1::2])
    literal = [re.escape(part) for part in parts[::2]]
    return "".join(text for pair in zip(literal, [*names, ""], strict=True) for text in pair)


def find_route(method, path):
    """The route of a request and the values in its path; raises Refused(404)."""
    for known in ROUTES:
        match = known.pattern.fullmatch(path)
        if match and known.method == method:
            return known, {name: unquote(value) for name, value in match.groupdict().items()}
    raise not_found()
