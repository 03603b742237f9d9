"""Records: signed statements that speak for themselves, whoever carried them here.

A record is a DSSE envelope around an in-toto Statement v1. A decision is signed in the namespace ``gm-approval@v1``,
everything else in ``gm-record@v1``, so that a key limited to one cannot speak in the other. ``verify_record`` says
which key signed; whose key that is, is asked later, of the people accepted at the record's ``main``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from gitops_models.errors import GmError
from gitops_models.registry.canonical import jcs, sha256_hex
from gitops_models.registry.values import dataclass
from gitops_models.trust.bodies import Acceptance, Body, ChangeSummary, Checkpoint, Decision, Deployment, Override
from gitops_models.trust.drillbodies import Drill
from gitops_models.trust.dsse import MAX_BYTES, PAYLOAD_TYPE, Envelope, EnvelopeSignature, pae, read_canonical
from gitops_models.trust.problem import SignatureProblem
from gitops_models.trust.receiptbodies import Receipt, Review
from gitops_models.trust.sshsig import SshSignature, verify_sshsig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_models.trust.signing import Signer

__all__ = [
    "APPROVAL_NAMESPACE",
    "RECORD_NAMESPACE",
    "Acceptance",
    "ChangeSummary",
    "Checkpoint",
    "Decision",
    "Deployment",
    "Drill",
    "Override",
    "Receipt",
    "Record",
    "Review",
    "decision_payload",
    "make_acceptance",
    "make_checkpoint",
    "make_decision",
    "make_deployment",
    "make_drill",
    "make_override",
    "make_receipt",
    "receipt_payload",
    "verify_record",
]

APPROVAL_NAMESPACE = "gm-approval@v1"
RECORD_NAMESPACE = "gm-record@v1"
KEYLESS = "keyless"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
_SHA256 = re.compile(r"[0-9a-f]{64}")
RecordKind = Literal["decision", "acceptance", "receipt", "deployment", "checkpoint", "override", "drill"]


@dataclass(frozen=True)
class _Kind:
    name: RecordKind
    body: type[Body]
    namespace: str
    subject: str


_KINDS: Mapping[str, _Kind] = {
    "urn:gitops-models:decision:v1": _Kind("decision", Decision, APPROVAL_NAMESPACE, "change"),
    "urn:gitops-models:acceptance:v1": _Kind("acceptance", Acceptance, RECORD_NAMESPACE, "change"),
    "urn:gitops-models:receipt:v1": _Kind("receipt", Receipt, RECORD_NAMESPACE, "change"),
    "urn:gitops-models:deployment:v1": _Kind("deployment", Deployment, RECORD_NAMESPACE, "target"),
    "urn:gitops-models:checkpoint:v1": _Kind("checkpoint", Checkpoint, RECORD_NAMESPACE, "line"),
    "urn:gitops-models:override:v1": _Kind("override", Override, RECORD_NAMESPACE, "version"),
    "urn:gitops-models:drill:v1": _Kind("drill", Drill, RECORD_NAMESPACE, "stage"),
}
_TYPES: Mapping[type[Body], str] = {kind.body: uri for uri, kind in _KINDS.items()}
_KEYLESS: frozenset[type[Body]] = frozenset({Decision, Receipt})


@dataclass(frozen=True)
class Record:
    """A record whose signature fits; of a keyless one that is asked later (``verification``: receipts, decisions).

    ``sha256`` is its identity (of the envelope), ``statement_sha256`` that of what was said: one statement can be
    signed or, with ECDSA, re-spelled into several envelopes. ``change_id`` is None where the record is about no change.
    """

    kind: RecordKind
    sha256: str
    statement_sha256: str
    envelope: bytes
    fingerprint: str
    body: Body
    change_id: str | None
    touch: bool = False

    @property
    def main(self) -> str:
        """The commit of the protected branch at which the record was made."""
        return self.body.main

    @property
    def keyless(self) -> bool:
        """Whether it lies in a Sigstore bundle: only the certificate there says whose it is."""
        return self.fingerprint == KEYLESS

    @property
    def namespace(self) -> str:
        """The signature namespace that this kind of record demands of its key."""
        return _KINDS[_TYPES[type(self.body)]].namespace


def make_decision(body: Decision, change_id: str, signer: Signer) -> Record:
    """Sign a reviewer's decision on the change ``change_id``."""
    return _make(body, change_id, signer)


def make_acceptance(body: Acceptance, signer: Signer) -> Record:
    """Sign that a step became accepted."""
    return _make(body, body.change_id, signer)


def make_receipt(body: Receipt, signer: Signer) -> Record:
    """Sign with a workload's key which reviews stood when a step was merged."""
    return _make(body, body.change_id, signer)


def receipt_payload(body: Receipt) -> bytes:
    """Return what a workload without a key signs keyless; the bundle in canonical JSON is the record."""
    return _payload(body, body.change_id)


def decision_payload(body: Decision, change_id: str) -> bytes:
    """Return what a reviewer without a key signs keyless; the bundle in canonical JSON is the record."""
    return _payload(body, change_id)


def make_deployment(body: Deployment, signer: Signer) -> Record:
    """Sign what a reconciler did."""
    return _make(body, sha256_hex(body.target.encode()), signer)


def make_checkpoint(body: Checkpoint, signer: Signer) -> Record:
    """Sign what history amounts to now."""
    return _make(body, _line_digest(body), signer)


def make_override(body: Override, signer: Signer) -> Record:
    """Sign that a stage serves its last known good version for a while."""
    return _make(body, body.lineage_sha256, signer)


