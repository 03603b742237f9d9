"""What goes in and out of the fake, and how it refuses."""

import json
from dataclasses import dataclass, field
from typing import Any

DOCUMENTATION = "https://docs.github.com/rest"


@dataclass(frozen=True)
class Request:
    """One request; ``path`` as it was sent (percent-encoded), without the prefix of the API."""

    method: str
    path: str
    query: dict[str, str]
    headers: Any
    body: bytes = b""


@dataclass
class Answer:
    """One answer; ``raw`` is sent instead of ``data`` where it is not JSON."""

    status: int = 200
    data: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None

    @property
    def content(self):
        if self.raw is not None:
            return self.raw
        return b"" if self.data is None else json.dumps(self.data).encode()


class Refused(Exception):  # noqa: N818 - an answer of the forge, not an error of the fake
    """The forge says no; ``errors`` are objects (validation-error) or strings (validation-error-simple)."""

    def __init__(self, status, message, errors=None):
        super().__init__(f"{status} {message}")
        self.status, self.message, self.errors = status, message, errors

    @property
    def answer(self):
        body = {"message": self.message, "documentation_url": DOCUMENTATION, "status": str(self.status)}
        if self.errors is not None:
            del body["status"]
            body["errors"] = self.errors
        return Answer(self.status, body)


def invalid(resource, message, *, field=None, code="custom"):
    """The 422 of most operations."""
    error = {"resource": resource, "code": code, "message": message}
    return Refused(422, "Validation Failed", [{**error, **({"field": field} if field else {})}])


def not_found():
    return Refused(404, "Not Found")
