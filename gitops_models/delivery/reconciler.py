"""One reconcile: fold, then bring each model and stage of each target to what was accepted, and tell.

Every model stands alone: what fails for one is its result, and the others go on (``visit``, ``switching``).
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import field, replace
from itertools import chain
from threading import Event
from typing import TYPE_CHECKING, Protocol

from gitops_models.delivery.attention import REHASH, Attention
from gitops_models.delivery.checks.base import no_checks
from gitops_models.delivery.memos import Memos
from gitops_models.delivery.overrides import Overrides, read_overrides
from gitops_models.delivery.restorations import restored
from gitops_models.delivery.results import Report, Result, doubted, examine
from gitops_models.delivery.switching import Equipment
from gitops_models.delivery.visit import Manner, Visit, failed, wanted_at
from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta
    from pathlib import Path

    from gitops_models.delivery.checks.base import ChecksFor
    from gitops_models.delivery.follow import Followed
    from gitops_models.delivery.garbage import Garbage
    from gitops_models.delivery.journal import Journal
    from gitops_models.delivery.mirroring import Mirroring
    from gitops_models.delivery.prefetch import Prefetch
    from gitops_models.delivery.proposing import Proposer
    from gitops_models.delivery.recorder import Recorder
    from gitops_models.delivery.results import State
    from gitops_models.delivery.targets.base import ByteSource, Target
    from gitops_models.delivery.values import Desired, ModelStage
    from gitops_models.delivery.watch import Watch
    from gitops_models.verification.history import History


class Gauges(Protocol):
    """Figures for whoever watches the reconciler. None of it raises."""

    def began(self) -> None:
        """Take note that a run begins."""

    def saw(self, report: Report, history: History) -> None:
        """Take the figures of a run."""

    def failed(self, error: GmError) -> None:
        """Take note of a run that had no history to reconcile to."""

    def entered(self, target: str, at: ModelStage, state: State) -> None:
        """Take note of a state on the way; called from the threads of the pool."""


@dataclass(frozen=True)
class Reconciler:
    """What a reconcile needs. ``load_history`` fetches and folds; ``source_for`` brings the bytes of its versions.

    ``overrides`` lists the files with override statements that are there now, ``restorations`` is the directory in
    which automation says what it serves again. ``watch`` tells what is wrong, ``mirror`` shows what is served,
    ``gauges`` counts. ``checks`` gives those of a target, ``proposer`` opens rollback proposals.
    ``manner`` says how it works, ``memos`` keeps what is remembered of places, ``prefetch`` fetches ahead, ``garbage``
    removes bytes that nothing needs any more.
    Setting ``wake`` ends the wait of the loop; ``listen`` opens the place over HTTP for as long as the loop runs.
    """

    targets: Sequence[Target]
    load_history: Callable[[], Followed]
    source_for: Callable[[History], ByteSource]
    journal: Journal
    recorder: Recorder
    clock: Callable[[], datetime]
    overrides: Callable[[], Sequence[Path]] = tuple
    restorations: Path | None = None
    watch: Watch | None = None
    mirror: Mirroring | None = None
    gauges: Gauges | None = None
    checks: ChecksFor = no_checks
    proposer: Proposer | None = None
    wake: Event = field(default_factory=Event)
    manner: Manner = field(default_factory=Manner)
    memos: Memos = field(default_factory=Memos)
    rehash: timedelta = REHASH
    prefetch: Prefetch | None = None
    garbage: Garbage | None = None
    attentions: dict[str, Attention] = field(default_factory=dict)
    listen: Callable[[], AbstractContextManager[str | None]] = nullcontext

    def run(self) -> Report:
        """Reconcile every target once, then tell what people have to know.

        Raises only what ``load_history`` and ``source_for`` raise.
        """
        if self.gauges:
            self.gauges.began()
        try:
            followed = self.load_history()
            report = self._run(followed)
        except GmError as error:
            if self.watch:
                self.watch.failed(error)
            if self.gauges:
                self.gauges.failed(error)
            raise
        if self.watch:
            self.watch.saw(report, followed.history, [target.id for target in self.targets])
        if self.mirror:
            self.mirror.saw(report, followed.history)
        if self.gauges:
            self.gauges.saw(report, followed.history)
        if self.garbage:
            self.garbage.saw(report, followed.history)
        return report

    def _run(self, followed: Followed) -> Report:
        began, history = self.clock(), followed.history
        source = self.source_for(history)
        held = read_overrides(self.overrides, history, targets=[one.id for one in self.targets], at=self.clock())
        problems = [
            *([("repository", followed.problem)] if followed.problem else ()),
            *followed.troubles,
            *self._restored(history, held)().problems,
        ]
        found: list[Sequence[Result]] = []
        for target in self.targets:
            try:
                found.append(self._visit(target, history, source, held).run())
            except GmError as error:
                problems.append((target.id, error))
            except OSError as error:
                problem = GmError("GM-R302", error.strerror or str(error), where=str(error.filename or target.id))
                problems.append((target.id, problem))
        results = tuple(found[0]) if len(found) == 1 else tuple(chain.from_iterable(found))
        return Report(
            history.tip,
            self.clock(),
            doubted(results, followed.problem),
            tuple(problems),
            self.recorder.flush(),
            notes=(*followed.notes, *held.notes, *self._untold(), *self._ahead(source)),
            again=self._again(),
            seconds=(self.clock() - began).total_seconds(),
        )

    def _untold(self) -> tuple[str, ...]:
        return tuple(note for known in self.attentions.values() for note in known.notes())

    def _ahead(self, source: ByteSource) -> tuple[str, ...]:
        """Have fetched what may be wanted next, and say what could not be."""
        if self.prefetch is None:
            return ()
        known = self.attentions.values()
        self.prefetch.want([one for attention in known for one in attention.missing()], source)
        return self.prefetch.notes()

    def _again(self) -> timedelta | None:
        now = self.clock()
        waits = [wait for attention in self.attentions.values() if (wait := attention.again(now)) is not None]
        return min(waits, default=None)

    def _visit(self, target: Target, history: History, source: ByteSource, held: Overrides) -> Visit:
        known = self.attentions.get(target.id)
        if known is None:
            known = self.attentions[target.id] = Attention(target, self.memos, rehash=self.rehash)
        kit = self._equipment(target, history, source)
        return Visit(kit, self._restored(history, held), known, self.manner)

    def _restored(self, history: History, held: Overrides) -> Callable[[], Overrides]:
        """Return what reads the restorations that hold: anew under each target's lock, for they begin at any time."""
        folder = self.restorations
        return lambda: held if folder is None else restored(folder, history)(held)

    def _equipment(self, target: Target, history: History, source: ByteSource) -> Equipment:
        checks = self.checks(target, history)
        made = Equipment(target, history, source, self.journal, self.recorder, self.clock, checks, self.proposer)
        return replace(made, entered=self.gauges.entered) if self.gauges else made


def survey(targets: Sequence[Target], history: History, *, at: datetime, held: Overrides | None = None) -> Report:
    """Say how every target stands against ``history``; changes nothing."""
    results: list[Result] = []
    problems: list[tuple[str, GmError]] = []
    for target in targets:
        try:
            target.claim(history.repository.id, dry_run=True)
            wanted = wanted_at(target, history, held or Overrides())
        except GmError as error:
            problems.append((target.id, error))
            continue
        results.extend(_look(target, desired) for desired in wanted)
    notes = [f"override {name}: {error}" for name, error in held.problems] if held else []
    return Report(history.tip, at, tuple(results), tuple(problems), notes=(*notes, *(held.notes if held else ())))


def _look(target: Target, desired: Desired) -> Result:
    try:
        return examine(target.id, desired, target.observe(desired.at))
    except GmError as error:
        return failed(target.id, desired, error)