def make_drill(body: Drill, signer: Signer) -> Record:
    """Sign how a rehearsed rollback went."""
    return _make(body, _stage_digest(body), signer)


def verify_record(data: bytes) -> Record:
    """Read and check one record.

    Raises ``GmError``: GM-T10x for its form, GM-T0xx for its signature. The caller in a ledger ignores and counts.
    A receipt or decision may lie in a Sigstore bundle; that costs no second here: whose it is has still to be asked.
    """
    if b'"dsseEnvelope"' in data[:MAX_BYTES]:
        return _keyless(data)
    envelope = Envelope.decode(data)
    statement = read_canonical(envelope.payload, "statement")
    kind, digest, predicate = _take_apart(statement)
    body = _body(kind, predicate)
    if digest != _subject_digest(body, digest):
        raise GmError("GM-T105", "the statement's subject and its body speak of different things")
    (signature,) = envelope.signatures
    made = _signer_of(envelope, signature, kind.namespace)
    touched = made.presence is not None and made.presence.touch
    change_id = digest if kind.subject == "change" else None
    digests = (sha256_hex(data), sha256_hex(envelope.payload))
    return Record(kind.name, *digests, data, made.fingerprint, body, change_id, touched)


def _keyless(data: bytes) -> Record:
    """Read a receipt or decision in a Sigstore bundle, its signature unchecked.

    Raises GM-T100, GM-T101, GM-T104 to GM-T106, and GM-T700.
    """
    from gitops_models.trust.keyless.provenance import attached_payload  # noqa: PLC0415 - few ledgers hold bundles

    if len(data) > MAX_BYTES:
        raise GmError("GM-T100", f"a record of {len(data)} bytes; at most {MAX_BYTES} are read")
    read_canonical(data, "bundle")
    payload = attached_payload(data)
    kind, digest, predicate = _take_apart(read_canonical(payload, "statement"))
    if kind.body not in _KEYLESS:
        raise GmError("GM-T106", f"a {kind.name} is signed with a key, not keyless")
    body = _body(kind, predicate)
    if digest != _subject_digest(body, digest):
        raise GmError("GM-T105", "the statement's subject and its body speak of different things")
    return Record(kind.name, sha256_hex(data), sha256_hex(payload), data, KEYLESS, body, digest)


def _payload(body: Body, digest: str) -> bytes:
    uri = _TYPES[type(body)]
    return jcs(
        {
            "_type": STATEMENT_TYPE,
            "predicate": body.model_dump(mode="json", by_alias=True),
            "predicateType": uri,
            "subject": [{"digest": {"sha256": digest}, "name": _KINDS[uri].subject}],
        }
    )


def _make(body: Body, digest: str, signer: Signer) -> Record:
    from gitops_models.trust.signing import in_namespace  # noqa: PLC0415 - most commands only read

    uri, payload = _TYPES[type(body)], _payload(body, digest)
    signer = in_namespace(signer, _KINDS[uri].namespace)
    armored = signer.sign(pae(PAYLOAD_TYPE, payload), _KINDS[uri].namespace)
    signature = EnvelopeSignature(signer.fingerprint, armored.encode())
    return verify_record(Envelope(PAYLOAD_TYPE, payload, (signature,)).encode())


def _take_apart(statement: Any) -> tuple[_Kind, str, Any]:
    match statement:
        case {
            "_type": str(type_),
            "subject": [{"name": str(), "digest": {"sha256": str(digest)}}],
            "predicateType": str(uri),
            "predicate": dict(predicate),
        } if type_ == STATEMENT_TYPE and _SHA256.fullmatch(digest):
            pass
        case _:
            raise GmError("GM-T105", "not an in-toto Statement v1 about one subject")
    if uri not in _KINDS:
        raise GmError("GM-T106", f"predicate type {uri!r} is not known")
    subject = [{"name": _KINDS[uri].subject, "digest": {"sha256": digest}}]
    if len(statement) != 4 or statement["subject"] != subject:  # noqa: PLR2004 - the four fields matched above
        raise GmError("GM-T105", f"a statement of this kind is about one {_KINDS[uri].subject}, and says nothing else")
    return _KINDS[uri], digest, predicate


def _body(kind: _Kind, predicate: Any) -> Body:
    try:
        return kind.body.model_validate(predicate)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise GmError("GM-T105", f"{kind.name}: {place}: {first['msg']}") from error


def _subject_digest(body: Body, digest: str) -> str:
    if isinstance(body, Acceptance | Receipt):
        return body.change_id
    if isinstance(body, Checkpoint):
        return _line_digest(body)
    if isinstance(body, Override):
        return body.lineage_sha256
    if isinstance(body, Drill):
        return _stage_digest(body)
    return sha256_hex(body.target.encode()) if isinstance(body, Deployment) else digest


def _line_digest(body: Checkpoint) -> str:
    return sha256_hex(jcs({"line": body.line, "repository": body.repository}))


def _stage_digest(body: Drill) -> str:
    return sha256_hex(jcs({"model": body.model, "repository": body.repository, "stage": body.stage}))


def _signer_of(envelope: Envelope, signature: EnvelopeSignature, namespace: str) -> SshSignature:
    signed = pae(envelope.payload_type, envelope.payload)
    try:
        made = verify_sshsig(signed, signature.sig, namespace)
    except SignatureProblem as problem:
        raise GmError(problem.code, problem.detail) from problem
    if made.fingerprint != signature.keyid:
        raise GmError("GM-T107", f"the record names key {signature.keyid}, {made.fingerprint} signed it")
    return made
