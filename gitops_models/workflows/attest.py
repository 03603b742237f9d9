"""Signatures that are attached to a version: where it comes from, signed keyless by CI, and OpenSSF's ``model.sig``.

Signing keyless writes to a public log for ever, so it is done last, after the judge has seen what would be attached
beside it, and what was signed is checked under the accepted root before it is proposed.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from gitops_models.artifacts.digests import DirectoryHashes, hash_path
from gitops_models.errors import GmError
from gitops_models.registry.canonical import FileDigest
from gitops_models.registry.paths import TRUSTED_ROOT_JSON
from gitops_models.registry.trailers import GM_EVENT, GM_MODEL, GM_RISK, GM_TO
from gitops_models.registry.values import dataclass
from gitops_models.trust.keyless.bundle import verify_statement
from gitops_models.trust.keyless.claims import Anybody
from gitops_models.trust.keyless.provenance import LIMIT, attached_payload, unsigned, write_provenance
from gitops_models.trust.keyless.roots import verifier_of
from gitops_models.trust.keyless.sign import keyless_signer
from gitops_models.trust.keyless.statement import read_statement
from gitops_models.trust.oms.envelope import seal_with_key
from gitops_models.trust.oms.keys import read_private_key
from gitops_models.trust.oms.statement import ALWAYS_IGNORED, PREDICATE_TYPE, write_manifest
from gitops_models.verification.attached import root_of
from gitops_models.verification.provenance import MODEL_SIG, signature_names
from gitops_models.workflows.bytes import fetch_cached
from gitops_models.workflows.naming import known_version
from gitops_models.workflows.promote import risk_of
from gitops_models.workflows.propose import Draft, propose
from gitops_models.workflows.remotes import pointers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gitops_models.registry.documents import Lineage
    from gitops_models.trust.keyless.sign import KeylessSigner
    from gitops_models.workflows.materials import Material
    from gitops_models.workflows.propose import Opened
    from gitops_models.workflows.session import Session

__all__ = ["Attest", "Seal", "Sealed", "attest", "digests_in", "digests_of", "sealed"]

STATEMENT = "lineage"
SUFFIX = ".sigstore.json"


@dataclass(frozen=True)
class Seal:
    """What to sign and with what.

    ``provenance`` is signed keyless. ``model`` asks for ``model.sig``, signed with the private key in the file
    ``key``, keyless without one. ``config`` is a Sigstore client trust configuration, ``staging`` the staging instance.
    """

    provenance: bool = False
    model: bool = False
    key: Path | None = None
    config: Path | None = None
    staging: bool = False

    @property
    def asked(self) -> bool:
        """Whether anything is to be signed."""
        return self.provenance or self.model

    @property
    def keyless(self) -> bool:
        """Whether a token of the surroundings is needed."""
        return self.provenance or (self.model and self.key is None)


@dataclass(frozen=True)
class Attest:
    """Signatures for an accepted version: made now, or made elsewhere and lying in the files ``attach``."""

    reference: str
    reason: str
    seal: Seal = field(default_factory=Seal)
    attach: Sequence[Path] = ()


def attest(session: Session, wanted: Attest, *, dry_run: bool = False, no_push: bool = False) -> Opened:
    """Open a proposal that attaches signatures to a version.

    Raises GM-C190 (nothing to attach), GM-C191 (there is a ``model.sig``), GM-T7nn for what cannot be signed or is no
    signature of this version, ``Denied`` when the policy refuses it. A dry run signs nothing.
    """
    model, version = known_version(session, wanted.reference)
    accepted = session.accepted
    lineage = accepted.lineage(model, version)
    taken = signature_names(accepted, model, version)
    updates = _carried(wanted.attach, taken)
    if wanted.seal.asked:
        pinned = accepted.lineage_sha256(model, version) or ""
        files = digests_of(session, lineage) if wanted.seal.model else ()
        updates |= sealed(session, Sealed(lineage, pinned, files), wanted.seal, taken=taken, sign=not dry_run)
    if not updates:
        raise GmError("GM-C190", "nothing to sign and nothing to attach", where=wanted.reference)
    return propose(session, _draft(session, wanted, lineage, updates), dry_run=dry_run, no_push=no_push)


@dataclass(frozen=True)
class Sealed:
    """What is signed: a lineage, its sha256, and for ``model.sig`` the digest of every single file."""

    lineage: Lineage
    sha256: str
    files: Sequence[FileDigest] = ()


def sealed(
    session: Session, what: Sealed, seal: Seal, *, taken: Sequence[str] = (), sign: bool = True
) -> dict[str, bytes]:
    """Return the signatures by file name; with ``sign`` False what would be signed, in an envelope without signature.

    Raises GM-C191, GM-C192, GM-T706, GM-T708, GM-T711, GM-T712, GM-T722, GM-T724, GM-T730, and what is raised for
    bundles that do not verify under the accepted root.
    """
    signer = keyless_signer(seal.config, staging=seal.staging) if sign and seal.keyless else None
    builder = signer.identity if signer else "unsigned"
    made: dict[str, bytes] = {}
    if seal.provenance:
        payload = write_provenance(what.lineage, what.sha256, builder)
        made[_free(taken)] = _signed(session, signer, payload)
    if seal.model:
        payload = _manifest(what, taken)
        key = read_private_key(seal.key) if seal.key else None
        made[MODEL_SIG] = seal_with_key(payload, key) if key else _signed(session, signer, payload)
    return made


def digests_of(session: Session, lineage: Lineage) -> tuple[FileDigest, ...]:
    """Return every file of a version: the lineage's digests, and for directories those of the verified bytes."""
    known = pointers(session.accepted, lineage.model, lineage.version)
    folders = {name for name, pointer in known.items() if pointer.is_dir}
    root = fetch_cached(session, f"{lineage.model}@{lineage.version}") if folders else None
    found: list[FileDigest] = []
    for entry in lineage.artifacts:
        hashes = hash_path(root / entry.path) if root and entry.path in folders else None
        rows = hashes.listing if isinstance(hashes, DirectoryHashes) else ()
        found += [FileDigest(f"{entry.path}/{row.path}", row.size, row.sha256) for row in rows]
        if not rows:
            found.append(FileDigest(entry.path, entry.size, entry.sha256))
    return tuple(found)


