"""One reconcile: fold, then for each target, model and stage observe, plan, stage, switch, look again, record.

Every model stands alone: what fails for one is its result, and the others go on. Until verified bytes lie beside what
is served nothing live is touched, and a switch that does not show the desired bytes afterwards is taken back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitops_models.delivery.desired import change_behind, desired_states
from gitops_models.delivery.overrides import Overrides, read_overrides
from gitops_models.delivery.plan import drift
from gitops_models.delivery.records import Circumstances, Outcome, intend
from gitops_models.delivery.results import Done, Report, Result, examine
from gitops_models.delivery.targets.base import Stamp
from gitops_models.delivery.values import Observation, Retire, Switch
from gitops_models.errors import GmError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from gitops_models.delivery.follow import Followed
    from gitops_models.delivery.journal import Journal
    from gitops_models.delivery.mirroring import Mirroring
    from gitops_models.delivery.recorder import Recorder
    from gitops_models.delivery.records import DeploymentRecord
    from gitops_models.delivery.targets.base import ByteSource, Target
    from gitops_models.delivery.values import Action, Deployment, Desired, Drift
    from gitops_models.delivery.watch import Watch
    from gitops_models.verification.history import History


@dataclass(frozen=True)
class Reconciler:
    """What a reconcile needs. ``load_history`` fetches and folds; ``source_for`` brings the bytes of its versions.

    ``overrides`` lists the files with override statements that are there now. ``watch`` tells what is wrong, ``mirror``
    shows what is served.
    """

    targets: Sequence[Target]
    load_history: Callable[[], Followed]
    source_for: Callable[[History], ByteSource]
    journal: Journal
    recorder: Recorder
    clock: Callable[[], datetime]
    overrides: Callable[[], Sequence[Path]] = tuple
    watch: Watch | None = None
    mirror: Mirroring | None = None

    def run(self) -> Report:
        """Reconcile every target once, then tell what people have to know.

        Raises only what ``load_history`` and ``source_for`` raise.
        """
        try:
            followed = self.load_history()
            report = self._run(followed)
        except GmError as error:
            if self.watch:
                self.watch.failed(error)
            raise
        if self.watch:
            self.watch.saw(report, followed.history, [target.id for target in self.targets])
        if self.mirror:
            self.mirror.saw(report, followed.history)
        return report

    def _run(self, followed: Followed) -> Report:
        history = followed.history
        source = self.source_for(history)
        held = read_overrides(self.overrides, history, targets=[one.id for one in self.targets], at=self.clock())
        results: list[Result] = []
        problems = [
            *([("repository", followed.problem)] if followed.problem else ()),
            *followed.troubles,
            *held.problems,
        ]
        for target in self.targets:
            try:
                results.extend(_Visit(self, target, history, source, held).run())
            except GmError as error:
                problems.append((target.id, error))
        return Report(
            history.tip,
            self.clock(),
            tuple(results),
            tuple(problems),
            self.recorder.flush(),
            notes=(*followed.notes, *held.notes),
        )


def survey(targets: Sequence[Target], history: History, *, at: datetime, held: Overrides | None = None) -> Report:
    """Say how every target stands against ``history``; changes nothing."""
    results: list[Result] = []
    problems: list[tuple[str, GmError]] = []
    for target in targets:
        try:
            target.claim(history.repository.id, dry_run=True)
            wanted = _wanted(target, history, held or Overrides())
        except GmError as error:
            problems.append((target.id, error))
            continue
        results.extend(_look(target, desired) for desired in wanted)
    notes = [f"override {name}: {error}" for name, error in held.problems] if held else []
    return Report(history.tip, at, tuple(results), tuple(problems), notes=(*notes, *(held.notes if held else ())))


def _wanted(target: Target, history: History, held: Overrides) -> tuple[Desired, ...]:
    wanted = desired_states(
        history, target=target.id, stages=target.stages, models=target.models, occupied=target.occupied()
    )
    return tuple(held.applied(target.id, desired) for desired in wanted)


def _look(target: Target, desired: Desired) -> Result:
    try:
        return examine(target.id, desired, target.observe(desired.at))
    except GmError as error:
        return failed(target.id, desired, error)


def failed(target: str, desired: Desired, error: GmError) -> Result:
    """Return the result of a place that could not even be looked at."""
    return examine(target, desired, Observation(desired.at), done=Done.FAILED, error=error)


class _Visit:
    """One run over one target."""

    def __init__(
        self, reconciler: Reconciler, target: Target, history: History, source: ByteSource, held: Overrides
    ) -> None:
        self._journal = reconciler.journal
        self._recorder = reconciler.recorder
        self._clock = reconciler.clock
        self._target = target
        self._history = history
        self._source = source
        self._held = held

    def run(self) -> Iterator[Result]:
        target = self._target
        with target.exclusive():
            target.claim(self._history.repository.id)
            for desired in _wanted(target, self._history, self._held):
                yield self._reconcile(desired)

    def _reconcile(self, desired: Desired) -> Result:
        try:
            seen = self._target.observe(desired.at)
            self._close_interrupted(seen)
        except GmError as error:
            return failed(self._target.id, desired, error)
        return self._bring_about(desired, seen)

    def _close_interrupted(self, seen: Observation) -> None:
        """Record the switch that a killed run had made; one that it had only begun is planned again."""
        intent = self._journal.pending(self._target.id, seen.at)
        if intent is None:
            return None
        if _is_made(intent, seen):
            return self._record(intent, _outcome(intent), seen, reason="seen after an interrupted run")
        return self._journal.finish(self._target.id, seen.at)

    def _bring_about(self, desired: Desired, seen: Observation) -> Result:
        found = drift(desired, seen)
        done, now, error = Done.NOTHING, seen, None
        try:
            for action in self._target.plan(desired, seen):
                done = self._act(action, seen, found) or done
                now = self._target.observe(desired.at)
        except GmError as problem:
            error = problem
            done = Done.FAILED if done is Done.NOTHING else done
            now = self._observe_anyway(seen)
        return examine(self._target.id, desired, now, done=done, healed=found, error=error)

    def _observe_anyway(self, seen: Observation) -> Observation:
        try:
            return self._target.observe(seen.at)
        except GmError:
            return Observation(seen.at)

    def _act(self, action: Action, seen: Observation, found: tuple[Drift, ...]) -> Done | None:
        if isinstance(action, Switch):
            self._change(self._staged(action), action.deployment, seen, found)
            return Done.HEALED if found else Done.SWITCHED
        if isinstance(action, Retire):
            self._change(action, None, seen, found)
            return Done.RETIRED
        self._target.apply(action, self._source, self._stamp())
        return None

    def _staged(self, action: Switch) -> Switch:
        """Have the bytes ready before anything is begun: most failures happen here and touch nothing."""
        return replace(action, entry=self._target.stage(action.deployment, self._source))

    def _change(
        self, action: Switch | Retire, wanted: Deployment | None, seen: Observation, found: tuple[Drift, ...]
    ) -> None:
        stamp = self._stamp()
        why = Circumstances(stamp.commit, change_behind(self._history, seen.at), stamp.at)
        reason = "; ".join(str(difference) for difference in found)
        intent = intend(self._target.id, seen.at, wanted, replaced=seen.digest, why=why, reason=reason)
        self._journal.begin(intent)
        try:
            self._target.apply(action, self._source, stamp)
            self._prove(intent, self._target.observe(seen.at))
        except GmError as error:
            self._take_back(intent, seen, error)
            raise
        self._record(intent, _outcome(intent), self._target.observe(seen.at))

    def _prove(self, intent: DeploymentRecord, now: Observation) -> None:
        if not _is_made(intent, now):
            raise GmError("GM-R303", f"{seen_as(now)} is served after the switch", where=str(now.at))

    def _take_back(self, intent: DeploymentRecord, seen: Observation, error: GmError) -> None:
        """Serve again what was served, unless the switch itself was made and only what follows it failed."""
        now = self._target.observe(seen.at)
        if _is_made(intent, now):
            return self._record(intent, _outcome(intent), now, reason=error.message)
        if (now.link_state, now.link) != (seen.link_state, seen.link):
            self._target.restore(seen)
        return self._record(intent, Outcome.FAILED, self._target.observe(seen.at), reason=str(error))

    def _record(self, intent: DeploymentRecord, result: Outcome, now: Observation, *, reason: str = "") -> None:
        """Keep the record before the intent is closed: killed in between, the same record is put again."""
        self._recorder.put(intent.ended(result, observed=now.digest, at=self._clock(), reason=reason))
        self._journal.finish(self._target.id, now.at)

    def _stamp(self) -> Stamp:
        return Stamp(self._history.tip, self._clock())


def seen_as(now: Observation) -> str:
    """Name what is served, for messages."""
    return f"{now.link_state} {(now.digest or 'nothing')[:12]}"


def _is_made(intent: DeploymentRecord, now: Observation) -> bool:
    if intent.digest is None:
        return now.empty
    return now.serves(intent.digest)


def _outcome(intent: DeploymentRecord) -> Outcome:
    if intent.digest is None:
        return Outcome.REMOVED
    return Outcome.HEALED if intent.reason else Outcome.SUCCEEDED
