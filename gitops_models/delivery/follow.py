"""Follow a protected branch in the reconciler's mirror: fetch, compare with memory, fold, remember."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.delivery.upstreams import Upstreams
from gitops_models.errors import GmError
from gitops_models.errors.unforeseen import unforeseen
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from gitops_models.store.repository import Store
    from gitops_models.trust.ledger import Ledger
    from gitops_models.trust.memory import Memory
    from gitops_models.verification.checkpoints import Checkpoints
    from gitops_models.verification.history import History

AHEAD_OF_THE_LINE = "GM-T610"


@dataclass(frozen=True)
class Waypointed:
    """A history and what the checkpoints say of it."""

    history: History
    checkpoints: Checkpoints


@dataclass(frozen=True)
class Followed:
    """A history to reconcile to, and why it is not the newest one where the newest could not be had.

    ``notes`` say what is no problem and ought to be known, such as where rollback protection begins, ``troubles`` what
    is wrong at places that were not followed.
    """

    history: History
    problem: GmError | None = None
    notes: tuple[str, ...] = ()
    troubles: tuple[tuple[str, GmError], ...] = ()


class Follower:
    """Folds one line of one mirror; where neither tip nor ledger moved, the last history is given again.

    ``checkpoints`` is the fingerprint of a key: without memory and pin, its newest checkpoint is the beginning.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        *,
        line: str,
        pin: str | None,
        clock: Callable[[], datetime],
        checkpoints: str | None = None,
        upstreams: Upstreams | None = None,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._line = line
        self._pin = pin
        self._clock = clock
        self._checkpoints = checkpoints
        self._upstreams = upstreams or Upstreams(store, ledger, line)
        self._last: tuple[object, Waypointed] | None = None
        self._good: History | None = None
        self._notes: tuple[str, ...] = ()

    def __call__(self) -> Followed:
        """Return the history at the remote's tip, or the last accepted one and what stood in the way.

        A remote that is away or was rewritten must not stop the healing of what is served (fail static), and neither
        must content that nobody foresaw. The problem is GM-T600 where the line no longer holds what was accepted
        before, GM-T501 for another repository, GM-T602 for an older policy, GM-T610 or GM-T615 where a checkpoint
        speaks against the line or ledger, GM-T616 (STALE) where the policy wants a newer checkpoint, GM-C001 for an
        error of ours, GM-C003 for one of this machine, or what fetching and folding raise; it is raised where nothing
        was accepted before, GM-T502 where there is no pin, GM-R410 where no checkpoint can stand for one.
        """
        self._notes = ()
        try:
            return self._followed(self._newest())
        except GmError as error:
            return self._followed(self._accepted_before(error), error)
        except Exception as error:  # noqa: BLE001 - whatever somebody pushed, what is served goes on being healed
            problem = unforeseen(error, what="the newest history cannot be judged")
            return self._followed(self._accepted_before(problem), problem)

    def _followed(self, history: History, problem: GmError | None = None) -> Followed:
        found = self._upstreams
        return Followed(history, problem, (*self._notes, *found.notes), found.troubles)

    def _newest(self) -> History:
        try:
            return self._look()
        except GmError as error:
            if error.code != AHEAD_OF_THE_LINE:
                raise
            # Line and ledger are fetched one after the other: a step and its checkpoint may have landed in between.
            return self._look()

    def _look(self) -> History:
        from gitops_models.verification.checkpoints import staleness  # noqa: PLC0415 - loads the judge

        tip = self._upstreams.newest(self._remembered(), self._brings)
        key = (tip, tuple(sorted(self._ledger.tips().items())), self._upstreams.shown)
        if self._last is None or self._last[0] != key:
            self._last = (key, self._fold(tip))
        found = self._last[1]
        stale = staleness(found.checkpoints.newest, found.history.policy.max_staleness_minutes, self._clock())
        if stale is not None:
            raise stale.error()
        self._keep(found.history)
        self._good = found.history
        return found.history

    def _remembered(self) -> str | None:
        memory = self._memory()
        return memory.accepted if memory is not None and self._pin in (None, memory.pin.commit) else None

    def _brings(self, tip: str, first: str) -> bool:
        """Whether something is accepted on the line of ``tip`` that the line of ``first`` has not.

        It is yes or no and never a count, which whoever holds a key could raise. What cannot be judged brings nothing:
        nobody without a key may bar the other places.
        """
        from gitops_models.store.history import on_first_parent_line  # noqa: PLC0415 - loads pygit2

        try:
            steps = self._fold(tip).history.steps
        except Exception:  # noqa: BLE001 - whatever somebody pushed to one place must not bar the others
            return False
        accepted = (step.released or step.oid for step in reversed(steps) if step.status == "accepted")
        return any(not on_first_parent_line(self._store, oid, first) for oid in accepted)

    def _accepted_before(self, error: GmError) -> History:
        from gitops_models.verification.fold import fold  # noqa: PLC0415 - loads the judge

        memory = self._memory()
        if memory is None or memory.accepted is None or self._pin not in (None, memory.pin.commit):
            raise error
        if self._good is not None and self._good.tip == memory.accepted:
            return self._good
        try:
            pin, tip = memory.pin.commit, memory.accepted
            now, undecided = self._clock(), memory.undecided
            history = fold(self._store, pin=pin, tip=tip, ledger=self._ledger, now=now, undecided=undecided)
            memory.refuse_older_policy(history.policy.version)  # else what the ledger lost would be undone here
        except Exception:  # noqa: BLE001 - the first problem is the one to solve
            raise error from None
        return history

    def _fold(self, tip: str) -> Waypointed:
        from gitops_models.verification.checkpoints import judge_checkpoints  # noqa: PLC0415 - loads the judge
        from gitops_models.verification.fold import fold, steps_after  # noqa: PLC0415 - as above

        memory = self._memory()
        pin = self._pin or (memory.pin.commit if memory else None) or self._beginning(tip)
        if memory is not None and memory.accepted is not None and memory.pin.commit == pin:
            steps_after(self._store, memory.accepted, tip)
        undecided = memory.undecided if memory is not None and memory.pin.commit == pin else {}
        now = self._clock()
        history = fold(self._store, pin=pin, tip=tip, ledger=self._ledger, now=now, undecided=undecided)
        held = judge_checkpoints(self._store, history, self._ledger.checkpoints(), now=self._clock())
        held.refuse()
        return Waypointed(history, held)

    def _beginning(self, tip: str) -> str:
        """Where a reader begins that has neither memory nor pin: the newest checkpoint of the key it was told."""
        from gitops_models.store.history import walk_first_parents  # noqa: PLC0415 - loads pygit2
        from gitops_models.trust.records import Checkpoint  # noqa: PLC0415 - loads pydantic

        if self._checkpoints is None:
            raise GmError("GM-T502", "this reconciler has no pin: nothing says which history to trust")
        known = [record for record in self._ledger.checkpoints() if record.fingerprint == self._checkpoints]
        made = [
            record.body for record in known if isinstance(record.body, Checkpoint) and record.body.line == self._line
        ]
        if not made:
            raise GmError("GM-R410", f"there is no checkpoint by {self._checkpoints} to begin from", where=self._line)
        line = set(walk_first_parents(self._store, tip))
        # A key may speak for several repositories. Which is this one, a checkpoint on this line says: gm.yaml at the
        # tip is anybody's who pushes.
        ours = {one.repository for one in made if one.main in line}
        newest = max((one for one in made if not ours or one.repository in ours), key=lambda one: one.made_at)
        if newest.main not in line:
            what = f"the newest checkpoint names {newest.main[:12]}, which the line of {tip[:12]} does not hold"
            raise GmError("GM-T610", what, where=newest.main)
        return newest.main

    def _keep(self, history: History) -> None:
        from gitops_models.trust.memory import save_memory  # noqa: PLC0415 - loads pydantic

        memory = self._memory()
        if memory is not None and memory.pin.commit == history.pin:
            memory.refuse_older_policy(history.policy.version)
        if memory is None or memory.accepted is None:
            self._notes = (f"nothing was remembered: rollback protection begins at {history.tip}",)
        seen = self._remember(memory, history, history.pin)
        if seen != memory:
            save_memory(self._path, seen)

    def _memory(self) -> Memory | None:
        from gitops_models.trust.memory import load_memory  # noqa: PLC0415 - loads pydantic

        return load_memory(self._path, line=self._line)

    @property
    def _path(self) -> Path:
        from gitops_models.trust.memory import memory_path  # noqa: PLC0415 - loads pydantic

        return memory_path(self._store.common_dir)

    def _remember(self, memory: Memory | None, history: History, pin: str) -> Memory:
        from gitops_models.trust.memory import Memory, Pin  # noqa: PLC0415 - loads pydantic

        repository = history.repository.id
        if memory is None:
            memory = Memory(repository=repository, line=self._line, pin=Pin(commit=pin))
        if memory.repository != repository:
            raise GmError("GM-T501", f"remembered repository {memory.repository!r}, but this is {repository!r}")
        if memory.pin.commit != pin:
            memory = memory.repinned(pin, "the pin in the reconciler's file changed", at=format_time(self._clock()))
        seen = memory.looked(history.tip, undecided=history.undecided, decided=history.decided)
        return seen.advanced(history.tip, policy_version=history.policy.version)
