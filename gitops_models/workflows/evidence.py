"""Adding evidence to a version: a document that binds a result to the version's bytes, signed by who vouches for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.artifacts.measured import read_metrics
from gitops_models.registry.canonical import sha256_hex
from gitops_models.registry.documents import Evidence, render, validate
from gitops_models.registry.times import format_time
from gitops_models.registry.trailers import GM_EVENT, GM_MODEL, GM_RISK, GM_TO
from gitops_models.registry.values import dataclass
from gitops_models.workflows.naming import known_version
from gitops_models.workflows.promote import risk_of
from gitops_models.workflows.propose import Draft, Opened, propose

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gitops_models.workflows.session import Session


@dataclass(frozen=True)
class Vouch:
    """What is vouched for: one result of each type in ``types``."""

    reference: str
    types: Sequence[str]
    result: str
    reason: str
    metrics: Path | None = None
    report: Path | None = None
    report_uri: str | None = None


def add_evidence(session: Session, wanted: Vouch, *, dry_run: bool = False) -> Opened:
    """Open a proposal that adds one Evidence document for each type."""
    model, version = known_version(session, wanted.reference)
    updates = dict(_document(session, model, version, kind, wanted) for kind in wanted.types)
    draft = Draft(
        event="evidence",
        model=model,
        version=version,
        subject=f"evidence({model}): {version} {', '.join(wanted.types)} {wanted.result}",
        reason=wanted.reason,
        updates=updates,
        trailers=(
            (GM_EVENT, "evidence"),
            (GM_MODEL, model),
            (GM_TO, version),
            (GM_RISK, risk_of(session, model)),
        ),
    )
    return propose(session, draft, dry_run=dry_run)


def _document(session: Session, model: str, version: str, kind: str, wanted: Vouch) -> tuple[str, bytes]:
    lineage = session.accepted.lineage(model, version)
    created = format_time(session.clock.now())
    metrics = read_metrics(wanted.metrics) if wanted.metrics else ()
    document = validate(
        Evidence,
        {
            "model": model,
            "version": version,
            "type": kind,
            "artifacts_sha256": sorted(set(lineage.digests())),
            "result": wanted.result,
            "metrics": [
                {"name": metric.name, "value": float(metric.value), "dataset": metric.dataset} for metric in metrics
            ],
            "created": created,
            "by": session.actor(session.signer()).id,
            "report": _report(wanted),
        },
        f"{model}@{version}",
    )
    name = _free_name(session, model, version, f"{kind}-{created[:10]}")
    return session.accepted.layout.evidence_path(model, version, name), render(document)


def _report(wanted: Vouch) -> dict[str, str | None] | None:
    if wanted.report is None and wanted.report_uri is None:
        return None
    digest = sha256_hex(wanted.report.read_bytes()) if wanted.report else None
    return {"uri": wanted.report_uri or f"file:{wanted.report.name if wanted.report else ''}", "sha256": digest}


def _free_name(session: Session, model: str, version: str, wanted: str) -> str:
    taken = set(session.accepted.evidence_names(model, version))
    numbered = (f"{wanted}.{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (wanted, *numbered) if name not in taken)
