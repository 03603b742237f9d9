"""What a rollback costs and whom it concerns: what is lost with the bad version, who uses it, since when it served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_models.audit.comparing import compare
from gitops_models.registry.text import visible
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass
from gitops_models.trust.chain import ChainReader
from gitops_models.trust.deployments import RECENT, served_since
from gitops_models.trust.ledgerrefs import DEPLOYMENTS
from gitops_models.verification.exposure import lasted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from gitops_models.audit.comparing import Comparison, MetricChange
    from gitops_models.registry.stack import StackEntry
    from gitops_models.workflows.session import Session

SHOWN = 100
MOST_FIELDS = 40


@dataclass(frozen=True)
class Radius:
    """Whom the bad version concerned: consumers, targets of the stage, since when it was asked for and served where.

    ``deployed`` are targets with the time at which their reconcilers say they first served it: claims.
    """

    version: str
    stage: str
    consumers: tuple[str, ...]
    targets: tuple[str, ...]
    since: datetime | None
    served: timedelta | None
    deployed: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The plain value for ``--json``."""
        return {
            "version": self.version,
            "stage": self.stage,
            "consumers": list(self.consumers),
            "targets": list(self.targets),
            "since": format_time(self.since) if self.since else None,
            "servedSeconds": int(self.served.total_seconds()) if self.served is not None else None,
            "deployed": [{"target": target, "since": since} for target, since in self.deployed],
        }

    def lines(self) -> Iterator[str]:
        """The same for people."""
        known = (
            f"since {format_time(self.since)} ({lasted(self.served)})" if self.since and self.served is not None else ""
        )
        since = known or "since before the pin"
        yield f"  {self.version} was live in {self.stage} {since}"
        yield f"  consumers: {', '.join(self.consumers) or 'none recorded'}"
        yield f"  targets: {', '.join(self.targets) or 'none listed'}"
        for target, served in self.deployed:
            yield f"  served by {visible(target)} since {served}"


def radius(session: Session, model: str, stage: str, bad: StackEntry) -> Radius:
    """Gather whom the version concerned."""
    accepted = session.accepted
    targets = tuple(one.id for one in accepted.targets().targets if one.stage == stage)
    return Radius(
        version=bad.version,
        stage=stage,
        consumers=tuple(consumer.name for consumer in accepted.model(model).consumers),
        targets=targets,
        since=bad.at,
        served=session.clock.now() - bad.at if bad.at else None,
        deployed=tuple(_deployed(session, model, stage, bad.version)),
    )


def _deployed(session: Session, model: str, stage: str, version: str) -> Iterator[tuple[str, str]]:
    """For each target when its newest run of records of this version began."""
    reader = ChainReader(session.store)
    for topic, tip in sorted(session.ledger.tips().items()):
        if not topic.startswith(DEPLOYMENTS):
            continue
        since = served_since(reader.newest(tip, links=RECENT), model, stage, version=version)
        if since is not None:
            yield topic.removeprefix(DEPLOYMENTS), since


def loss(session: Session, model: str, bad: str, good: str | None) -> Comparison | None:
    """What changes from the bad version to the one that comes back; None where nothing comes back."""
    accepted = session.accepted
    if good is None:
        return None
    return compare(accepted.lineage(model, bad), accepted.lineage(model, good), accepted.model(model))


def loss_lines(found: Comparison) -> Iterator[str]:
    """Metrics side by side, then what else differs in the lineages; long values are cut."""
    for metric in found.metrics:
        yield f"  {_short(metric.name)}{f' on {_short(metric.dataset)}' if metric.dataset else ''}: {_turn(metric)}"
    for change in found.fields[:MOST_FIELDS]:
        yield f"  {_short(change.field)}: {_short(change.before or '-')} -> {_short(change.after or '-')}"
    if len(found.fields) > MOST_FIELDS:
        yield f"  and {len(found.fields) - MOST_FIELDS} more; see gm diff"


def loss_json(found: Comparison | None) -> dict[str, Any] | None:
    """The plain value for ``--json``."""
    if found is None:
        return None
    return {
        "from": found.before,
        "to": found.after,
        "metrics": [
            {
                "name": one.name,
                "dataset": one.dataset,
                "before": None if one.before is None else str(one.before),
                "after": None if one.after is None else str(one.after),
                "better": one.better,
            }
            for one in found.metrics
        ],
        "lineage": [{"field": one.field, "before": one.before, "after": one.after} for one in found.fields],
    }


def _turn(metric: MetricChange) -> str:
    was, becomes = (str(one) if one is not None else "-" for one in (metric.before, metric.after))
    word = {True: ", better", False: ", worse", None: ""}[metric.better]
    by = f" ({metric.difference:+}{word})" if metric.difference else ""
    return f"{was} -> {becomes}{by}"


def _short(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= SHOWN else f"{shown[: SHOWN - 3]}..."
