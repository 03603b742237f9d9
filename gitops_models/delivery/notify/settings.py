"""Where notices go: part of the operator's own files, never of the repository.

``kind: Reconciler`` carries the list for the reconciler, ``kind: Notifications`` for the commands of people.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gitops_models.delivery.fields import Place, distinct, local
from gitops_models.delivery.notify.ways import Chat, Hidden, Smtp, Webhook
from gitops_models.errors import GmError
from gitops_models.registry import yamls
from gitops_models.registry.documents import API_VERSION, Document, Part, validate
from gitops_models.registry.documents._base import Items, Line, Name, about

WAYS = ("webhook", "command", "slack", "teams", "smtp", "apprise")


class Notification(Part):
    """One place that notices go to, by one way: a webhook, a channel, mail, a command, or what apprise knows."""

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
    slack: Annotated[Chat | None, about("Channel of Slack.", {"url_file": "slack-url"})] = None
    teams: Annotated[Chat | None, about("Channel of Microsoft Teams.", {"url_file": "teams-url"})] = None
    smtp: Annotated[
        Smtp | None,
        about(
            "Mail.",
            {"host": "smtp.example.org", "sender": "gm@example.org", "recipients": ["on-call@example.org"]},
        ),
    ] = None
    apprise: Annotated[
        Hidden | None,
        about("Any service that apprise knows (the extra `apprise`), by its address.", {"url_file": "apprise-url"}),
    ] = None
    timeout: Annotated[int, Field(ge=1, le=60), about("Seconds that one attempt may take.", 10)] = 10

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(getattr(self, way) is not None for way in WAYS) != 1:
            raise ValueError(f"name one of {', '.join(WAYS)}")
        return self


Destinations = Annotated[
    Annotated[Items[Notification], Field(max_length=32), distinct("places")],
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


_FILES = ("secret_file", "url_file", "password_file", "ca_file")


def _absolute(place: Notification, base: Path) -> Notification:
    if place.command is None:
        (way,) = (name for name in WAYS if getattr(place, name) is not None)
        return place.model_copy(update={way: _with_files(getattr(place, way), base)})
    program, *words = place.command
    # A word with a slash is a file; any other is looked for on PATH.
    return place.model_copy(update={"command": (local(program, base) if "/" in program else program, *words)})


def _with_files(way: Part, base: Path) -> Part:
    files = {name: getattr(way, name, None) for name in _FILES}
    return way.model_copy(update={name: local(text, base) for name, text in files.items() if text})
