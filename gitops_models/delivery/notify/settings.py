"""Where notices go: part of the operator's own files, never of the repository.

``kind: Reconciler`` carries the list for the reconciler, ``kind: Notifications`` for the commands of people.
"""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from gitops_models.delivery.fields import Place, local
from gitops_models.errors import GmError
from gitops_models.registry import yamls
from gitops_models.registry.documents import API_VERSION, Document, Part, validate
from gitops_models.registry.documents._base import Items, Line, Name, about
from gitops_models.registry.text import names_a_user

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


def _web_address(text: str) -> str:
    if not text.isascii() or " " in text or "#" in text or names_a_user(text):
        raise ValueError("must be a plain address without a user, a blank or a fragment")
    parts = urlsplit(text)
    if not parts.hostname or parts.port == 0:  # a port that is no number raises ValueError here
        raise ValueError("must name a host")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
        raise ValueError("must begin with https:// (http:// is for this machine alone)")
    return text


class Webhook(Part):
    """An address that takes CloudEvents over HTTPS, signed with a shared secret."""

    url: Annotated[
        Line, AfterValidator(_web_address), about("Where events are posted.", "https://hooks.example.org/gm")
    ]
    secret_file: Annotated[Place | None, about("File that holds the shared secret.", "webhook-secret")] = None
    secret_env: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")] | None,
        about("Environment variable that holds the shared secret.", "GM_WEBHOOK_SECRET"),
    ] = None
    ca_file: Annotated[Place | None, about("Certificates to trust instead of the system's (PEM).", "ca.pem")] = None

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        if (self.secret_file is None) == (self.secret_env is None):
            raise ValueError("name the secret by secret_file or by secret_env")
        return self


class Notification(Part):
    """One place that notices go to: a webhook or a command."""

    id: Annotated[Name, about("Name of the place, in warnings and in the outbox.", "on-call")]
    routes: Annotated[
        Annotated[Items[Literal["ops", "security"]], Field(min_length=1)],
        about("Which notices it gets; emergency and integrity go to both routes.", ["ops"]),
    ] = ("ops", "security")
    webhook: Annotated[
        Webhook | None,
        about("Address to post to.", {"url": "https://hooks.example.org/gm", "secret_file": "webhook-secret"}),
    ] = None
    command: Annotated[
        Annotated[Items[Line], Field(min_length=1, max_length=64)] | None,
        about("Program and arguments; it gets the event on standard input.", ["/usr/local/bin/page", "--from", "gm"]),
    ] = None
    timeout: Annotated[int, Field(ge=1, le=60), about("Seconds that one attempt may take.", 10)] = 10

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.webhook is None) == (self.command is None):
            raise ValueError("name either a webhook or a command")
        return self


def _distinct(found: tuple[Notification, ...]) -> tuple[Notification, ...]:
    ids = [one.id for one in found]
    if len(set(ids)) != len(ids):
        raise ValueError("two places have the same id")
    return found


Destinations = Annotated[
    Annotated[Items[Notification], Field(max_length=32), AfterValidator(_distinct)],
    about("Who is told what happens.", [{"id": "on-call", "command": ["/usr/local/bin/page"]}]),
]


class NotificationsFile(Document):
    """Who is told by the commands of a person. Relative paths are relative to the file."""

    kind: Annotated[Literal["Notifications"], about("The kind of document.", "Notifications")] = "Notifications"
    notifications: Destinations
    state: Annotated[
        Place | None, about("Directory of the outbox; one below ~/.local/state when absent.", "outbox")
    ] = None


def read_notifications(path: Path) -> NotificationsFile:
    """Read the file of kind Notifications; every path in it comes back absolute. GM-R710 for what is none."""
    where = str(path)
    try:
        value = yamls.load(path.read_bytes(), where)
        document = validate(NotificationsFile, value, where)
    except OSError as error:
        raise GmError("GM-R710", f"{path.name} cannot be read: {error.strerror}", where=where) from error
    except GmError as error:
        raise GmError("GM-R710", error.message, where=where, details=error.details) from error
    if value.get("apiVersion") != API_VERSION or "kind" not in value:
        raise GmError("GM-R710", f"not a document of kind Notifications ({API_VERSION})", where=where)
    base = path.absolute().parent
    return document.model_copy(
        update={
            "notifications": absolute(document.notifications, base),
            "state": local(document.state, base) if document.state else None,
        }
    )


def absolute(places: tuple[Notification, ...], base: Path) -> tuple[Notification, ...]:
    """Return the places with the paths of their files, which are relative to ``base``."""
    return tuple(_absolute(place, base) for place in places)


def _absolute(place: Notification, base: Path) -> Notification:
    if place.webhook is not None:
        files = {name: getattr(place.webhook, name) for name in ("secret_file", "ca_file")}
        found = {name: local(text, base) for name, text in files.items() if text}
        return place.model_copy(update={"webhook": place.webhook.model_copy(update=found)})
    program, *words = place.command or ()
    # A word with a slash is a file; any other is looked for on PATH.
    return place.model_copy(update={"command": (local(program, base) if "/" in program else program, *words)})
