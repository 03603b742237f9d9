"""kind: Reconciler, the operator's own file: where models are served and with what. Never part of the repository."""

import json
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from gitops_models.delivery.checks.settings import CheckList
from gitops_models.delivery.checks.settings import absolute as absolute_checks
from gitops_models.delivery.fields import Place, local
from gitops_models.delivery.notify.settings import Destinations, absolute
from gitops_models.delivery.pool import DEFAULT_WORKERS
from gitops_models.delivery.serving.settings import Listen
from gitops_models.delivery.targets.settings import TargetPlace
from gitops_models.delivery.triggers.settings import MonitorPart, Sources, absolute_sources
from gitops_models.delivery.upstreams import Upstream
from gitops_models.errors import GmError
from gitops_models.registry import yamls
from gitops_models.registry.canonical import sha256_hex
from gitops_models.registry.documents import API_VERSION, Document, Part, validate
from gitops_models.registry.documents._base import Items, Line, ObjectId, about
from gitops_models.registry.documents.repository import LineName

_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[^/]+:")  # scheme://… or host:path, as git reads them
_FINGERPRINT = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
_OID = "1d2f6bd6a5b7d0c2f0a3f2a7a6c1e9f0b8d4c3e2"


Seconds = Annotated[int, Field(ge=1, le=86400)]


class BundleDirectory(Part):
    """A directory of Git bundles, read in the order of their names."""

    bundles: Annotated[Place, about("Where bundles are put when the forge is down.", "/var/spool/gm")]


class ArtifactRemote(Part):
    """The DVC remote that bytes are read from."""

    url: Annotated[Place, about("Address of the remote, or a directory.", "s3://models/dvc")]
    options: Annotated[
        dict[Annotated[str, StringConstraints(pattern=r"^[a-z_]+$")], Line],
        about("DVC's options of the remote.", {"region": "eu-central-1"}),
    ] = Field(default_factory=dict)


class ReconcilerFile(Document):
    """What one reconciler needs to know. Relative paths are relative to the file."""

    kind: Annotated[Literal["Reconciler"], about("The kind of document.", "Reconciler")] = "Reconciler"
    urls: Annotated[
        Annotated[Items[Place | BundleDirectory], Field(min_length=1)],
        about(
            "Where the model repository is read from, in this order: addresses, and directories of Git bundles.",
            ["https://git.example/models.git", {"bundles": "/var/spool/gm"}],
        ),
    ]
    line: Annotated[LineName, about("The protected branch.", "main")] = "main"
    pin: Annotated[ObjectId | None, about("The commit that is trusted without judgement.", _OID)] = None
    checkpoints: Annotated[
        Line | None, about("Fingerprint of the key whose newest checkpoint stands for a missing pin.", _FINGERPRINT)
    ] = None
    artifacts: Annotated[ArtifactRemote, about("Where bytes are read from.", {"url": "s3://models/dvc"})]
    targets: Annotated[
        Annotated[Items[TargetPlace], Field(min_length=1)],
        about("What is served where.", [{"id": "serving-eu", "path": "/srv/models", "stages": ["production"]}]),
    ]
    state: Annotated[Place, about("State directory; losing it loses only time.", "state")]
    overrides: Annotated[
        Place | None, about("Directory of override statements; what lies there holds at the next run.", "overrides")
    ] = None
    key: Annotated[Place | None, about("Private SSH key that signs deployment records.", "reconciler_ed25519")] = None
    name: Annotated[Line, about("Who the records' commits are by.", "reconciler-eu")] = "gm reconciler"
    email: Annotated[Line, about("E-mail of the same.", "reconciler@example.org")] = "reconciler@localhost"
    interval: Annotated[Seconds, about("Seconds between two polls.", 15)] = 15
    rehash: Annotated[
        Annotated[int, Field(ge=60, le=604800)],
        about("Seconds after which what is served is hashed again although no file shows a change.", 21600),
    ] = 21600
    workers: Annotated[Annotated[int, Field(ge=1, le=64)], about("Models that are worked on at once.", 4)] = (
        DEFAULT_WORKERS
    )
    shard: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,3}/[1-9][0-9]{0,3}$")] | None,
        about("Its part of the models where several reconcilers share them: i/N.", "1/3"),
    ] = None
    prefetch: Annotated[
        bool, about("Whether the bytes of last known good versions and candidates are fetched ahead.", example=True)
    ] = True
    listen: Annotated[
        Listen | None, about("Where metrics and health are shown and the poll can be woken.", {"port": 9471})
    ] = None
    checks: CheckList = ()
    sources: Sources = ()
    monitor: Annotated[MonitorPart | None, about("How triggers are watched.", {"key": "monitor_ed25519"})] = None
    notifications: Destinations = ()
    mirror: Annotated[
        Literal["github"] | None, about("Forge that shows what is served: deployments of the first address.", "github")
    ] = None

    @property
    def site(self) -> str:
        """A digest of what decides how an attempt ends: with another one, what failed for good is tried again."""
        said = self.model_dump(mode="json", include={"artifacts", "targets", "checks"})
        return sha256_hex(json.dumps(said, sort_keys=True).encode())

    @property
    def upstreams(self) -> tuple[Upstream, ...]:
        """The places in their order; the first address is where records are sent to."""
        first = next(url for url in self.urls if isinstance(url, str))
        return tuple(
            Upstream(url, first=url == first) if isinstance(url, str) else Upstream(url.bundles, bundles=True)
            for url in self.urls
        )


