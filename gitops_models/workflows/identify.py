"""From bytes to the version they belong to.

sha256 answers for files and whole directories. A file inside a directory artifact is found through the directory's
DVC manifest, which names its files by MD5 only; so the listing is proven first: every file of it is hashed, and the
tree digest must be the one that the lineage recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.artifacts.digests import FileHashes, hash_path
from gitops_models.artifacts.hashing import md5_of_bytes, sha256_of
from gitops_models.artifacts.manifests import MAX_MANIFEST_BYTES, parse_manifest
from gitops_models.errors import GmError
from gitops_models.registry.canonical import FileDigest, tree_digest
from gitops_models.registry.values import dataclass
from gitops_models.workflows.listing import live_by_stage
from gitops_models.workflows.remotes import reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from gitops_models.artifacts.manifests import ManifestEntry
    from gitops_models.artifacts.readers import Reader
    from gitops_models.registry.documents.lineage import ArtifactEntry
    from gitops_models.workflows.session import Session

OWN_ROLES = frozenset({"weights", "prompt", "configuration"})  # bytes that one version of a model has for itself


@dataclass(frozen=True)
class Match:
    """An artifact that has the bytes; ``inside`` is the path in a directory artifact, None for the artifact itself."""

    model: str
    version: str
    artifact: str
    role: str
    inside: str | None
    live: tuple[str, ...]
    quarantined: bool


@dataclass(frozen=True)
class Identified:
    """One file or directory and what it is. Weights have one match; an environment file may belong to several."""

    path: Path
    sha256: str
    size: int
    matches: tuple[Match, ...]


@dataclass(frozen=True)
class _Known:
    model: str
    version: str
    entry: ArtifactEntry


def identify(
    session: Session, paths: Sequence[Path], *, progress: Callable[[int], None] | None = None
) -> tuple[Identified, ...]:
    """Return what each path is; every accepted lineage is read once. Raises GM-A1nn for a path that cannot be read."""
    hashed = [(path, hash_path(path, progress)) for path in paths]
    known = list(_artifacts(session))
    listings = _Listings(session, [one for one in known if (one.entry.md5 or "").endswith(".dir")])
    found = []
    for path, hashes in hashed:
        whole = [_match(session, one, None) for one in known if one.entry.sha256 == hashes.sha256]
        inner = [] if whole or not isinstance(hashes, FileHashes) else listings.holding(hashes)
        matches = whole or [_match(session, one, inside) for one, inside in inner]
        found.append(Identified(path, hashes.sha256, hashes.size, tuple(sorted(matches, key=_weightiest))))
    return tuple(found)


def _weightiest(match: Match) -> tuple[bool, str]:
    return (match.role not in OWN_ROLES, match.model)


def _artifacts(session: Session) -> Iterator[_Known]:
    for model in session.accepted.models():
        for version in session.accepted.versions(model):
            for entry in session.accepted.lineage(model, version).artifacts:
                yield _Known(model, version, entry)


def _match(session: Session, known: _Known, inside: str | None) -> Match:
    live = live_by_stage(session, known.model)
    return Match(
        model=known.model,
        version=known.version,
        artifact=known.entry.path,
        role=known.entry.role,
        inside=inside,
        live=tuple(stage for stage, version in live.items() if version == known.version),
        quarantined=session.accepted.quarantined(known.model, known.version),
    )


class _Listings:
    """The listings of directory artifacts, as far as the artifact remote has them."""

    def __init__(self, session: Session, known: Sequence[_Known]) -> None:
        self._session = session
        self._known = known
        self._remote: Reader | None = None
        self._manifests: dict[str, tuple[ManifestEntry, ...]] = {}
        self._proven: dict[str, tuple[FileDigest, ...]] = {}

    def holding(self, hashes: FileHashes) -> list[tuple[_Known, str]]:
        """Return the directories that hold this very file, with its path in each."""
        named = [one for one in self._known if any(row.md5 == hashes.md5 for row in self._rows(one.entry))]
        return [
            (one, digest.path) for one in named for digest in self._listing(one.entry) if digest.sha256 == hashes.sha256
        ]

    def _rows(self, entry: ArtifactEntry) -> tuple[ManifestEntry, ...]:
        md5 = entry.md5 or ""
        if md5 not in self._manifests:
            self._manifests[md5] = self._read(md5)
        return self._manifests[md5]

    def _read(self, md5: str) -> tuple[ManifestEntry, ...]:
        try:
            self._remote = self._remote or reader(self._session)
            with self._remote.open(md5) as stream:
                data = stream.read(MAX_MANIFEST_BYTES + 1)
            return parse_manifest(data, md5) if f"{md5_of_bytes(data)}.dir" == md5 else ()
        except GmError:
            return ()

    def _listing(self, entry: ArtifactEntry) -> tuple[FileDigest, ...]:
        """Return the directory's files when their bytes give the recorded tree digest; nothing otherwise."""
        if entry.sha256 not in self._proven:
            self._proven[entry.sha256] = self._prove(entry)
        return self._proven[entry.sha256]

    def _prove(self, entry: ArtifactEntry) -> tuple[FileDigest, ...]:
        try:
            files = tuple(self._digest(row) for row in self._rows(entry))
        except GmError:
            return ()
        return files if tree_digest(files) == entry.sha256 else ()

    def _digest(self, row: ManifestEntry) -> FileDigest:
        if self._remote is None:
            return FileDigest(row.relpath, 0, "")
        with self._remote.open(row.md5) as stream:
            sha256, size = sha256_of(stream)
        return FileDigest(row.relpath, size, sha256)
