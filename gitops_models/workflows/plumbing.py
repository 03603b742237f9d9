"""Verifying the commits and tags of any Git repository: for auditors, without a pin, a policy or a gm.yaml.

Says for each object whether its own signature is good. What that means for a history (who may do what, which step was
accepted) is what ``gm verify`` says.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.store.repository import Store
from gitops_models.trust.verdicts import PASSING, Judged, VerdictCache, digest_of, places_of, verdict_folder
from gitops_models.workflows.selecting import Chosen, Selection, select

if TYPE_CHECKING:
    from gitops_models.trust.bulk import RawObject
    from gitops_models.trust.keyrings import Keyring
    from gitops_models.trust.verify import Trusted

__all__ = ["Against", "Selection", "VerifiedObject", "verify_objects"]

_AT_ONCE = 20_000


@dataclass(frozen=True)
class Against:
    """What signatures are held against; nothing given for a scheme makes its signatures untrusted.

    ``touch`` demands a hardware key that was touched.
    """

    allowed_signers: Path | None = None
    gpg_keys: tuple[Path, ...] = ()
    identity: str | None = None
    issuer: str | None = None
    trusted_root: Path | None = None
    touch: bool = False


@dataclass(frozen=True)
class VerifiedObject:
    """The verdict on one object."""

    chosen: Chosen
    judged: Judged

    @property
    def time(self) -> Literal["committer", "tagger"]:
        """Whose claim the dates of keys were compared with."""
        return "committer" if self.chosen.type == "commit" else "tagger"


def verify_objects(
    repository: Path, selection: Selection, against: Against, *, cached: bool = True
) -> list[VerifiedObject]:
    """Judge the selected commits and tags of ``repository``, in the order of ``git rev-list``, tags last.

    ``cached``: use the verdicts that this person kept from earlier runs with the same keys, options and gm, and keep
    these. A kept verdict is about the bytes that the id names: those that lie here now are hashed again, and an object
    that was exchanged in place is judged anew. Raises GM-S0nn for a repository or revision that cannot be used, GM-T3nn
    for keys that cannot be read; never for what an object holds.
    """
    store = Store.discover(repository)
    chosen = select(store, selection)
    files = {path: _read(path) for path in _files(against)}
    cache = _cache(store, against, files)
    known = cache.load() if cached else {}
    missing = [one for one in chosen if _key(one) not in known or not store.holds(one.oid, one.type)]
    if missing:
        known |= _judge(store, missing, against, files)
        if cached:
            cache.save({name: one for name, one in known.items() if one.code not in PASSING})
    return [VerifiedObject(one, known[_key(one)]) for one in chosen]


def _key(one: Chosen) -> str:
    return one.oid if one.name is None else f"{one.oid} {one.name}"


def _files(against: Against) -> list[Path]:
    given = (against.allowed_signers, *against.gpg_keys, against.trusted_root)
    return [path for path in given if path is not None]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise GmError("GM-T303", f"{path} cannot be read: {error.strerror}", where=str(path)) from error


def _cache(store: Store, against: Against, files: Mapping[Path, bytes]) -> VerdictCache:
    # Dates without a zone are in the zone of this machine. The repository is named to keep each file small.
    zone = (*time.tzname, os.environ.get("TZ", ""))
    digest = digest_of([repr((against, zone, str(store.common_dir))).encode(), *files.values(), *_carried(against)])
    return VerdictCache(verdict_folder(os.environ, places_of(store)), digest)


def _carried(against: Against) -> Iterator[bytes]:
    """The root that keyless signatures are held against where none is given: another sigstore carries another."""
    if against.identity is None or against.issuer is None or against.trusted_root is not None:
        return
    from gitops_models.trust.keyless.roots import packaged  # noqa: PLC0415 - few ask for keyless signatures

    yield packaged("trusted_root.json", staging=False).read_bytes()


def _judge(store: Store, objects: Sequence[Chosen], against: Against, files: Mapping[Path, bytes]) -> dict[str, Judged]:
    from gitops_models.trust.bulk import judge_all  # noqa: PLC0415 - reaches cryptography

    found: dict[str, Judged] = {}
    with ExitStack() as stack:
        trusted = _trusted(against, files, stack)
        for at in range(0, len(objects), _AT_ONCE):
            some = {one: _raw(store, one) for one in objects[at : at + _AT_ONCE]}
            found |= {_key(one): raw for one, raw in some.items() if isinstance(raw, Judged)}
            there = {one: raw for one, raw in some.items() if not isinstance(raw, Judged)}
            verdicts = judge_all(list(there.values()), trusted)
            found |= {_key(one): verdict for one, verdict in zip(there, verdicts, strict=True)}
    return found


def _raw(store: Store, one: Chosen) -> "RawObject | Judged":
    from gitops_models.trust.bulk import RawObject  # noqa: PLC0415 - reaches cryptography

    try:
        return RawObject(one.type, store.typed(one.oid, one.type), one.name)
    except GmError as error:
        # Not kept: the object may be there tomorrow.
        return Judged("malformed", error.code, error.message, until=0)


def _trusted(against: Against, files: Mapping[Path, bytes], stack: ExitStack) -> "Trusted":
    from gitops_models.trust.gitsign import Gitsign  # noqa: PLC0415 - reaches cryptography
    from gitops_models.trust.gpg import gpg_keys  # noqa: PLC0415 - as above
    from gitops_models.trust.verify import Trusted  # noqa: PLC0415 - as above

    keys = [files[path] for path in against.gpg_keys]
    gpg = stack.enter_context(gpg_keys(*keys)) if keys else None
    x509 = Gitsign(against.identity, against.issuer, against.trusted_root)
    return Trusted(_keyring(against, files), gpg, x509, against.touch)


def _keyring(against: Against, files: Mapping[Path, bytes]) -> "Keyring | None":
    from gitops_models.trust.allowed_signers import (  # noqa: PLC0415 - reaches cryptography
        AllowedSignersKeyring,
        parse_allowed_signers,
    )

    path = against.allowed_signers
    if path is None:
        return None
    # Bytes that are no UTF-8 can only stand in comments and principals: each becomes one sign that matches nothing.
    return AllowedSignersKeyring(parse_allowed_signers(files[path].decode("utf-8", "replace"), str(path)))