def digests_in(found: Sequence[Material]) -> tuple[FileDigest, ...]:
    """Return every file of what is being registered."""
    rows: list[FileDigest] = []
    for each in found:
        if isinstance(each.hashes, DirectoryHashes):
            rows += [FileDigest(f"{each.name}/{row.path}", row.size, row.sha256) for row in each.hashes.listing]
        else:
            rows.append(FileDigest(each.name, each.hashes.size, each.hashes.sha256))
    return tuple(rows)


def _signed(session: Session, signer: KeylessSigner | None, payload: bytes) -> bytes:
    if signer is None:
        return unsigned(payload)
    # Before anything goes to a public log: without a pinned root it would count for nothing.
    verifier = verifier_of(root_of(session.accepted), TRUSTED_ROOT_JSON)
    bundle = signer.sign_statement(payload)
    verify_statement(bundle, claim=Anybody(), verifier=verifier)
    return bundle


def _manifest(what: Sealed, taken: Sequence[str]) -> bytes:
    name = f"{what.lineage.model}@{what.lineage.version}"
    if MODEL_SIG in taken:
        raise GmError("GM-C191", f"{name} has a {MODEL_SIG}; what is attached stays", where=name)
    if hidden := sorted({each.path for each in what.lineage.artifacts} & set(ALWAYS_IGNORED)):
        raise GmError("GM-C192", f"no model signature covers a file called {hidden[0]}", where=name)
    return write_manifest(what.lineage.model, what.files)


def _carried(files: Sequence[Path], taken: Sequence[str]) -> dict[str, bytes]:
    """Name what was signed elsewhere by what it says; whether it speaks of this version is for the judge."""
    made: dict[str, bytes] = {}
    for path in files:
        with path.open("rb") as stream:
            data = stream.read(LIMIT + 1)
        of_model = read_statement(attached_payload(data)).predicate_type == PREDICATE_TYPE
        name = MODEL_SIG if of_model else _free((*taken, *made))
        if name in (*taken, *made):
            raise GmError("GM-C191", f"one {name} belongs to a version; what is attached stays", where=str(path))
        made[name] = data
    return made


def _free(taken: Sequence[str]) -> str:
    numbered = (f"{STATEMENT}.{number}{SUFFIX}" for number in range(2, len(taken) + 3))
    return next(name for name in (f"{STATEMENT}{SUFFIX}", *numbered) if name not in taken)


def _draft(session: Session, wanted: Attest, lineage: Lineage, made: Mapping[str, bytes]) -> Draft:
    model, version = lineage.model, lineage.version
    layout = session.accepted.layout
    return Draft(
        event="evidence",
        model=model,
        version=version,
        subject=f"attest({model}): {version} {', '.join(sorted(made))}",
        reason=wanted.reason,
        updates={layout.signature_path(model, version, name): data for name, data in made.items()},
        trailers=((GM_EVENT, "evidence"), (GM_MODEL, model), (GM_TO, version), (GM_RISK, risk_of(session, model))),
    )