def read_config(path: Path) -> ReconcilerFile:
    """Read the reconciler's file; every path in it comes back absolute.

    Raises GM-R102 where it is missing, GM-R103 for content that is no such document, the loader's codes for bad YAML.
    """
    where = str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise GmError("GM-R102", f"{path.name} cannot be read: {error.strerror}", where=where) from error
    value = yamls.load(data, where)
    if value.get("apiVersion") != API_VERSION or value.get("kind") != "Reconciler":
        raise GmError("GM-R103", f"not a document of kind Reconciler ({API_VERSION})", where=where)
    if "url" in value:
        raise GmError("GM-R103", "url: write a list, urls: [ADDRESS]; more places may follow the first", where=where)
    try:
        document = validate(ReconcilerFile, value, where)
    except GmError as error:
        raise GmError("GM-R103", error.message, where=where, details=error.details) from error
    _refuse_doubles(document, where)
    return _absolute(document, path.absolute().parent)


def _refuse_doubles(document: ReconcilerFile, where: str) -> None:
    addresses = [url if isinstance(url, str) else url.bundles for url in document.urls]
    if all(isinstance(url, BundleDirectory) for url in document.urls):
        raise GmError("GM-R103", "urls: name the repository's address beside the directory of bundles", where=where)
    for what, values in (
        ("url", addresses),
        ("target id", [target.id for target in document.targets]),
        ("target path", [target.path for target in document.targets]),
    ):
        doubled = sorted({value for value in values if values.count(value) > 1})
        if doubled:
            raise GmError("GM-R103", f"{what} {doubled[0]} stands twice", where=where)


def _absolute(document: ReconcilerFile, base: Path) -> ReconcilerFile:
    targets = tuple(target.beside(base) for target in document.targets)
    artifacts = document.artifacts.model_copy(update={"url": _address(document.artifacts.url, base)})
    return document.model_copy(
        update={
            "urls": tuple(_upstream(url, base) for url in document.urls),
            "targets": targets,
            "artifacts": artifacts,
            "state": local(document.state, base),
            "key": local(document.key, base) if document.key else None,
            "overrides": local(document.overrides, base) if document.overrides else None,
            "listen": document.listen.beside(base) if document.listen else None,
            "checks": absolute_checks(document.checks, base),
            "sources": absolute_sources(document.sources, base),
            "monitor": document.monitor.beside(base) if document.monitor else None,
            "notifications": absolute(document.notifications, base),
        }
    )


def _upstream(url: str | BundleDirectory, base: Path) -> str | BundleDirectory:
    return _address(url, base) if isinstance(url, str) else BundleDirectory(bundles=local(url.bundles, base))


def _address(text: str, base: Path) -> str:
    return text if _ELSEWHERE.match(text) else local(text, base)
