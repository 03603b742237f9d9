"""Where a version comes from: an in-toto statement with SLSA provenance v1 (https://slsa.dev/spec/v1.0/provenance).

The subjects are exactly the version's artifacts. ``buildDefinition`` tells code, data and parameters for other readers;
gm itself compares the sha256 of the lineage, which says all of that and more.
"""

import base64
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from gitops_models.errors import GmError
from gitops_models.registry.canonical import jcs
from gitops_models.trust.dsse import PAYLOAD_TYPE
from gitops_models.trust.keyless.bundle import Proof, verify_statement
from gitops_models.trust.keyless.statement import Statement, read_statement
from gitops_models.trust.keyless.strict import decode_base64, read_object
from gitops_models.trust.keyless.workload import SignedByWorkload

if TYPE_CHECKING:
    from sigstore.verify import Verifier

    from gitops_models.registry.documents import Lineage
    from gitops_models.registry.documents.workflows import Workflow

__all__ = [
    "BUILD_TYPE",
    "LIMIT",
    "PREDICATE_TYPE",
    "attached_payload",
    "check",
    "unsigned",
    "verify_provenance",
    "write_provenance",
]

PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:gitops-models:version:v1"
LIMIT = 1024 * 1024
"""Bytes of one attached signature that are read."""


def write_provenance(lineage: "Lineage", lineage_sha256: str, builder: str) -> bytes:
    """Return the payload to sign for a version; ``builder`` is who signs, for people to read.

    Raises GM-T706 for a version without artifacts: there is nothing that the statement could be about.
    """
    if not lineage.artifacts:
        raise GmError("GM-T706", f"{lineage.model}@{lineage.version} has no artifact to speak of")
    parameters = lineage.parameters.model_dump(mode="json") if lineage.parameters else None
    return jcs(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": each.path, "digest": {"sha256": each.sha256}} for each in lineage.artifacts],
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "buildDefinition": {
                    "buildType": BUILD_TYPE,
                    "externalParameters": _filled(
                        model=lineage.model,
                        version=lineage.version,
                        lineage_sha256=lineage_sha256,
                        entrypoint=lineage.code.entrypoint if lineage.code else None,
                        parameters=parameters,
                    ),
                    "resolvedDependencies": list(_dependencies(lineage)),
                },
                "runDetails": {"builder": {"id": builder}},
            },
        }
    )


def attached_payload(data: bytes) -> bytes:
    """Return what an attached bundle says, its signature unchecked and sigstore not loaded.

    Raises GM-T700 (no bundle around one signed statement, or too large).
    """
    fields = read_object(data, "attached signature", code="GM-T700", limit=LIMIT)
    match fields.get("dsseEnvelope"):
        case {"payload": payload, "payloadType": str(kind), "signatures": [dict()]} if kind == PAYLOAD_TYPE:
            return decode_base64(payload, "payload", code="GM-T700")
        case _:
            raise GmError("GM-T700", "not a Sigstore bundle around one signed in-toto statement")


def unsigned(payload: bytes) -> bytes:
    """Return what ``attached_payload`` reads without any signature: what a plan shows and no verifier accepts."""
    envelope = {"payload": base64.b64encode(payload).decode(), "payloadType": PAYLOAD_TYPE, "signatures": [{}]}
    return jcs({"dsseEnvelope": envelope})


def check(statement: Statement, lineage: "Lineage", lineage_sha256: str) -> None:
    """Raise GM-T707, GM-T705 or GM-T713 unless ``statement`` is the provenance of exactly this version."""
    statement.require_type(PREDICATE_TYPE)
    statement.require_subjects({each.path: each.sha256 for each in lineage.artifacts})
    match statement.predicate:
        case {"buildDefinition": {"buildType": str(kind), "externalParameters": {"lineage_sha256": str(said)}}}:
            if (kind, said) == (BUILD_TYPE, lineage_sha256):
                return
    raise GmError("GM-T713", f"the statement does not name the lineage of {lineage.model}@{lineage.version}")


def verify_provenance(
    data: bytes, lineage: "Lineage", lineage_sha256: str, *, workflow: "Workflow", verifier: Callable[[], "Verifier"]
) -> Proof:
    """Verify that a run of ``workflow`` on the lineage's own commit signed where the version comes from.

    ``verifier`` is asked for only when everything else fits: it takes a second to make.
    Raises GM-T700 to GM-T707, GM-T710, GM-T713, and GM-T714 where the lineage names no commit.
    """
    payload = attached_payload(data)
    check(read_statement(payload), lineage, lineage_sha256)
    if lineage.code is None or lineage.code.commit is None:
        raise GmError("GM-T714", f"the lineage of {lineage.model}@{lineage.version} names no commit of its code")
    claim = SignedByWorkload.of(workflow, commit=lineage.code.commit)
    return verify_statement(data, claim=claim, verifier=verifier())


def _dependencies(lineage: "Lineage") -> Iterator[dict[str, Any]]:
    if lineage.code and lineage.code.commit:
        uri = f"git+{lineage.code.repository}" if lineage.code.repository else None
        yield _filled(name="code", uri=uri, digest={"gitCommit": lineage.code.commit})
    for data in lineage.data:
        said = _filled(snapshot=data.snapshot, role=data.role)
        yield _filled(name=data.name, uri=data.uri, digest=_filled(sha256=data.sha256), annotations=said)
    if lineage.features:
        said = _filled(preprocessing=lineage.features.preprocessing)
        digest = _filled(sha256=lineage.features.sha256)
        yield _filled(name=lineage.features.feature_schema, digest=digest, annotations=said)
    if lineage.environment and lineage.environment.lock_sha256:
        yield {"name": "environment", "digest": {"sha256": lineage.environment.lock_sha256}}
    if lineage.base:
        yield {"name": lineage.base}


def _filled(**fields: Any) -> dict[str, Any]:
    """Leave out what is not known: SLSA has no empty fields."""
    return {name: value for name, value in fields.items() if value not in (None, {})}
