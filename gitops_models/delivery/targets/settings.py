"""How targets stand in the operator's own file: what all have in common, and the settings of each kind.

A kind of target has its settings here (or beside its own class), one line in ``TargetPlace`` and one in ``registry``.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from gitops_models.delivery.checks.fill import known_words
from gitops_models.delivery.fields import Address, Place, local
from gitops_models.delivery.plan import DEFAULT_KEEP
from gitops_models.registry.documents import Part
from gitops_models.registry.documents._base import Items, Line, Name, about
from gitops_models.registry.documents.repository import Glob

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_USUAL_KIND = "directory"
_ENGINE = "http://127.0.0.1:8080/v2"
_LOAD = f"{_ENGINE}/repository/models/{{model}}/load"

Words = Annotated[Line, AfterValidator(known_words)]
Command = Annotated[Items[Words], Field(min_length=1, max_length=64)]
Seconds = Annotated[float, Field(gt=0, le=600)]


def _program(command: tuple[str, ...], base: Path) -> tuple[str, ...]:
    """A first word with a slash is a file; any other is looked for on PATH."""
    program, *words = command
    return (local(program, base) if "/" in program else program, *words)


def _maybe(text: str | None, base: Path) -> str | None:
    return local(text, base) if text else None


class AskHttp(Part):
    """Where an engine says which digest it serves."""

    url: Annotated[
        Address, about("Address that answers with JSON; 404 is nothing served.", f"{_ENGINE}/models/{{model}}")
    ]
    field: Annotated[
        Line, about("Where the sha256 stands in that answer, as a JSON pointer.", "/parameters/sha256")
    ] = "/parameters/sha256"

    @model_validator(mode="after")
    def _pointer(self) -> Self:
        if not self.field.startswith("/"):
            raise ValueError("field is a JSON pointer: it begins with a slash")
        return self


class HttpReload(Part):
    """An engine that is told by HTTP: each address gets a POST with the version, its sha256 and its path as JSON."""

    load: Annotated[Address, about("Told of a version to serve; any status of 2xx means that it is.", _LOAD)]
    unload: Annotated[
        Address | None, about("Told that nothing is served any more.", f"{_ENGINE}/repository/models/{{model}}/unload")
    ] = None
    observe: Annotated[
        AskHttp | None, about("How it is asked what it serves.", {"url": f"{_ENGINE}/models/{{model}}"})
    ] = None
    token_file: Annotated[Place | None, about("File that holds a bearer token for it.", "engine-token")] = None
    ca_file: Annotated[Place | None, about("Certificates to trust instead of the system's (PEM).", "ca.pem")] = None

    @model_validator(mode="after")
    def _no_token_in_the_clear(self) -> Self:
        urls = (self.load, self.unload, self.observe.url if self.observe else None)
        for parts in (urlsplit(url) for url in urls if url and self.token_file):
            if parts.scheme != "https" and parts.hostname not in _HERE:
                raise ValueError("a token is sent over https:// only (http:// is for this machine alone)")
        return self

    def beside(self, base: Path) -> Self:
        """Return it with its paths, which are relative to ``base``, absolute."""
        return self.model_copy(
            update={"token_file": _maybe(self.token_file, base), "ca_file": _maybe(self.ca_file, base)}
        )


class SignalReload(Part):
    """An engine that is told by a signal and then reads ``current`` anew."""

    pid_file: Annotated[Place, about("File that holds its process id.", "/run/engine.pid")]
    name: Annotated[Literal["HUP", "USR1", "USR2"], about("Which signal.", "HUP")] = "HUP"

    def beside(self, base: Path) -> Self:
        """Return it with its path, which is relative to ``base``, absolute."""
        return self.model_copy(update={"pid_file": local(self.pid_file, base)})


class CommandReload(Part):
    """An engine that is told by programs; status 0 means done, 75 that another attempt may help."""

    load: Annotated[Command, about("Told of a version to serve.", ["/opt/engine/load", "{model}", "{path}"])]
    unload: Annotated[
        Command | None, about("Told that nothing is served any more.", ["/opt/engine/unload", "{model}"])
    ] = None
    observe: Annotated[
        Command | None, about("Prints the sha256 that is served, or nothing.", ["/opt/engine/served", "{model}"])
    ] = None

    def beside(self, base: Path) -> Self:
        """Return it with its programs, which are relative to ``base``, absolute."""
        programs = {name: getattr(self, name) for name in ("load", "unload", "observe")}
        return self.model_copy(update={name: _program(found, base) for name, found in programs.items() if found})


class Reload(Part):
    """How the program that serves learns of a switch. Exactly one way; without any, it looks at ``current`` itself."""

    http: Annotated[HttpReload | None, about("By HTTP.", {"load": _LOAD})] = None
    signal: Annotated[SignalReload | None, about("By a signal.", {"pid_file": "/run/engine.pid"})] = None
    command: Annotated[CommandReload | None, about("By a program.", {"load": ["/opt/engine/load", "{path}"]})] = None
    timeout: Annotated[Seconds, about("Seconds that loading may take.", 30)] = 30

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(way is not None for way in (self.http, self.signal, self.command)) != 1:
            raise ValueError("name exactly one of http, signal and command")
        return self

    def beside(self, base: Path) -> Self:
        """Return it with its paths, which are relative to ``base``, absolute."""
        ways = {"http": self.http, "signal": self.signal, "command": self.command}
        return self.model_copy(update={name: way.beside(base) for name, way in ways.items() if way})


class TargetPart(Part):
    """What every target has: its name, what it serves, and how many versions it keeps."""

    id: Annotated[Name, about("Identifier of the target; names its deployment records.", "serving-eu")]
    path: Annotated[Place, about("Directory that it serves from.", "/srv/models")]
    stages: Annotated[Items[Name] | None, about("Stages it serves; all when absent.", ["production"])] = None
    models: Annotated[Items[Glob] | None, about("Models it serves, as patterns; all when absent.", ["fraud*"])] = None
    keep: Annotated[int, Field(ge=1, le=1000), about("Versions kept beside live and previous.", 3)] = DEFAULT_KEEP

    def beside(self, base: Path) -> Self:
        """Return it with its paths, which are relative to ``base``, absolute."""
        return self.model_copy(update={"path": local(self.path, base)})


class DirectoryPlace(TargetPart):
    """Files below a directory of this machine, switched by one rename."""

    kind: Annotated[Literal["directory"], about("How it serves.", "directory")] = "directory"
    reload: Annotated[Reload | None, about("How the program that serves is told.", {"http": {"load": _LOAD}})] = None

    def beside(self, base: Path) -> Self:
        """Return it with its paths, which are relative to ``base``, absolute."""
        return super().beside(base).model_copy(update={"reload": self.reload.beside(base) if self.reload else None})


class CommandPlace(TargetPart):
    """Programs of the operator's own deploy, say what is served, and stop. Bytes are kept below ``path``."""

    kind: Annotated[Literal["command"], about("How it serves.", "command")]
    apply: Annotated[
        Command, about("Deploys a version.", ["/opt/deploy", "{model}", "{version}", "{path}", "{sha256}"])
    ]
    observe: Annotated[Command, about("Prints the sha256 that is served, or nothing.", ["/opt/served", "{model}"])]
    retire: Annotated[Command, about("Has nothing served any more.", ["/opt/stop", "{model}"])]
    timeout: Annotated[Seconds, about("Seconds that one of them may take.", 30)] = 30

    def beside(self, base: Path) -> Self:
        """Return it with its paths, which are relative to ``base``, absolute."""
        programs = {name: _program(getattr(self, name), base) for name in ("apply", "observe", "retire")}
        return super().beside(base).model_copy(update=programs)


def kind_of(value: Any) -> str:
    """Return the kind of a target as it stands in the file, or of one that was read."""
    found = value.get("kind", _USUAL_KIND) if isinstance(value, dict) else getattr(value, "kind", _USUAL_KIND)
    return found if isinstance(found, str) else ""


TargetPlace = Annotated[
    Annotated[DirectoryPlace, Tag("directory")] | Annotated[CommandPlace, Tag("command")], Discriminator(kind_of)
]
