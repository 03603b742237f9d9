"""One run over one target: its places one after the other, each on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.delivery.desired import desired_states
from gitops_models.delivery.results import Done, examine
from gitops_models.delivery.switching import Switching
from gitops_models.delivery.values import Observation
from gitops_models.errors import GmError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.delivery.overrides import Overrides
    from gitops_models.delivery.results import Result
    from gitops_models.delivery.switching import Equipment
    from gitops_models.delivery.targets.base import Target
    from gitops_models.delivery.values import Desired
    from gitops_models.verification.history import History


class Visit:
    """What one run does at one target. Nobody else writes there meanwhile."""

    def __init__(self, equipment: Equipment, held: Overrides) -> None:
        self._kit = equipment
        self._held = held

    def run(self) -> Iterator[Result]:
        """Bring every place to what is desired there. Raises GM-R101 and GM-R105; what fails for one is its result."""
        target = self._kit.target
        with target.exclusive():
            target.claim(self._kit.history.repository.id)
            for desired in wanted_at(target, self._kit.history, self._held):
                yield self._reconcile(desired)

    def _reconcile(self, desired: Desired) -> Result:
        switching = Switching(self._kit, desired)
        try:
            seen = self._kit.target.observe(desired.at)
            switching.close_interrupted(seen)
        except GmError as error:
            return failed(self._kit.target.id, desired, error)
        return switching.run(seen)


def wanted_at(target: Target, history: History, held: Overrides) -> tuple[Desired, ...]:
    """Return what should be true at each place of the target, overrides included."""
    wanted = desired_states(
        history, target=target.id, stages=target.stages, models=target.models, occupied=target.occupied()
    )
    return tuple(held.applied(target.id, desired) for desired in wanted)


def failed(target: str, desired: Desired, error: GmError) -> Result:
    """Return the result of a place that could not even be looked at."""
    return examine(target, desired, Observation(desired.at), done=Done.FAILED, error=error)
