"""What is known of a bad version when it is taken out of service: for forensics, before anything changes.

Its bytes stay where they are: a quarantine deletes nothing. What targets serve is what their reconcilers said last, and
what the directories of this clone show.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gitops_models.errors import GmError
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass
from gitops_models.trust.chain import ChainReader
from gitops_models.trust.ledgerrefs import DEPLOYMENTS
from gitops_models.trust.records import Deployment
from gitops_models.workflows.deliver import look, places

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from gitops_models.workflows.session import Session

RECENT = 64
MOST = 16
"""Artifacts and targets that are written down; the lineage and the ledger hold all of them."""


@dataclass(frozen=True)
class Served:
    """What one target says that it serves; ``differs`` where that is not what the version is."""

    target: str
    stage: str
    version: str | None
    digests: tuple[str, ...]
    at: str | None
    differs: bool


@dataclass(frozen=True)
class Captured:
    """The bad version: its lineage, the sha256 of its artifacts by path, and what is served of it where."""

    model: str
    version: str
    lineage_sha256: str
    artifacts: tuple[tuple[str, str], ...]
    served: tuple[Served, ...]

    def lines(self) -> Iterator[str]:
        """The same for people, and for the cause that is opened."""
        yield f"Captured {self.model}@{self.version}: lineage sha256:{self.lineage_sha256}"
        yield from (f"  {path} sha256:{digest}" for path, digest in self.artifacts[:MOST])
        if len(self.artifacts) > MOST:
            yield f"  and {len(self.artifacts) - MOST} more"
        for one in self.served[:MOST]:
            what = "OTHER BYTES than the version has" if one.differs else one.version or "nothing"
            when = f" ({one.at})" if one.at else ""
            yield f"  served at {visible(one.target)} in {one.stage}: {visible(what)}{when}"

    def to_json(self) -> dict[str, Any]:
        """The plain value for ``--json``."""
        return {
            "version": self.version,
            "lineageSha256": self.lineage_sha256,
            "artifacts": dict(self.artifacts),
            "served": [{**vars(one), "digests": list(one.digests)} for one in self.served],
        }


def capture(session: Session, model: str, version: str, stages: Collection[str]) -> Captured:
    """Gather what is known of the version in these stages; changes nothing."""
    lineage = session.accepted.lineage(model, version)
    artifacts = tuple(sorted((entry.path, entry.sha256) for entry in lineage.artifacts))
    known = frozenset(digest for _, digest in artifacts)
    return Captured(
        model=model,
        version=version,
        lineage_sha256=session.accepted.lineage_sha256(model, version) or "",
        artifacts=artifacts,
        served=(*_recorded(session, model, version, stages, known), *_seen(session, model, version, stages)),
    )


def _recorded(
    session: Session, model: str, version: str, stages: Collection[str], known: frozenset[str]
) -> Iterator[Served]:
    """What the newest record of each target says; a claim of its reconciler."""
    reader = ChainReader(session.store)
    for topic, tip in sorted(session.ledger.tips().items()):
        if not topic.startswith(DEPLOYMENTS):
            continue
        newest: dict[str, Deployment] = {}
        for record in reader.newest(tip, links=RECENT):
            body = record.body
            if isinstance(body, Deployment) and body.model == model and body.stage in stages:
                newest.setdefault(body.stage, body)
        for stage, body in sorted(newest.items()):
            differs = body.version == version and set(body.artifacts) != known
            yield Served(body.target, stage, body.version, body.artifacts, body.finished, differs)


def _seen(session: Session, model: str, version: str, stages: Collection[str]) -> Iterator[Served]:
    """What the directories of this clone show."""
    with suppress(GmError):  # what cannot be looked at delays nothing
        found = look(session).results if places(session.store) else ()
        for result in found:
            if result.at.model == model and result.at.stage in stages:
                differs = result.live == version and bool(result.drift)
                yield Served(result.target, result.at.stage, result.live, (), None, differs)
