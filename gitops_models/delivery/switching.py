"""One place brought to what is desired: plan, stage, check, switch, look again, check, record.

Until verified bytes lie beside what is served nothing live is touched, and a switch that does not show the desired
bytes afterwards, or does not pass the checks that follow it, is taken back.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import field, replace
from typing import TYPE_CHECKING

from gitops_models.delivery.checks.base import NoChecks, invalid, refusal
from gitops_models.delivery.desired import change_behind
from gitops_models.delivery.exposure import clock_behind
from gitops_models.delivery.plan import drift, is_validated, noted
from gitops_models.delivery.records import Circumstances, Outcome, intend
from gitops_models.delivery.results import Done, State, examine
from gitops_models.delivery.targets.base import Stamp
from gitops_models.delivery.values import Deployment, Note, Observation, Retire, Standing, Switch, entry_digest
from gitops_models.delivery.waysback import may_go_back, standing_version, version_of, version_that_lay
from gitops_models.errors import GmError
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gitops_models.delivery.checks.base import CheckResult, Checks
    from gitops_models.delivery.journal import Journal
    from gitops_models.delivery.proposing import Proposer
    from gitops_models.delivery.recorder import Recorder
    from gitops_models.delivery.records import DeploymentRecord
    from gitops_models.delivery.results import Result
    from gitops_models.delivery.targets.base import ByteSource, Target
    from gitops_models.delivery.values import Action, Desired, Drift, ModelStage
    from gitops_models.verification.history import History


_INTERRUPTED = "seen after an interrupted run"
_UNSEEN = "nothing said that what is served was validated"


@dataclass(frozen=True)
class Equipment:
    """What bringing about needs beside the place itself. ``entered`` is told of each state on the way."""

    target: Target
    history: History
    source: ByteSource
    journal: Journal
    recorder: Recorder
    clock: Callable[[], datetime]
    checks: Checks = field(default_factory=NoChecks)
    proposer: Proposer | None = None
    entered: Callable[[str, ModelStage, State], None] = lambda _target, _at, _state: None

    def stamp(self) -> Stamp:
        """Return for which commit and when something is done now."""
        return Stamp(self.history.tip, self.clock())


class Switching:
    """One model and stage at one target, in one run."""

    def __init__(self, equipment: Equipment, desired: Desired) -> None:
        self._kit = equipment
        self._target = equipment.target
        self._desired = desired
        self._checked: list[CheckResult] = []

    def run(self, seen: Observation) -> Result:
        """Do what the target plans on ``seen``, and say what came of it."""
        found = drift(self._desired, seen)
        done, now, error = Done.NOTHING, seen, None
        try:
            for action in self._target.plan(self._desired, seen):
                done = self._act(action, seen, found) or done
                now = self._target.observe(seen.at)
        except GmError as problem:
            error = problem
            done = Done.FAILED if done is Done.NOTHING else done
            now = self._observe_anyway(seen)
        return self.examined(now, done=done, healed=found, error=error)

    def examined(
        self, now: Observation, *, done: Done = Done.NOTHING, healed: tuple[Drift, ...] = (), error: GmError | None
    ) -> Result:
        """Say how ``now`` stands against what is desired."""
        checks = tuple(self._checked)
        return examine(self._target.id, self._desired, now, done=done, healed=healed, error=error, checks=checks)

    @property
    def wanted_digest(self) -> str | None:
        """The digest that is to be served, ``None`` for nothing."""
        return self._desired.deployment.digest if self._desired.deployment else None

    def close_interrupted(self, seen: Observation) -> Observation:
        """Finish the switch that a killed run had made, and return what is served then.

        It is checked as any other; one that was only begun is planned again. Raises GM-R521 where it does not pass.
        """
        intent = self._kit.journal.pending(self._target.id, seen.at)
        if intent is None:
            return seen
        if not intent.is_made(seen):
            self._kit.journal.finish(self._target.id, seen.at)
            return seen
        self._checked += intent.checks
        wanted = self._desired.deployment
        if intent.digest is not None and (wanted is None or wanted.digest != intent.digest):
            self._close_unwanted(intent, seen)
        else:
            self._validate(intent, wanted, self._replaced(intent, seen), seen, reason=_INTERRUPTED)
        self._checked.clear()
        return self._target.observe(seen.at)

    def _close_unwanted(self, intent: DeploymentRecord, seen: Observation) -> None:
        """Something else is wanted by now, and that is checked; that this one passed nobody can say."""
        unknown = self._kit.checks.awaits(seen.at)
        reason = f"{_INTERRUPTED}, and not validated: something else is wanted by now" if unknown else _INTERRUPTED
        self._record(intent, Outcome.FAILED if unknown else intent.success, seen, reason=reason)

    def validate_unseen(self, seen: Observation) -> Observation:
        """Check what is served already where nothing says that it was: the state of the run that switched was lost.

        Raises GM-R521 where it does not pass, as after any switch.
        """
        wanted = self._desired.deployment
        if wanted is None or self._desired.standing is not Standing.SERVE or not seen.serves(wanted.digest):
            return seen
        if is_validated(wanted, seen) or not self._kit.checks.awaits(seen.at):
            return seen
        stamp, before = self._kit.stamp(), entry_digest(seen.previous)
        why = Circumstances(stamp.commit, change_behind(self._kit.history, seen.at), stamp.at)
        intent = intend(self._target.id, seen.at, wanted, replaced=before, why=why, reason="")
        self._kit.journal.begin(intent)
        self._validate(intent, wanted, self._replaced(intent, seen), seen, reason=_UNSEEN)
        return self._target.observe(seen.at)

    def _replaced(self, intent: DeploymentRecord, seen: Observation) -> Observation:
        """What was served before the switch, as far as it can be told after a crash: what ``previous`` names."""
        digest = entry_digest(seen.previous)
        if digest is None or digest != intent.replaced:
            return Observation(seen.at)
        version = version_of(self._kit.history, self._desired, digest)
        if version is None:
            return Observation(seen.at)
        with suppress(GmError):
            entry = self._target.stage(version, self._kit.source)
            return replace(seen, link=entry, files=version.artifacts, noted=noted(version))
        return Observation(seen.at)

    def _observe_anyway(self, seen: Observation) -> Observation:
        try:
            return self._target.observe(seen.at)
        except GmError:
            return Observation(seen.at)

    def _act(self, action: Action, seen: Observation, found: tuple[Drift, ...]) -> Done | None:
        if isinstance(action, Switch):
            self._change(self._staged(action, seen), action.deployment, seen, found)
            return Done.HEALED if found else Done.SWITCHED
        if isinstance(action, Retire):
            self._change(action, None, seen, found)
            return Done.RETIRED
        self._target.apply(action, self._kit.source, self._kit.stamp())
        return None

    def _staged(self, action: Switch, seen: Observation) -> Switch:
        """Have the bytes ready and checked before anything is begun: most failures happen here and touch nothing."""
        self._enter(State.FETCHING)
        entry = self._target.stage(action.deployment, self._kit.source)
        self._enter(State.VERIFYING)
        live = standing_version(self._kit.history, self._desired, seen)
        folder = self._target.folder(seen.at, entry)
        self._checked += self._kit.checks.before(action.deployment, folder, live)
        error = refusal(self._checked)
        if error is not None:
            raise error
        return replace(action, entry=entry)

    def _change(
        self, action: Switch | Retire, wanted: Deployment | None, seen: Observation, found: tuple[Drift, ...]
    ) -> None:
        stamp = self._kit.stamp()
        times = clock_behind(self._kit.history, wanted, seen, found)
        why = Circumstances(stamp.commit, change_behind(self._kit.history, seen.at), stamp.at, times)
        reason = "; ".join(str(difference) for difference in found)
        intent = intend(self._target.id, seen.at, wanted, replaced=seen.digest, why=why, reason=reason)
        self._kit.journal.begin(replace(intent, checks=tuple(self._checked)))
        self._enter(State.SWITCHING)
        try:
            self._target.apply(action, self._kit.source, stamp)
            now = self._target.observe(seen.at)
            self._prove(intent, now)
        except GmError as error:
            self._take_back(intent, seen, error)
            raise
        self._validate(intent, wanted, seen, now, reason=self._beside_git(wanted))

    def _beside_git(self, wanted: Deployment | None) -> str:
        """Say in the record who asked for what Git does not say: nothing that automation does is silent."""
        return self._desired.hold or "" if wanted is not None and wanted.override is not None else ""

    def _prove(self, intent: DeploymentRecord, now: Observation) -> None:
        if not intent.is_made(now):
            raise GmError("GM-R303", f"{seen_as(now)} is served after the switch", where=str(now.at))

    def _take_back(self, intent: DeploymentRecord, seen: Observation, error: GmError) -> None:
        """Serve again what was served; a switch that was made, where only what follows it failed, is checked instead.

        Where nobody can say what is served now the intent stays open: the next run sees, and checks what it finds.
        """
        now = self._seen_or_none(seen.at)
        if now is not None and intent.is_made(now):
            wanted = self._desired.deployment if intent.digest is not None else None
            return self._validate(intent, wanted, seen, now, reason=error.message)
        if now is None or (now.link_state, now.link) != (seen.link_state, seen.link):
            with suppress(GmError):  # an engine that went away in the middle: the files are back, the next run tells it
                self._serve_again(seen, version_that_lay(self._kit.history, self._desired, seen))
        if self._may_lie(intent, seen.at):
            return None
        return self._record(intent, Outcome.FAILED, self._observe_anyway(seen), reason=str(error))

    def _serve_again(self, seen: Observation, before: Deployment | None) -> None:
        self._target.restore(seen)
        if before is not None:
            with suppress(GmError):  # the note alone; the next run writes it
                since = seen.noted.validated if seen.noted and is_validated(before, seen) else None
                self._target.apply(Note(before, since), self._kit.source, self._kit.stamp())

    def _may_lie(self, intent: DeploymentRecord, at: ModelStage) -> bool:
        """Whether the link may still name what was switched to: the next plan would find nothing left to do."""
        try:
            live = self._target.place_of(at)
        except GmError:
            return True
        return entry_digest(live.name if live else None) == intent.digest

    def _seen_or_none(self, at: ModelStage) -> Observation | None:
        try:
            return self._target.observe(at)
        except GmError:
            return None

    def _validate(
        self,
        intent: DeploymentRecord,
        wanted: Deployment | None,
        seen: Observation,
        now: Observation,
        *,
        reason: str = "",
    ) -> None:
        """Check what is served ``now``; where it does not pass, the previous version is served again if the risk lets.

        Every look hashes all bytes again: there is another one only where checks took their time in between.
        """
        self._enter(State.VALIDATING)
        intent = intent.served(self._kit.clock())
        after: tuple[CheckResult, ...] = ()
        if wanted is not None:
            self._checked += (after := self._kit.checks.after(wanted, now))
            error = invalid(after)
            if error is not None:
                self._give_up(intent, wanted, seen, error)
                raise error
        if wanted is not None and after:  # before the record: killed in between, the open intent is checked again
            self._target.apply(Note(wanted, format_time(self._kit.clock())), self._kit.source, self._kit.stamp())
        self._record(intent, intent.success, self._target.observe(seen.at) if after else now, reason=reason)

    def _give_up(self, intent: DeploymentRecord, wanted: Deployment, seen: Observation, error: GmError) -> None:
        history = self._kit.history
        before = version_that_lay(history, self._desired, seen)
        if before is not None and seen.lies(before.digest) and may_go_back(history, wanted, before):
            self._enter(State.RESTORING)
            failed = self._kit.clock()
            self._serve_again(seen, before)
            intent = intent.taken_back(detected=failed, restored=self._kit.clock())
        self._record(intent, Outcome.FAILED, self._target.observe(seen.at), reason=str(error))

    def _record(self, intent: DeploymentRecord, result: Outcome, now: Observation, *, reason: str = "") -> None:
        """Keep the record before the intent is closed: killed in between, the same record is put again."""
        begun = replace(intent, checks=())
        checks = tuple(self._checked) or intent.checks
        ended = begun.ended(result, observed=now.digest, at=self._kit.clock(), reason=reason, checks=checks)
        self._kit.recorder.put(ended)
        self._kit.journal.finish(self._target.id, now.at)

    def _enter(self, state: State) -> None:
        self._kit.entered(self._target.id, self._desired.at, state)


def seen_as(now: Observation) -> str:
    """Name what is served, for messages."""
    return f"{now.link_state} {(now.digest or 'nothing')[:12]}"
