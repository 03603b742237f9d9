"""Copying a version's bytes out, every one checked by sha256 before anything is visible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.artifacts.fetch import fetch_version
from gitops_models.errors import GmError
from gitops_models.registry.deletions import bytes_deleted, deletions
from gitops_models.registry.values import dataclass
from gitops_models.verification.provenance import MODEL_SIG
from gitops_models.workflows.naming import known_version
from gitops_models.workflows.remotes import pointers, reader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.workflows.session import Session


@dataclass(frozen=True)
class Fetched:
    """Where the verified files of a version are."""

    model: str
    version: str
    path: Path
    artifacts: tuple[str, ...]


def fetch_bytes(
    session: Session,
    reference: str,
    destination: Path,
    *,
    artifacts: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Fetched:
    """Put the artifacts of a version at ``destination``; nothing appears there before all of it is verified.

    Raises GM-A3nn for bytes that are missing or other, GM-C147 for a quarantined version, GM-C253 for one whose bytes
    were deleted.
    """
    model, version = known_version(session, reference)
    accepted = session.accepted
    if accepted.quarantined(model, version):
        raise GmError("GM-C147", f"{model}@{version} is quarantined", where=f"{model}@{version}")
    if bytes_deleted(accepted, model, version):
        record = deletions(accepted, model, version)[-1]
        raise GmError("GM-C253", f"deleted by {record.by}: {record.reason}", where=f"{model}@{version}")
    lineage = accepted.lineage(model, version)
    path = fetch_version(
        lineage,
        pointers(accepted, model, version),
        reader(session, artifacts),
        destination,
        progress=progress,
        beside=_signature(accepted, model, version),
    )
    return Fetched(model, version, path, tuple(entry.path for entry in lineage.artifacts))


def _signature(accepted: Snapshot, model: str, version: str) -> dict[str, bytes]:
    """The version's ``model.sig``, which verifiers of OpenSSF model signatures look for beside the files."""
    path = accepted.layout.signature_path(model, version, MODEL_SIG)
    named_so = accepted.lineage(model, version).artifact(MODEL_SIG) is not None
    return {MODEL_SIG: accepted.data(path)} if accepted.entry(path) and not named_so else {}


def fetch_cached(session: Session, reference: str) -> Path:
    """The verified files of a version in this clone's own cache: what ``gitops_models.fetch(ref)`` returns."""
    model, version = known_version(session, reference)
    digest = session.accepted.lineage_sha256(model, version) or ""
    folder = session.store.common_dir / "gm" / "fetched" / digest
    return fetch_bytes(session, f"{model}@{version}", folder).path
