"""Verdicts kept between runs: an object never changes, so its verdict holds as long as what it is held against does.

A file per digest of everything that a verdict depends on; whoever can write it can write the repository as well. It is
a cache: any file may be deleted, and one that cannot be read or written is passed over.
"""

import json
import os
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.policy.facts import SignatureScheme, SignatureVerdict

if TYPE_CHECKING:
    from gitops_models.trust.verify import Verified

__all__ = ["Judged", "VerdictCache", "digest_of", "judged"]

# Counts up whenever the same object and keys may give another verdict than before.
RULES = 1
_FILES = 8


@dataclass(frozen=True)
class Judged:
    """A verdict on one object in plain values; ``until`` in seconds since 1970 (None: it stays)."""

    verdict: SignatureVerdict
    code: str | None = None
    detail: str = ""
    scheme: SignatureScheme | None = None
    fingerprint: str | None = None
    principals: tuple[str, ...] = ()
    touch: bool | None = None
    pin: bool | None = None
    until: int | None = None

    @property
    def good(self) -> bool:
        """Whether the signature is good."""
        return self.verdict == "good"


def judged(verified: "Verified") -> Judged:
    """Return what ``verified`` says in plain values."""
    found = verified.signature
    facts = (found.scheme, found.fingerprint, verified.principals, found.touch, found.pin, verified.until)
    return Judged(found.verdict, found.code, found.detail, *facts)


def digest_of(parts: Iterable[bytes]) -> str:
    """Return the digest of everything that verdicts depend on, each part told from the next by its length."""
    total = sha256(b"%d" % RULES)
    for part in parts:
        total.update(b"%d:" % len(part) + part)
    return total.hexdigest()


class VerdictCache:
    """The verdicts in ``folder`` for one digest, by whatever names an object."""

    def __init__(self, folder: Path, digest: str) -> None:
        self._path = folder / f"{digest}.json"

    def load(self) -> dict[str, Judged]:
        """Return what is kept and still holds; nothing when there is no readable file."""
        try:
            kept = json.loads(self._path.read_bytes())
            found = {
                name: Judged(**{**fields, "principals": tuple(fields["principals"])}) for name, fields in kept.items()
            }
        except (OSError, ValueError, TypeError, AttributeError, LookupError):
            return {}
        now = time.time()
        return {name: one for name, one in found.items() if one.until is None or one.until > now}

    def save(self, verdicts: Mapping[str, Judged]) -> None:
        """Keep ``verdicts`` and the newest few other files."""
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            data = json.dumps({name: asdict(one) for name, one in verdicts.items()}, separators=(",", ":"))
            _replace(self._path, data.encode())
            _prune(self._path.parent)


def _replace(path: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
    Path(temporary).replace(path)


def _prune(folder: Path) -> None:
    newest = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in newest[_FILES:]:
        path.unlink(missing_ok=True)
