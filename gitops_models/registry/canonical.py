"""Canonical JSON and the digests that approvals and lineage rest on."""

import hashlib
from collections.abc import Iterable
from typing import Any

import rfc8785

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass


@dataclass(frozen=True)
class FileDigest:
    """One file of a directory artifact: ``path`` relative with ``/``, ``size`` in bytes, ``sha256`` in hex."""

    path: str
    size: int
    sha256: str


def jcs(value: Any) -> bytes:
    """Return the RFC 8785 (JSON Canonicalization Scheme) form of a plain value; ``GM-D008`` if it has none."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeError) as error:
        raise GmError("GM-D008", f"no canonical JSON form: {error}") from error


def sha256_hex(data: bytes) -> str:
    """Lower-case hex sha256 of ``data``."""
    return hashlib.sha256(data).hexdigest()


def tree_digest(files: Iterable[FileDigest]) -> str:
    """Return the digest of a directory artifact (DESIGN.md section 4), independent of the order of ``files``."""
    ordered = sorted(files, key=lambda file: file.path.encode())
    return sha256_hex(jcs([{"path": file.path, "size": file.size, "sha256": file.sha256} for file in ordered]))
