"""Registering a version: hash the bytes, derive the lineage, store the bytes, open the proposal."""

from __future__ import annotations

from dataclasses import field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gitops_models.artifacts.pointers import make_pointer, render_pointer
from gitops_models.artifacts.upload import UploadItem, upload
from gitops_models.errors import GmError
from gitops_models.registry.canonical import sha256_hex
from gitops_models.registry.documents import Lineage, Model, render, validate
from gitops_models.registry.names import check_name, check_version, next_version
from gitops_models.registry.trailers import GM_EVENT, GM_MODEL, GM_RISK, GM_TO
from gitops_models.registry.values import dataclass
from gitops_models.workflows.attest import Seal, Sealed, digests_in, sealed
from gitops_models.workflows.dvcfiles import refuse_brought
from gitops_models.workflows.footing import firm
from gitops_models.workflows.kinds import kind_of
from gitops_models.workflows.lineage import derive
from gitops_models.workflows.materials import Material, materials
from gitops_models.workflows.propose import Draft, Opened, propose, publish

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitops_models.registry.names import Bump
    from gitops_models.workflows.lineage import Derived
    from gitops_models.workflows.session import Session

DEFAULT_RISK = "high"
EVENT = "registration"


@dataclass(frozen=True)
class Registration:
    """What to register. Every field that stays empty is derived; ``paths`` may say ``role=path``."""

    model: str
    paths: Sequence[str]
    reason: str
    version: str | None = None
    bump: Bump = "minor"
    risk: str | None = None
    kind: str = "model"
    use: Sequence[str] = ()
    owners: Sequence[str] = ()
    metrics: Path | None = None
    parameters: Path | None = None
    interface: Path | None = None
    data: Sequence[str] = ()
    features: str | None = None
    architecture: str | None = None
    entrypoint: str | None = None
    code: Path = field(default_factory=Path)
    not_applicable: Sequence[str] = ()
    allow_dirty: bool = False
    seal: Seal = field(default_factory=Seal)


@dataclass(frozen=True)
class Registered:
    """The opened proposal, what was derived from where, and which fields stayed empty."""

    opened: Opened
    lineage: Lineage
    derived: Sequence[Derived]
    missing: Sequence[Derived]
    stored: str | None


def register(
    session: Session,
    wanted: Registration,
    *,
    dry_run: bool = False,
    no_push: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Registered:
    """Open a proposal that registers a version.

    Raises GM-C2nn for what cannot be registered, ``Denied`` when the policy refuses it; bytes are stored only after
    the judge has seen the lineage, and before anything is published.
    """
    model = check_name(wanted.model, "model name")
    wanted = replace(wanted, kind=kind_of(session, model, wanted.kind))
    version = _version(session, wanted)
    firm(session, EVENT, model)
    with TemporaryDirectory(prefix="gm-made-") as made:
        found = materials(wanted, Path(made), progress=progress)
        lineage, derived, missing = derive(session, wanted, version, found)
        draft = _draft(session, wanted, lineage, _files(session, wanted, lineage, found))
        planned = propose(session, _signed(session, draft, lineage, found, wanted.seal, sign=False), dry_run=True)
        _refuse_unsaid_risk(session, wanted, planned)
        stored = None if dry_run else _store(session, found, progress)
        if wanted.seal.asked and not dry_run:
            planned = propose(session, _signed(session, draft, lineage, found, wanted.seal), dry_run=True)
    opened = planned if dry_run else publish(session, planned, no_push=no_push)
    return Registered(opened, lineage, derived, missing, stored)


def _refuse_unsaid_risk(session: Session, wanted: Registration, planned: Opened) -> None:
    """Raise GM-C122 when the assumed risk of a new model needs approvals that nobody here can give."""
    if wanted.risk is not None or session.accepted.has_model(wanted.model):
        return
    for quorum in planned.evaluation.verdict.quorums:
        lacking = [role for role in quorum.missing if not quorum.candidates.get(role)]
        if lacking:
            raise GmError(
                "GM-C122",
                f"a new model counts as risk {DEFAULT_RISK}, and nobody here can approve that as {lacking[0]}",
                where=wanted.model,
            )


def _version(session: Session, wanted: Registration) -> str:
    existing = session.accepted.versions(wanted.model) if session.accepted.has_model(wanted.model) else ()
    if wanted.version is None:
        return next_version(existing, wanted.bump)
    version = check_version(wanted.version)
    if version in existing:
        raise GmError("GM-C144", f"{wanted.model}@{version} exists", where=f"{wanted.model}@{version}")
    return version


def _files(session: Session, wanted: Registration, lineage: Lineage, found: Sequence[Material]) -> dict[str, bytes]:
    layout = session.accepted.layout
    files = {layout.lineage_path(lineage.model, lineage.version): render(lineage)}
    for material in found:
        path = layout.pointer_path(lineage.model, lineage.version, material.name)
        files[path] = render_pointer(make_pointer(material.name, material.hashes))
    if not session.accepted.has_model(lineage.model):
        files[layout.model_path(lineage.model)] = render(_new_model(wanted, lineage))
    return files


def _new_model(wanted: Registration, lineage: Lineage) -> Model:
    return validate(
        Model,
        {
            "name": lineage.model,
            "type": wanted.kind,
            "risk": wanted.risk or DEFAULT_RISK,
            "use": list(wanted.use),
            "owners": list(wanted.owners) or [lineage.author],
            "architecture": lineage.architecture.id if lineage.architecture else None,
            "interface": lineage.interface,
        },
        wanted.model,
    )


def _draft(session: Session, wanted: Registration, lineage: Lineage, updates: Mapping[str, bytes]) -> Draft:
    known = session.accepted.has_model(lineage.model)
    risk = session.accepted.model(lineage.model).risk if known else wanted.risk or DEFAULT_RISK
    return Draft(
        event=EVENT,
        model=lineage.model,
        version=lineage.version,
        subject=f"register({lineage.model}): {lineage.version}",
        reason=wanted.reason,
        updates=dict(updates),
        trailers=((GM_EVENT, EVENT), (GM_MODEL, lineage.model), (GM_TO, lineage.version), (GM_RISK, risk)),
    )


def _signed(
    session: Session, draft: Draft, lineage: Lineage, found: Sequence[Material], seal: Seal, *, sign: bool = True
) -> Draft:
    """Add the signatures that are asked for, or with ``sign`` False what would be signed."""
    if not seal.asked:
        return draft
    layout, model, version = session.accepted.layout, lineage.model, lineage.version
    what = Sealed(lineage, sha256_hex(render(lineage)), digests_in(found))
    made = sealed(session, what, seal, sign=sign)
    paths = {layout.signature_path(model, version, name): data for name, data in made.items()}
    return replace(draft, updates={**draft.updates, **paths})


def _store(session: Session, found: Sequence[Material], progress: Callable[[int], None] | None) -> str:
    root = session.store.work_tree
    if root is None:
        raise GmError(
            "GM-C207", "a bare repository has no DVC cache to store bytes in", where=str(session.store.git_dir)
        )
    refuse_brought(session.store)
    report = upload(root, [UploadItem(material.path, material.hashes) for material in found], progress=progress)
    return f"{report.sent} stored, {report.reused} there already, in {report.remote}"
