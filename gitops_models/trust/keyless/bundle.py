"""Sigstore bundles (https://docs.sigstore.dev/about/bundle/), verified offline.

sigstore-python checks chain, SCT, log entry, timestamps and signature. Before it, the bundle must have the one
spelling that its parser would write: base64 with loose bits, unknown or doubled keys and numbers in other forms mean
nothing to a verifier, so they are room to hide an edit in.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.trust.keyless.claims import CertificateClaim
from gitops_models.trust.keyless.statement import LIMIT, PAYLOAD_TYPE, Statement, read_statement
from gitops_models.trust.keyless.strict import read_object

if TYPE_CHECKING:
    from sigstore.models import Bundle
    from sigstore.verify import Verifier

__all__ = ["Proof", "verify_bundle", "verify_statement"]

_Result = TypeVar("_Result")
_SIGNED = re.compile("\N{EM DASH} (\\S+) (\\S+)")


@dataclass(frozen=True)
class Proof:
    """A bundle that holds: its form, its place in the transparency log, and when it was signed.

    ``time`` is what the log (Rekor v1) or the timestamp authority vouched for. ``statement`` and ``payload`` are there
    for a DSSE bundle only.
    """

    form: Literal["message", "dsse"]
    log_index: int
    time: datetime | None
    statement: Statement | None = None
    payload: bytes = b""


def verify_bundle(
    data: bytes, sha256: str, *, claim: CertificateClaim, verifier: "Verifier", predicate_type: str | None = None
) -> Proof:
    """Verify that ``claim`` signed the file with this digest (hex), as a message or as a subject of a statement.

    Raises GM-T700 or GM-T701 (form), GM-T702 (anything that does not hold), GM-T703 and GM-T704 (who), GM-T705
    (another file), GM-T706 (no statement), GM-T707 (``predicate_type`` given, and it is another).
    """
    bundle, fields = _read(data)
    if "messageSignature" in fields:
        _verify_message(verifier, bundle, fields["messageSignature"], sha256, claim)
        return _proof("message", bundle, fields)
    payload = _verify_dsse(verifier, bundle, claim)
    statement = read_statement(payload)
    statement.require_type(predicate_type)
    statement.require_subject(sha256)
    return replace(_proof("dsse", bundle, fields), statement=statement, payload=payload)


def verify_statement(data: bytes, *, claim: CertificateClaim, verifier: "Verifier") -> Proof:
    """Verify a DSSE bundle whose statement the caller compares: nothing is said yet of subject or predicate."""
    bundle, fields = _read(data)
    if "messageSignature" in fields:
        raise GmError("GM-T706", "the bundle signs plain bytes, not a statement")
    payload = _verify_dsse(verifier, bundle, claim)
    return replace(_proof("dsse", bundle, fields), statement=read_statement(payload), payload=payload)


def _read(data: bytes) -> tuple["Bundle", dict[str, Any]]:
    from sigstore.models import Bundle  # noqa: PLC0415 - a second of imports

    fields = read_object(data, "bundle", code="GM-T700", limit=LIMIT)
    try:
        bundle = Bundle.from_json(data)
        written = bundle.to_json()
    except Exception as error:  # a stranger's bytes: whatever the parser raises, they are no bundle
        raise GmError("GM-T700", f"not a Sigstore bundle: {_reason(error)}") from error
    if read_object(written.encode(), "bundle", code="GM-T700", limit=LIMIT) != fields:
        raise GmError("GM-T701", "the bundle is not spelled as its own content demands")
    return bundle, fields


def _verify_message(
    verifier: "Verifier", bundle: "Bundle", stated: dict[str, Any], sha256: str, claim: CertificateClaim
) -> None:
    from sigstore.hashes import Hashed  # noqa: PLC0415 - a second of imports
    from sigstore_models.common.v1 import HashAlgorithm  # noqa: PLC0415 - as above

    digest = bytes.fromhex(sha256)
    match stated.get("messageDigest"):
        case {"algorithm": "SHA2_256", "digest": str(text)}:
            if base64.b64decode(text) != digest:
                raise GmError("GM-T705", f"the bundle signs another file than the one of sha256 {sha256}")
        case None:
            pass
        case _:
            raise GmError("GM-T700", "the bundle states no sha256 digest of the file")
    _hold(lambda: verifier.verify_artifact(Hashed(algorithm=HashAlgorithm.SHA2_256, digest=digest), bundle, claim))


def _verify_dsse(verifier: "Verifier", bundle: "Bundle", claim: CertificateClaim) -> bytes:
    kind, payload = _hold(lambda: verifier.verify_dsse(bundle, claim))
    if kind != PAYLOAD_TYPE:
        raise GmError("GM-T706", f"the payload type is {kind!r}, not {PAYLOAD_TYPE}")
    return payload


def _hold(verify: Callable[[], _Result]) -> _Result:
    try:
        return verify()
    except GmError:
        raise
    except (OSError, MemoryError) as error:  # that is this machine's trouble, and nothing is said of the bundle
        raise GmError("GM-T708", f"the bundle cannot be checked here and now: {_reason(error)}") from error
    except Exception as error:  # a stranger's certificate: whatever a parser raises, it does not hold
        raise GmError("GM-T702", f"the bundle does not verify: {_reason(error)}") from error


def _proof(form: Literal["message", "dsse"], bundle: "Bundle", fields: dict[str, Any]) -> Proof:
    """Read what the log says of a bundle that holds."""
    (entry,) = fields["verificationMaterial"]["tlogEntries"]
    _check_note(entry["inclusionProof"]["checkpoint"]["envelope"], base64.b64decode(entry["logId"]["keyId"]))
    index = int(entry["logIndex"])
    if {"inclusionPromise", "integratedTime"} <= entry.keys():  # Rekor v1: the promise signs index and time
        return Proof(form, index, datetime.fromtimestamp(int(entry["integratedTime"]), UTC))
    # Rekor v2 signs no index outside the inclusion proof, which sigstore does not compare.
    if entry["logIndex"] != entry["inclusionProof"]["logIndex"]:
        raise GmError("GM-T702", "the log entry and its inclusion proof name different places in the log")
    return Proof(form, index, _stamped(bundle))


def _check_note(note: str, key_id: bytes) -> None:
    """Raise GM-T702 when the log's line under its checkpoint names another log: sigstore compares key hints only.

    Lines of witnesses are left alone, nobody here knows their keys (https://c2sp.org/signed-note).
    """
    text, _, lines = note.partition("\n\n")
    origin = text.split(maxsplit=1)[0]
    for line in lines.removesuffix("\n").split("\n"):
        signed = _SIGNED.fullmatch(line)
        if not signed:
            raise GmError("GM-T702", "the checkpoint has a line that is no signature")
        if base64.b64decode(signed[2])[:4] == key_id[:4] and signed[1] != origin:
            raise GmError("GM-T702", f"the checkpoint of {origin} is signed as {signed[1]}")


def _stamped(bundle: "Bundle") -> datetime | None:
    """Return the time of the only timestamp; of several, sigstore does not tell which one it trusts."""
    stamps = bundle.verification_material.timestamp_verification_data
    if stamps is None or len(stamps.rfc3161_timestamps) != 1:
        return None
    return stamps.rfc3161_timestamps[0].tst_info.gen_time


def _reason(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
