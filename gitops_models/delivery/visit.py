"""One run over one target: its places, several at once, each on its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_models.delivery.checks.base import INVALID
from gitops_models.delivery.conditions import dated
from gitops_models.delivery.desired import desired_states
from gitops_models.delivery.inputs import inputs_of
from gitops_models.delivery.plan import drift
from gitops_models.delivery.pool import DEFAULT_WORKERS, each
from gitops_models.delivery.proposals import propose_way_back
from gitops_models.delivery.results import examine
from gitops_models.delivery.retries import after_failure, after_healing, may_heal, may_try
from gitops_models.delivery.shards import WHOLE
from gitops_models.delivery.states import Done
from gitops_models.delivery.switching import Switching
from gitops_models.delivery.values import Observation, Standing
from gitops_models.delivery.waysback import standing_version
from gitops_models.errors import GmError
from gitops_models.errors.unforeseen import unforeseen
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from gitops_models.delivery.attention import Attention
    from gitops_models.delivery.glimpse import Glimpse
    from gitops_models.delivery.kept import Kept
    from gitops_models.delivery.overrides import Overrides
    from gitops_models.delivery.results import Result
    from gitops_models.delivery.shards import Shard
    from gitops_models.delivery.switching import Equipment
    from gitops_models.delivery.targets.base import Target
    from gitops_models.delivery.values import Desired, Drift
    from gitops_models.verification.history import History


@dataclass(frozen=True)
class Manner:
    """How a reconciler works: how many places at once, which models are its own, what its file says (as a digest)."""

    workers: int = DEFAULT_WORKERS
    shard: Shard = WHOLE
    site: str = ""


class _Inputs:
    """What an attempt depends on, found out only where something failed."""

    def __init__(self, history: History, desired: Desired, site: str) -> None:
        self._known: str | None = None
        self._of = (history, desired, site)

    def __call__(self) -> str:
        if self._known is None:
            history, desired, site = self._of
            self._known = inputs_of(history, desired, site=site)
        return self._known


class Visit:
    """What one run does at one target. Nobody else writes there meanwhile."""

    def __init__(
        self, equipment: Equipment, held: Callable[[], Overrides], attention: Attention, manner: Manner
    ) -> None:
        self._kit = equipment
        self._target = equipment.target
        self._read_held = held
        self._attention = attention
        self._manner = manner

    def run(self) -> Sequence[Result]:
        """Bring every place to what is desired there. Raises GM-R101 and GM-R105; what fails for one is its result."""
        target, history, attention = self._target, self._kit.history, self._attention
        with target.exclusive():
            target.claim(history.repository.id)
            self._held = self._read_held()
            now = self._kit.clock()
            wanted = attention.wanted(history, self._held.in_force, self._wanted, now)
            needed = attention.needed(wanted, now)
            found = each(self._look, needed, workers=self._manner.workers, failed=self._broken)
        self._propose(attention.troubled(), now)
        results = attention.results(wanted, [result.at for result in found])
        attention.save(wanted)
        return results

    def _propose(self, troubled: Sequence[Desired], now: datetime) -> None:
        """Outside of the target's lock and one after the other: it writes the repository and asks a forge."""
        proposer = self._kit.proposer
        if proposer is None:
            return
        for desired in troubled:
            kept = self._attention.of(desired.at)
            before = kept.setback
            propose_way_back(proposer, self._kit.history, desired, kept, at=now)
            if kept.setback is not before and kept.setback and kept.result:
                self._attention.noted(desired.at, replace(kept.result, proposal=kept.setback.proposal))

    def _wanted(self) -> tuple[Desired, ...]:
        return wanted_at(self._target, self._kit.history, self._held, self._manner.shard)

    def _look(self, desired: Desired) -> Result:
        """Observe one place and do what is to be done there now."""
        now, kept = self._kit.clock(), self._attention.of(desired.at)
        before = self._glimpse(desired)
        result = self._dated(self._reconcile(desired, kept, now), kept, now)
        return self._attention.looked(desired, result, now, before)

    def _glimpse(self, desired: Desired) -> Glimpse | None:
        try:
            return self._attention.glimpse(desired.at)
        except GmError:
            return None

    def _reconcile(self, desired: Desired, kept: Kept, now: datetime) -> Result:
        switching = Switching(self._kit, desired)
        inputs = _Inputs(self._kit.history, desired, self._manner.site)
        try:
            seen = self._target.observe(desired.at)
            seen = switching.close_interrupted(seen)
            if kept.setback is None or kept.setback.error.code != INVALID or self._may_try(kept, inputs, (), now):
                seen = switching.validate_unseen(seen)
        except GmError as error:
            return self._failed_early(desired, kept, error, inputs, now)
        stored = {entry.digest for entry in seen.entries}
        kept.missing = tuple(one for one in desired.spares if one.digest not in stored)
        found = drift(desired, seen)
        if found and not may_heal(kept.healing, at=now):
            return switching.examined(seen, error=kept.setback.error if kept.setback else None)
        if not self._may_try(kept, inputs, found, now):
            return self._hold(desired, seen, kept)
        return self._attempt(switching, seen, kept, inputs, found, now)

    def _may_try(self, kept: Kept, inputs: _Inputs, found: Sequence[Drift], now: datetime) -> bool:
        """Wrong bytes are not left alone because the right ones failed once: they are tried at the pace of healing."""
        given_up = kept.setback is not None and kept.setback.final
        return kept.setback is None or may_try(kept.setback, inputs(), at=now) or (given_up and bool(found))

    def _attempt(
        self,
        switching: Switching,
        seen: Observation,
        kept: Kept,
        inputs: _Inputs,
        found: Sequence[Drift],
        now: datetime,
    ) -> Result:
        result = switching.run(seen)
        if found and result.done is not Done.NOTHING:
            kept.healing = after_healing(kept.healing, at=now)
        error = result.error if result.done is not Done.NOTHING or result.checks else None
        if error is None:
            kept.setback = None
            return result
        kept.setback = after_failure(kept.setback, error, inputs(), at=now, bad=switching.wanted_digest)
        return replace(result, error=kept.setback.error)

    def _hold(self, desired: Desired, seen: Observation, kept: Kept) -> Result:
        """Keep what is live whole while the version that is wanted waits for another attempt."""
        error = kept.setback.error if kept.setback else None
        live = standing_version(self._kit.history, desired, seen)
        done, now = Done.WAITING, seen
        healed: tuple[Drift, ...] = ()
        if live is not None and desired.deployment is not None and live.digest != desired.deployment.digest:
            keep = desired.keep | {desired.deployment.digest}
            held = replace(desired, standing=Standing.SERVE, deployment=live, keep=keep)
            result = Switching(self._kit, held).run(seen)
            if result.done is not Done.NOTHING:
                done, healed = result.done, result.drift
            now = self._target.observe(desired.at)
        return examine(self._target.id, desired, now, done=done, healed=healed, error=error)

    def _failed_early(self, desired: Desired, kept: Kept, error: GmError, inputs: _Inputs, now: datetime) -> Result:
        """A place that could not be looked at, or whose switch of a killed run did not pass its checks."""
        if error.code != INVALID:
            return failed(self._target.id, desired, error)
        bad = desired.deployment.digest if desired.deployment else None
        kept.setback = after_failure(kept.setback, error, inputs(), at=now, bad=bad)
        seen = self._target.observe(desired.at)
        return examine(self._target.id, desired, seen, done=Done.FAILED, error=kept.setback.error)

    def _broken(self, desired: Desired, error: Exception) -> Result:
        """What nobody foresaw at one place is told of that place."""
        problem = unforeseen(error)
        now, kept = self._kit.clock(), self._attention.of(desired.at)
        result = self._dated(failed(self._target.id, desired, problem), kept, now)
        return self._attention.looked(desired, result, now, None)

    def _dated(self, result: Result, kept: Kept, now: datetime) -> Result:
        same = result.digest is not None and result.digest == kept.digest
        commit = self._kit.history.tip
        conditions = dated(result.conditions, kept.conditions, at=format_time(now), commit=commit, same=same)
        proposal = kept.setback.proposal if kept.setback else None
        return replace(result, conditions=conditions, proposal=proposal)


def wanted_at(target: Target, history: History, held: Overrides, shard: Shard = WHOLE) -> tuple[Desired, ...]:
    """Return what should be true at each place of the target that is of the shard, overrides included."""
    wanted = desired_states(
        history, target=target.id, stages=target.stages, models=target.models, occupied=target.occupied()
    )
    return tuple(held.applied(target.id, desired) for desired in wanted if shard.has(desired.at.model))


def failed(target: str, desired: Desired, error: GmError) -> Result:
    """Return the result of a place that could not even be looked at."""
    return examine(target, desired, Observation(desired.at), done=Done.FAILED, error=error)
