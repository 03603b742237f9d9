"""Which bytes a reconciler still needs: what is served, was before it, would be restored by a rollback, or is held.

Everything that lies in a target's own store stays in the content store too (current, previous, the newest ones), and so
does what the accepted state wants, the last known good version and the candidate of each place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from gitops_models.delivery.desired import desired_states
from gitops_models.delivery.results import Done
from gitops_models.delivery.values import Standing
from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from gitops_models.artifacts.content import ContentStore
    from gitops_models.artifacts.garbage import Collected
    from gitops_models.delivery.results import Report
    from gitops_models.delivery.targets.base import Target
    from gitops_models.delivery.values import Deployment, Desired, ModelStage
    from gitops_models.verification.history import History


@runtime_checkable
class Storing(Protocol):
    """A target that keeps versions beside the live one."""

    def stored(self, at: ModelStage) -> frozenset[str]:
        """Return the digests of the deployments in its store, unread."""


@dataclass(frozen=True)
class Garbage:
    """Clears ``content`` of what no place of ``targets`` needs. ``targets`` are all that share the store."""

    content: ContentStore
    targets: Sequence[Target]
    clock: Callable[[], datetime]

    def saw(self, report: Report, history: History) -> None:
        """Clear up after a run that changed what is served; a disk that fails here must not fail the run."""
        if any(result.done not in (Done.NOTHING, Done.FAILED) for result in report.results):
            try:
                self.clear(history)
            except (GmError, OSError):
                return

    def clear(self, history: History, *, dry_run: bool = False) -> Collected:
        """Remove what is not needed; GM-A401, GM-A623 where a place does not say what it needs."""
        from gitops_models.artifacts.garbage import collect  # noqa: PLC0415 - only when something changed

        artifacts: set[str] = set()
        deployments: set[str] = set()
        for target in self.targets:
            places = target.occupied()
            for desired in desired_states(history, target=target.id, occupied=places):
                _refuse_unknown(desired)
                for one in _wanted(desired):
                    deployments.add(one.digest)
                    artifacts |= {artifact.sha256 for artifact in one.artifacts}
                deployments |= desired.keep
            if isinstance(target, Storing):
                deployments |= {digest for at in places for digest in target.stored(at)}
        return collect(self.content, artifacts, deployments, at=self.clock(), dry_run=dry_run)


def _refuse_unknown(desired: Desired) -> None:
    if desired.standing is Standing.UNKNOWN:
        raise GmError("GM-A623", f"what {desired.at} needs cannot be read: {desired.problem}", where=str(desired.at))


def _wanted(desired: Desired) -> Iterator[Deployment]:
    if desired.deployment:
        yield desired.deployment
    yield from desired.spares
