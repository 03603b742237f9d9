"""Which bytes are gone by record."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gitops_models.registry.paths import model_scope

if TYPE_CHECKING:
    from gitops_models.registry.documents import Deletion
    from gitops_models.registry.snapshot import Snapshot


def deletion_numbers(snapshot: Snapshot, model: str, version: str) -> tuple[int, ...]:
    """Return the numbers of a version's deletion files in order."""
    members = snapshot.scope(model_scope(model)).members("deletions", version)
    return tuple(sorted(cast("int", member) for member in members))


def deletions(snapshot: Snapshot, model: str, version: str) -> tuple[Deletion, ...]:
    """Return a version's deletions in order."""
    paths = (snapshot.layout.deletion_path(model, version, n) for n in deletion_numbers(snapshot, model, version))
    return tuple(cast("Deletion", snapshot.document(path)) for path in paths)


def deleted_digests(snapshot: Snapshot, model: str, version: str) -> frozenset[str]:
    """Return the sha256 of the bytes of a version that may be gone."""
    return frozenset(digest for record in deletions(snapshot, model, version) for digest in record.digests)


def bytes_deleted(snapshot: Snapshot, model: str, version: str) -> bool:
    """Whether bytes of the version may be gone: then it is served nowhere any more. Reads no document."""
    return bool(deletion_numbers(snapshot, model, version))
