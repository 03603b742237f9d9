"""The values that pass between desired state, observation, plan and target. All frozen, all without I/O."""

import re
from collections.abc import Iterable
from dataclasses import field
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from gitops_models.delivery.engines import EngineState
from gitops_models.errors import GmError
from gitops_models.registry.canonical import FileDigest, tree_digest
from gitops_models.registry.values import dataclass

_ENTRY = re.compile(r"([0-9a-f]{64})(?:\.([1-9][0-9]{0,5}))?")


class ModelStage(NamedTuple):
    """One place of a target at which one version may be live."""

    model: str
    stage: str

    def __str__(self) -> str:
        return f"{self.model}#{self.stage}"


@dataclass(frozen=True)
class Deployment:
    """One version as it is to be served. ``artifacts`` carry the sha256 and size that the lineage records.

    ``override`` is the sha256 of the statement that asks for it instead of Git, ``origin`` the model of a version that
    stands in for ``model``. ``detected`` is when it was seen that what is served must go, where automation asks for it.
    """

    model: str
    stage: str
    version: str
    lineage_sha256: str
    artifacts: tuple[FileDigest, ...]
    override: str | None = None
    origin: str | None = None
    detected: str | None = field(default=None, compare=False)

    @property
    def source(self) -> str:
        """The model that the version is of."""
        return self.origin or self.model

    @property
    def label(self) -> str:
        """What is served, in words: the version, with its model where that stands in for another."""
        return f"{self.origin}@{self.version}" if self.origin else self.version

    @property
    def at(self) -> ModelStage:
        """Where it is to be served."""
        return ModelStage(self.model, self.stage)

    @property
    def digest(self) -> str:
        """The one sha256 that stands for all its bytes."""
        return _digest_of(self.artifacts)


class Standing(StrEnum):
    """What the accepted state asks of a model and stage."""

    SERVE = "serve"
    UNDEPLOY = "undeploy"
    QUARANTINED = "quarantined"  # the version is barred: it is not installed, and not removed where it is live
    SUSPENDED = "suspended"  # nothing is touched
    UNKNOWN = "unknown"  # the documents cannot be read: nothing is touched


@dataclass(frozen=True)
class Waiting:
    """Why the newest step of this model is not followed: pending (its receipt or approvals) or denied."""

    step: str
    pending: bool
    reason: str


@dataclass(frozen=True)
class Desired:
    """What should be true at one model and stage.

    ``quarantined`` and ``keep`` are deployment digests: those that must leave the store and those that may not.
    ``spares`` are the versions that may be wanted next: the last known good one, and the candidate.
    """

    at: ModelStage
    standing: Standing
    deployment: Deployment | None = None
    quarantined: frozenset[str] = frozenset()
    keep: frozenset[str] = frozenset()
    hold: str | None = None
    waiting: Waiting | None = None
    problem: GmError | None = field(default=None, compare=False)
    spares: tuple[Deployment, ...] = ()


@dataclass(frozen=True)
class StoredEntry:
    """One directory of the store; ``stored_ns`` orders them by when they were last made live."""

    name: str
    stored_ns: int

    @property
    def digest(self) -> str:
        """The deployment digest that the entry claims to hold."""
        return entry_digest(self.name) or ""


@dataclass(frozen=True)
class Noted:
    """What ``deployed.json`` says, no proof of what is served; ``validated``: when checks after the switch passed."""

    version: str
    digest: str
    lineage_sha256: str
    validated: str | None = field(default=None, compare=False)


class LinkState(StrEnum):
    """What stands under the name ``current``."""

    STORE = "store"
    MISSING = "missing"
    FOREIGN = "foreign"


@dataclass(frozen=True)
class Observation:
    """What is served at one place: hashed now, through ``current``; ``engine`` where a program serves from it."""

    at: ModelStage
    link_state: LinkState = LinkState.MISSING
    link: str | None = None
    files: tuple[FileDigest, ...] = ()
    entries: tuple[StoredEntry, ...] = ()
    previous: str | None = None
    noted: Noted | None = None
    leftovers: tuple[str, ...] = ()
    engine: EngineState | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing is served: no link, and no engine that goes on without one."""
        return self.link_state is LinkState.MISSING and (self.engine is None or self.engine.idle)

    @property
    def digest(self) -> str | None:
        """The digest of what is served, the engine's word where it has one; ``None`` where nothing is served."""
        if self.engine is not None and self.engine.answers:
            return self.engine.digest
        if self.link_state is LinkState.MISSING:
            return None
        return _digest_of(collapse(self.files))

    def serves(self, digest: str) -> bool:
        """Whether exactly the bytes of the deployment ``digest`` are served from its own store entry."""
        return self.lies(digest) and (self.engine is None or self.engine.follows(self.link, digest))

    def lies(self, digest: str) -> bool:
        """Whether exactly those bytes lie where a reader gets them, whatever an engine makes of it."""
        linked = self.link_state is LinkState.STORE and entry_digest(self.link) == digest
        return linked and holds(self.files, digest)


