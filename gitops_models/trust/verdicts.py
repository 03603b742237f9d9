"""Verdicts kept between runs: an object never changes, so its verdict holds as long as what it is held against does.

A file per digest of everything that a verdict depends on. It is a cache: any file may be deleted, and one that cannot
be read or written, or that is not whole, is passed over.

Whoever can write it decides what is called good, so it never stands in the repository that is verified: that may be
an archive, a share or a mirror whose ``.git`` somebody else made. It stands in the cache folder of the person who runs
gm (XDG base directories), in directories of gm's own that nobody else can write.
"""

import json
import os
import stat
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import astuple
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops_models._version import __version__
from gitops_models.policy.facts import SignatureScheme, SignatureVerdict
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from gitops_models.store.repository import Store
    from gitops_models.trust.verify import Verified

__all__ = ["PASSING", "Judged", "VerdictCache", "digest_of", "judged", "places_of", "verdict_folder"]

PASSING = frozenset({"GM-T042", "GM-T708"})
"""Codes that say more of this machine at this moment than of a signature: verdicts with them are never kept."""

# Counts up whenever the same object and keys may give another verdict than before.
RULES = 3
_FILES = 32
_MAX_BYTES = 256 << 20
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


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
    """Return the digest of everything that verdicts depend on, each part told from the next by its length.

    The version of gm and the count of its rules are always among it.
    """
    total = sha256(f"{RULES} {__version__} ".encode())
    for part in parts:
        total.update(b"%d:" % len(part) + part)
    return total.hexdigest()


def places_of(store: "Store") -> list[Path]:
    """Return the directories of a repository, for ``verdict_folder``."""
    return [store.git_dir, store.common_dir, *([store.work_tree] if store.work_tree else [])]


def verdict_folder(environ: Mapping[str, str], repository: Iterable[Path], name: str = "verdicts") -> Path | None:
    """Return where this person's verdicts are kept; None where there is no place that is theirs alone.

    ``repository`` are the directories of what is verified: a cache that lies inside of it (a home that is itself a
    work tree) may have come with it.
    """
    base = environ.get("XDG_CACHE_HOME", "")
    if not Path(base).is_absolute():  # so says the specification of XDG base directories
        home = environ.get("HOME", "")
        base = f"{home}/.cache" if Path(home).is_absolute() else ""
    if not base:
        return None
    folder = Path(base, "gitops-models", name)
    real = Path(os.path.realpath(folder))
    inside = any(real.is_relative_to(os.path.realpath(directory)) for directory in repository)
    return None if inside else folder


class VerdictCache:
    """The verdicts in ``folder`` for one digest, by whatever names an object; None keeps nothing.

    Of more than ``most`` files the oldest are removed.
    """

    def __init__(self, folder: Path | None, digest: str, *, most: int = _FILES) -> None:
        self._folder = folder
        self._digest = digest
        self._most = most

    def load(self) -> dict[str, Judged]:
        """Return what is kept and still holds; nothing when there is no readable file that is whole and ours."""
        if self._folder is None or not _ours(self._folder):
            return {}
        try:
            found = self._unpacked(_read(self._folder / f"{self._digest}.json"))
        except (OSError, ValueError, TypeError, AttributeError, LookupError):
            return {}
        now = time.time()
        return {name: one for name, one in found.items() if one.until is None or one.until > now}

    def save(self, verdicts: Mapping[str, Judged]) -> None:
        """Keep ``verdicts`` and the newest few other files."""
        if self._folder is None:
            return
        with suppress(OSError):
            for folder in (self._folder.parent, self._folder):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _ours(self._folder):
                _replace(self._folder / f"{self._digest}.json", self._packed(verdicts))
                _prune(self._folder, self._most)

    def _packed(self, verdicts: Mapping[str, Judged]) -> bytes:
        """Write each verdict once: thousands of objects by the same key share theirs."""
        places = {one: place for place, one in enumerate(dict.fromkeys(verdicts.values()))}
        body = json.dumps([[astuple(one) for one in places], {name: places[one] for name, one in verdicts.items()}])
        return f"{self._digest} {sha256(body.encode()).hexdigest()}\n{body}".encode()

    def _unpacked(self, data: bytes) -> dict[str, Judged]:
        head, _, body = data.partition(b"\n")
        if head.decode().split() != [self._digest, sha256(body).hexdigest()]:
            raise ValueError("cut short, damaged, or kept for other keys")
        rows, places = json.loads(body)
        distinct = [_judged(row) for row in rows]
        return {name: distinct[place] for name, place in places.items()}


def _judged(row: list[Any]) -> Judged:
    verdict, code, detail, scheme, fingerprint, principals, touch, pin, until = row
    return Judged(verdict, code, detail, scheme, fingerprint, tuple(principals), touch, pin, until)


def _ours(folder: Path) -> bool:
    """Whether gm's two directories are real ones of this user that nobody else can write."""
    try:
        found = [os.lstat(one) for one in (folder.parent, folder)]
    except OSError:
        return False
    return all(
        stat.S_ISDIR(one.st_mode) and one.st_uid == os.geteuid() and not one.st_mode & _OTHERS_WRITE for one in found
    )


def _read(path: Path) -> bytes:
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
        about = os.fstat(stream.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid() or about.st_size > _MAX_BYTES:
            raise ValueError("no file of ours")
        return stream.read()


def _replace(path: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
    Path(temporary).replace(path)


def _prune(folder: Path, most: int) -> None:
    newest = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in newest[most:]:
        path.unlink(missing_ok=True)
