"""Facts about signatures that are attached to versions: their form, and which declared workload a statement is by."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from gitops_models.errors import GmError
from gitops_models.policy.facts import Attestation
from gitops_models.registry.canonical import sha256_hex
from gitops_models.registry.paths import TRUSTED_ROOT_JSON, model_scope
from gitops_models.trust.keyless.claims import SignedBy
from gitops_models.trust.keyless.glance import require_named
from gitops_models.trust.keyless.provenance import attached_payload, check, verify_provenance
from gitops_models.trust.keyless.roots import verifier_of
from gitops_models.trust.keyless.statement import read_statement
from gitops_models.trust.oms.cover import check_cover, verify_model_statement
from gitops_models.verification.kept import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_models.registry.change import Change
    from gitops_models.registry.documents import People
    from gitops_models.registry.documents.workflows import Workflow
    from gitops_models.registry.pathchange import PathChange
    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.store.repository import Store

__all__ = ["Version", "attestations", "malformed", "signature_names"]

MODEL_SIG = "model.sig"
MOST = 16
"""Signatures of one version that one change may attach.

All that are there are looked at, else as many look-alikes would shut the good one out for ever. What names another
signer costs no cryptography.
"""
MAY = "provenance"


class Version(NamedTuple):
    """A version whose statements are checked, in the files of ``snapshot``."""

    snapshot: Snapshot
    model: str
    name: str


def signature_names(snapshot: Snapshot, model: str, version: str) -> tuple[str, ...]:
    """Return the file names of the signatures attached to a version, sorted."""
    names = snapshot.scope(model_scope(model)).members("signatures", version)
    return tuple(sorted(str(name) for name in names))


def attestations(
    store: Store,
    version: Version,
    names: Sequence[str],
    people: People,
    workloads: Sequence[str],
    *,
    root: bytes | None,
) -> tuple[Attestation, ...]:
    """Check the signatures ``names`` of a version against each of ``workloads`` that may sign provenance.

    For each workload the first that holds is the last that is looked at.
    """
    snapshot, model, number = version
    declared = [load for one in workloads if (load := people.workload(one)) and MAY in load.may and load.workflows]
    found = []
    paths = [snapshot.layout.signature_path(model, number, name) for name in names]
    for workload in declared:
        for path in paths:
            failures = [_verdict(store, version, path, workflow, root) for workflow in workload.workflows]
            failure = None if None in failures else failures[-1]
            found.append(Attestation(path, workload.id, *(failure or (None, ""))))
            if failure is None:
                break
    return tuple(found)


def malformed(change: Change, paths: Sequence[PathChange]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Code and detail of each of the attached files ``paths`` that could be no signature of its version."""
    named = [(path.path, str(path.place.model), str(path.place.version)) for path in paths]
    counts = Counter((model, version) for _, model, version in named)
    for path, model, version in named:
        try:
            _check_form(change.after, model, version, path, counts[model, version])
        except GmError as error:
            yield path, (error.code, error.message)


def _check_form(snapshot: Snapshot, model: str, version: str, path: str, at_once: int) -> None:
    """Say whether what is attached could be a signature of this version; its cryptography is not looked at."""
    if at_once > MOST:
        raise GmError("GM-T715", f"more than {MOST} signatures of {model}@{version} at once")
    payload = attached_payload(snapshot.data(path))
    lineage = snapshot.lineage(model, version)
    if path.endswith(f"/{MODEL_SIG}"):
        check_cover(payload, lineage)
    else:
        check(read_statement(payload), lineage, snapshot.lineage_sha256(model, version) or "")


def _verdict(
    store: Store, version: Version, path: str, workflow: Workflow, root: bytes | None
) -> tuple[str, str] | None:
    """Code and detail of what does not hold, None when all does; from what is kept, or checked now and kept."""
    snapshot, model, name = version
    try:
        lineage, pinned = snapshot.lineage(model, name), snapshot.lineage_sha256(model, name) or ""
        data = snapshot.data(path)
        require_named(data, SignedBy(workflow.identity, workflow.issuer))
    except GmError as error:  # also of documents that cannot be read, which the rules of form deny
        return error.code, error.message
    of_model = path.endswith(f"/{MODEL_SIG}")
    verify = verify_model_statement if of_model else verify_provenance
    depends_on = {
        "what": "model" if of_model else "provenance",
        "bundle": sha256_hex(data),
        "root": sha256_hex(root) if root is not None else None,
        "workflow": workflow.model_dump(mode="json"),
        "lineage": pinned,
    }

    def check_it() -> None:
        verify(data, lineage, pinned, workflow=workflow, verifier=lambda: verifier_of(root, TRUSTED_ROOT_JSON))

    return verdict(store, depends_on, check_it)
