"""In-toto statements (https://github.com/in-toto/attestation): what is said, and of which bytes.

sigstore's ``verify_dsse`` looks at neither the subject nor the predicate, so both are checked here.
"""

import re
from collections.abc import Mapping
from typing import Any

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.trust.keyless.strict import read_object

__all__ = ["PAYLOAD_TYPE", "Statement", "Subject", "read_statement"]

PAYLOAD_TYPE = "application/vnd.in-toto+json"
LIMIT = 64 * 1024 * 1024
_TYPES = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Subject:
    """One thing that a statement is about; ``sha256`` is None where it has only digests of other kinds."""

    name: str
    sha256: str | None


@dataclass(frozen=True)
class Statement:
    """A statement as signed; nothing in ``predicate`` has been looked at."""

    subjects: tuple[Subject, ...]
    predicate_type: str
    predicate: dict[str, Any]

    def require_subject(self, sha256: str) -> Subject:
        """Return the subject with this digest; GM-T705 when the statement speaks of other bytes only."""
        for subject in self.subjects:
            if subject.sha256 == sha256:
                return subject
        said = ", ".join(f"{each.name} (sha256 {each.sha256})" for each in self.subjects[:3])
        raise GmError("GM-T705", f"the signed statement speaks of {said}, not of sha256 {sha256}")

    def require_subjects(self, files: Mapping[str, str]) -> None:
        """Raise GM-T705 unless the subjects are exactly these (name to sha256): no other, none missing, none twice."""
        said = sorted((each.name, each.sha256 or "") for each in self.subjects)
        if said != sorted(files.items()):
            other = sorted({name for name, _ in set(said) ^ set(files.items())}) or ["a subject that stands twice"]
            raise GmError("GM-T705", f"the statement is not about exactly these files: {', '.join(other)}")

    def require_type(self, predicate_type: str | None) -> None:
        """Raise GM-T707 unless the statement is of this type; None takes any."""
        if predicate_type not in {None, self.predicate_type}:
            raise GmError("GM-T707", f"the statement is of type {self.predicate_type}, not {predicate_type}")


def read_statement(payload: bytes) -> Statement:
    """Read a signed payload; GM-T706 when it is no in-toto statement."""
    fields = read_object(payload, "statement", code="GM-T706", limit=LIMIT)
    match fields:
        case {"_type": str(kind), "subject": [_, *_] as subjects, "predicateType": str(uri)} if kind in _TYPES and uri:
            predicate = fields.get("predicate", {})
        case _:
            raise GmError("GM-T706", "the payload is not an in-toto statement with subjects and a predicate type")
    if not isinstance(predicate, dict):
        raise GmError("GM-T706", "the predicate is not an object")
    return Statement(tuple(_subject(each) for each in subjects), uri, predicate)


def _subject(entry: Any) -> Subject:
    match entry:
        case {"digest": {**digests}} if digests:
            name, sha256 = entry.get("name", ""), digests.get("sha256")
        case _:
            raise GmError("GM-T706", "a subject without a digest")
    if not isinstance(name, str) or not (sha256 is None or (isinstance(sha256, str) and _SHA256.fullmatch(sha256))):
        raise GmError("GM-T706", "a subject has a name and lower-case hexadecimal digests")
    return Subject(name, sha256)