class DriftKind(StrEnum):
    """How what is served differs from what was deployed."""

    CHANGED_LINK = "changed-link"
    MISSING_LINK = "missing-link"
    CHANGED_BYTES = "changed-bytes"
    MISSING_FILE = "missing-file"
    EXTRA_FILE = "extra-file"
    EMPTY_ENGINE = "empty-engine"
    OTHER_ENGINE = "other-engine"


@dataclass(frozen=True)
class Drift:
    """One difference and the path, below the served directory, at which it was seen."""

    kind: DriftKind
    path: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.path}"


@dataclass(frozen=True)
class Switch:
    """Make ``deployment`` live. ``previous`` is the store entry that the link ``previous`` is to name, if any.

    ``entry`` names the entry that was staged for it, where that was done before.
    """

    deployment: Deployment
    previous: str | None = None
    entry: str | None = None


@dataclass(frozen=True)
class Retire:
    """Serve nothing at ``at`` any more."""

    at: ModelStage
    previous: str | None = None


@dataclass(frozen=True)
class Note:
    """Write ``deployed.json`` again: what it says is not what is served, or it was ``validated`` since."""

    deployment: Deployment
    validated: str | None = None


@dataclass(frozen=True)
class Tidy:
    """Move entries out of the store, delete entries, drop the link ``previous``, remove what a killed run left."""

    at: ModelStage
    quarantine: tuple[str, ...] = ()
    prune: tuple[str, ...] = ()
    drop_previous: bool = False
    leftovers: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.quarantine or self.prune or self.drop_previous or self.leftovers)


Action = Switch | Retire | Note | Tidy


_FEW = 64  # files; of larger trees nothing is kept, memory counts more


def _digest_of(files: tuple[FileDigest, ...]) -> str:
    """Tell the digest of a tree; one look at a place asks a dozen times for the same."""
    return _known_digest(files) if len(files) <= _FEW else tree_digest(files)


_known_digest = lru_cache(maxsize=256)(tree_digest)


def entry_digest(name: str | None) -> str | None:
    """Return the digest in a store entry's name ``<sha256>[.<generation>]``; ``None`` when it is no such name."""
    match = _ENTRY.fullmatch(name or "")
    return match[1] if match else None


def next_generation(names: Iterable[str], digest: str) -> str:
    """Return a store entry name for ``digest`` that none of ``names`` takes."""
    taken = set(names)
    if digest not in taken:
        return digest
    return next(name for n in range(1, len(taken) + 2) if (name := f"{digest}.{n}") not in taken)


def collapse(files: Iterable[FileDigest]) -> tuple[FileDigest, ...]:
    """``files`` of a tree as artifacts: each directory at the top becomes one entry with its own tree digest."""
    groups: dict[str, list[FileDigest]] = {}
    for file in files:
        groups.setdefault(file.path.split("/", 1)[0], []).append(file)
    return tuple(_artifact(name, members) for name, members in sorted(groups.items()))


def below(files: Iterable[FileDigest], path: str) -> tuple[FileDigest, ...]:
    """Return the files under directory ``path``, with paths relative to it."""
    start = path + "/"
    return tuple(
        FileDigest(file.path.removeprefix(start), file.size, file.sha256)
        for file in files
        if file.path.startswith(start)
    )


def directory_digest(path: str, members: Iterable[FileDigest]) -> FileDigest:
    """``members`` (paths relative to ``path``) as one artifact."""
    listed = tuple(members)
    return FileDigest(path, sum(file.size for file in listed), _digest_of(listed))


def holds(files: tuple[FileDigest, ...], digest: str) -> bool:
    """Whether ``files`` are exactly the bytes that ``digest`` stands for; needs no lineage, the hash decides."""
    return bool(files) and digest in (_digest_of(collapse(files)), _digest_of(files))


def _artifact(name: str, members: list[FileDigest]) -> FileDigest:
    if len(members) == 1 and members[0].path == name:
        return members[0]
    return directory_digest(name, below(members, name))
