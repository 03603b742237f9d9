"""Where signals come from and how a monitor works: part of the operator's own file, never of the repository."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from gitops_models.delivery.checks.fill import known_words
from gitops_models.delivery.fields import Address, Place, distinct, local
from gitops_models.delivery.serving.settings import Listen  # noqa: TC001 - pydantic reads the annotation
from gitops_models.registry.documents import Part
from gitops_models.registry.documents._base import Items, Line, Name, about

if TYPE_CHECKING:
    from pathlib import Path

QUERY = "{query}"


def _words(text: str) -> str:
    return text if text == QUERY else known_words(text)


def _own_address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise ValueError("must be an IP address of this machine, such as 127.0.0.1 or ::1") from error


class SourcePart(Part):
    """What every source has."""

    id: Annotated[Name, about("Name of the source; triggers say it under `use`.", "prometheus-main")]
    timeout: Annotated[float, Field(gt=0, le=60), about("Seconds that one answer may take.", 10)] = 10


class WebPart(SourcePart):
    """A server that is asked over HTTP."""

    url: Annotated[Address, about("Its address.", "http://127.0.0.1:9090")]
    token_file: Annotated[Place | None, about("File with a bearer token.", "prometheus-token")] = None
    ca_file: Annotated[Place | None, about("Certificates to trust instead of the system's (PEM).", "ca.pem")] = None


class PrometheusSource(WebPart):
    """A Prometheus, or what speaks its API: the query is PromQL."""

    kind: Annotated[Literal["prometheus"], about("The kind of source.", "prometheus")]


class HttpSource(WebPart):
    """An address that answers with JSON: the query is a JSON pointer into it."""

    kind: Annotated[Literal["http"], about("The kind of source.", "http")]


class FileSource(SourcePart):
    """A file of JSON: the query is a JSON pointer into it."""

    kind: Annotated[Literal["file"], about("The kind of source.", "file")]
    path: Annotated[
        Place, AfterValidator(_words), about("The file; {model}, {stage}, {version}, {sha256}.", "drift/{model}.json")
    ]


class CommandSource(SourcePart):
    """A program that prints JSON; the query is an argument of its own where the list says {query}."""

    kind: Annotated[Literal["command"], about("The kind of source.", "command")]
    command: Annotated[
        Annotated[Items[Annotated[Line, AfterValidator(_words)]], Field(min_length=1, max_length=64)],
        about("Program and arguments.", ["/opt/gm/drift", "{model}", "{version}", "{query}"]),
    ]


class AlertmanagerSource(SourcePart):
    """Alerts that an Alertmanager posts to the monitor: the query is `label="value"`, with commas between."""

    kind: Annotated[Literal["alertmanager"], about("The kind of source.", "alertmanager")]
    heartbeat: Annotated[
        Line | None, about("Name of an alert that always fires: while it comes, silence means false.", "Watchdog")
    ] = None


class IntegritySource(SourcePart):
    """What is served, hashed again: the value is how many differences there are."""

    kind: Annotated[Literal["integrity"], about("The kind of source.", "integrity")]


Source = Annotated[
    PrometheusSource | AlertmanagerSource | HttpSource | FileSource | CommandSource | IntegritySource,
    Field(discriminator="kind"),
]


Sources = Annotated[
    Annotated[Items[Source], Field(max_length=64), distinct("sources")],
    about("What triggers may ask.", [{"id": "prometheus-main", "kind": "prometheus", "url": "http://127.0.0.1:9090"}]),
]


class Rate(Part):
    """How often automation may act on its own at one place."""

    count: Annotated[int, Field(ge=1, le=100), about("How many rollbacks.", 2)] = 2
    per_hours: Annotated[int, Field(ge=1, le=8784), about("Within how many hours.", 24)] = 24


class Receiver(Part):
    """Where alerts are received: POST /alerts with a bearer token. Plain HTTP, for this machine."""

    address: Annotated[
        Line,
        AfterValidator(_own_address),
        about("Address to listen at; this machine alone is the default.", "127.0.0.1"),
    ] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535), about("Port; 0 takes any that is free.", 9472)] = 9472
    token_file: Annotated[Place, about("File with the token that an Alertmanager has to send.", "alerts-token")]


class MonitorPart(Part):
    """How `gm monitor` works. Its key is a workload's of its own, which may propose and never approve."""

    key: Annotated[Place, about("Private SSH key that signs proposals and records.", "monitor_ed25519")]
    name: Annotated[Line, about("Who proposals are by.", "monitor-eu")] = "gm monitor"
    email: Annotated[Line, about("E-mail of the same.", "monitor@example.org")] = "monitor@localhost"
    at_most: Annotated[
        Rate, about("Beyond this rate of one model and stage it only alerts.", {"count": 2, "per_hours": 24})
    ] = Rate()
    receive: Annotated[
        Receiver | None, about("Where an Alertmanager posts its alerts.", {"token_file": "alerts-token"})
    ] = None

    listen: Annotated[Listen | None, about("Where its figures and health are shown.", {"port": 9473})] = None

    def beside(self, base: Path) -> MonitorPart:
        """Return this with the paths of its files, which are relative to ``base``."""
        receive = self.receive
        if receive is not None:
            receive = receive.model_copy(update={"token_file": local(receive.token_file, base)})
        listen = self.listen.beside(base) if self.listen else None
        return self.model_copy(update={"key": local(self.key, base), "receive": receive, "listen": listen})


def absolute_sources(sources: tuple[Source, ...], base: Path) -> tuple[Source, ...]:
    """Return the sources with the paths of their files, which are relative to ``base``."""
    return tuple(_absolute(source, base) for source in sources)


def _absolute(source: Source, base: Path) -> Source:
    if isinstance(source, FileSource):
        return source.model_copy(update={"path": local(source.path, base)})
    if isinstance(source, WebPart):
        files = {name: getattr(source, name) for name in ("token_file", "ca_file")}
        return source.model_copy(update={name: local(text, base) for name, text in files.items() if text})
    if isinstance(source, CommandSource):
        program, *words = source.command
        # A word with a slash is a file; any other is looked for on PATH.
        return source.model_copy(update={"command": (local(program, base) if "/" in program else program, *words)})
    return source
