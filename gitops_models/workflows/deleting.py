"""Deleting bytes: the record that others agree to, and afterwards the list of objects that may go. Nothing is removed.

Removing them is the storage's own business (its tools, its credentials, its versioning); gm says exactly which objects
no kept version shares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.artifacts.manifests import MAX_MANIFEST_BYTES, parse_manifest
from gitops_models.errors import GmError
from gitops_models.policy.retention import sharing
from gitops_models.registry.deletions import deleted_digests, deletion_numbers
from gitops_models.registry.documents import Deletion, render, validate
from gitops_models.registry.times import format_time
from gitops_models.registry.trailers import GM_EVENT, GM_MODEL, GM_RISK, GM_TO
from gitops_models.registry.values import dataclass
from gitops_models.workflows.lifecycle import Already
from gitops_models.workflows.naming import known_version
from gitops_models.workflows.promote import risk_of
from gitops_models.workflows.propose import Draft, Opened, propose
from gitops_models.workflows.remotes import reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.artifacts.readers import Reader
    from gitops_models.registry.documents import ArtifactEntry
    from gitops_models.workflows.session import Session

DIRECTORY = ".dir"


@dataclass(frozen=True)
class Removable:
    """One object of the artifact remote that no kept version needs."""

    address: str
    md5: str
    artifact: str


def delete_bytes(
    session: Session, reference: str, reason: str, *, dry_run: bool = False, no_push: bool = False
) -> Opened | Already:
    """Open the record that allows a version's own bytes to be deleted.

    Bytes that another version keeps are left out; GM-C251 where all are such. Raises GM-C14n for what is not there.
    """
    model, version = known_version(session, reference)
    accepted = session.accepted
    digests = frozenset(accepted.lineage(model, version).digests())
    left = digests - deleted_digests(accepted, model, version)
    own = left - {digest for _, _, digest in sharing(accepted, model, version, left)}
    if not own and left != digests:
        return Already(f"the bytes of {model}@{version} that no other version keeps may be deleted already")
    if not own:
        raise GmError("GM-C251", f"other versions keep all bytes of {model}@{version}", where=f"{model}@{version}")
    number = max(deletion_numbers(accepted, model, version), default=0) + 1
    fields = {
        "model": model,
        "version": version,
        "digests": sorted(own),
        "reason": reason,
        "by": session.actor(session.signer()).id,
        "created": format_time(session.clock.now()),
    }
    draft = Draft(
        event="deletion",
        model=model,
        version=version,
        subject=f"delete({model}): bytes of {version}, {len(own)} of {len(digests)} artifacts",
        reason=reason,
        updates={accepted.layout.deletion_path(model, version, number): render(validate(Deletion, fields, model))},
        trailers=(
            (GM_EVENT, "deletion"),
            (GM_MODEL, model),
            (GM_TO, f"{version}@sha256:{accepted.lineage_sha256(model, version)}"),
            (GM_RISK, risk_of(session, model)),
        ),
    )
    return propose(session, draft, dry_run=dry_run, no_push=no_push)


def removable(session: Session, reference: str) -> Iterator[Removable]:
    """Yield the objects that may go by the accepted record, those of a directory before the directory's own.

    Raises GM-C252 without a record, and what reading the manifests of directories raises: where it cannot be told what
    other versions share, nothing is named.
    """
    model, version = known_version(session, reference)
    gone = deleted_digests(session.accepted, model, version)
    if not gone:
        raise GmError("GM-C252", f"no accepted record deletes bytes of {model}@{version}", where=f"{model}@{version}")
    mine = [entry for entry in session.accepted.lineage(model, version).artifacts if entry.sha256 in gone and entry.md5]
    remote = reader(session)
    kept = _kept(session, remote, members=any(str(entry.md5).endswith(DIRECTORY) for entry in mine))
    named: set[str] = set()
    for entry in mine:
        for md5 in _objects(remote, entry):
            if md5 not in kept and md5 not in named:
                named.add(md5)
                yield Removable(remote.where(md5), md5, entry.path)


def _kept(session: Session, remote: Reader, *, members: bool) -> frozenset[str]:
    """Addresses of every object that some version keeps; with ``members`` those within its directories too."""
    accepted = session.accepted
    found: set[str] = set()
    for model in accepted.models():
        for version in accepted.versions(model):
            whole = not deletion_numbers(accepted, model, version)
            for entry in accepted.lineage(model, version).artifacts if whole else ():
                if entry.md5:
                    found |= set(_objects(remote, entry)) if members else {entry.md5}
    return frozenset(found)


def _objects(remote: Reader, entry: ArtifactEntry) -> Iterator[str]:
    md5 = str(entry.md5)
    if md5.endswith(DIRECTORY) and remote.exists(md5):
        with remote.open(md5) as stream:
            data = stream.read(MAX_MANIFEST_BYTES + 1)
        yield from dict.fromkeys(member.md5 for member in parse_manifest(data, remote.where(md5)))
    yield md5
