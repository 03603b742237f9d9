"""A model signature against the lineage of a version: it speaks of the version's files and of no others.

A lineage holds one digest for a whole directory, so the files below one are compared when the bytes are at hand.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.trust.keyless.bundle import Proof, verify_statement
from gitops_models.trust.keyless.provenance import attached_payload
from gitops_models.trust.keyless.workload import SignedByWorkload
from gitops_models.trust.oms.statement import read_manifest

if TYPE_CHECKING:
    from sigstore.verify import Verifier

    from gitops_models.registry.documents import Lineage
    from gitops_models.registry.documents.workflows import Workflow

__all__ = ["check_cover", "verify_model_statement"]


def check_cover(payload: bytes, lineage: "Lineage") -> None:
    """Raise unless the signed statement is about the artifacts of ``lineage``.

    Raises what ``read_manifest`` raises, GM-T725 (an artifact that is not signed), GM-T726 (a signed file that is
    none of the version's), GM-T727 (other bytes).
    """
    manifest = read_manifest(payload)
    known = {each.path: each.sha256 for each in lineage.artifacts}
    covered = set()
    for resource in manifest.resources:
        top = resource.path.partition("/")[0]
        if top not in known:
            raise GmError("GM-T726", "the signature is about a file that the version has not", where=resource.path)
        whole = resource.path == top and resource.end is None and manifest.algorithm == "sha256"
        if whole and resource.digest.hex() != known[top]:
            raise GmError("GM-T727", "the signature is about other bytes than the lineage", where=resource.path)
        covered.add(top)
    if missing := sorted(known.keys() - covered):
        raise GmError("GM-T725", "an artifact of the version is not signed", where=missing[0])


def verify_model_statement(
    data: bytes, lineage: "Lineage", _lineage_sha256: str, *, workflow: "Workflow", verifier: Callable[[], "Verifier"]
) -> Proof:
    """Verify that a run of ``workflow`` on the lineage's own commit, where it names one, signed the model's files.

    Raises GM-T700 to GM-T706, GM-T710, and what ``check_cover`` raises.
    """
    check_cover(attached_payload(data), lineage)
    claim = SignedByWorkload.of(workflow, commit=lineage.code.commit if lineage.code else None)
    return verify_statement(data, claim=claim, verifier=verifier())
