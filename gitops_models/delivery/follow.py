"""Follow a protected branch in the reconciler's mirror: fetch, compare with memory, fold, remember."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_models.delivery.mirror import fetch_line
from gitops_models.errors import GmError

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_models.store.repository import Store
    from gitops_models.trust.ledger import Ledger
    from gitops_models.trust.memory import Memory
    from gitops_models.verification.history import History


@dataclass(frozen=True)
class Followed:
    """A history to reconcile to, and why it is not the newest one where the newest could not be had."""

    history: History
    problem: GmError | None = None


class Follower:
    """Folds one line of one mirror; where neither tip nor ledger moved, the last history is given again."""

    def __init__(self, store: Store, ledger: Ledger, *, line: str, pin: str | None) -> None:
        self._store = store
        self._ledger = ledger
        self._line = line
        self._pin = pin
        self._last: tuple[object, History] | None = None

    def __call__(self) -> Followed:
        """Return the history at the remote's tip, or the last accepted one and what stood in the way.

        A remote that is away or was rewritten must not stop the healing of what is served (fail static), and neither
        must content that nobody foresaw. The problem is GM-T600 where the line no longer holds what was accepted
        before, GM-T501 for another repository, GM-C001 for an error of ours, or what fetching and folding raise; it is
        raised where nothing was accepted before, GM-T502 where there is no pin.
        """
        try:
            return Followed(self._newest())
        except GmError as error:
            return Followed(self._accepted_before(error), error)
        except Exception as error:  # noqa: BLE001 - whatever somebody pushed, what is served goes on being healed
            problem = GmError("GM-C001", f"the newest history cannot be judged: {type(error).__name__}: {error}")
            return Followed(self._accepted_before(problem), problem)

    def _newest(self) -> History:
        tip = fetch_line(self._store, self._line)
        self._ledger.fetch()
        key = (tip, tuple(sorted(self._ledger.tips().items())))
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        history = self._fold(tip)
        self._last = (key, history)
        return history

    def _accepted_before(self, error: GmError) -> History:
        from gitops_models.verification.fold import fold  # noqa: PLC0415 - loads the judge

        memory = self._memory()
        if memory is None or memory.accepted is None or self._pin not in (None, memory.pin.commit):
            raise error
        if self._last is not None and self._last[1].tip == memory.accepted:
            return self._last[1]
        try:
            return fold(self._store, pin=memory.pin.commit, tip=memory.accepted, ledger=self._ledger)
        except Exception:  # noqa: BLE001 - the first problem is the one to solve
            raise error from None

    def _fold(self, tip: str) -> History:
        from gitops_models.trust.memory import save_memory  # noqa: PLC0415 - loads pydantic
        from gitops_models.verification.fold import fold, steps_after  # noqa: PLC0415 - loads the judge

        memory = self._memory()
        pin = self._pin or (memory.pin.commit if memory else None)
        if pin is None:
            raise GmError("GM-T502", "this reconciler has no pin: nothing says which history to trust")
        if memory is not None and memory.accepted is not None and memory.pin.commit == pin:
            steps_after(self._store, memory.accepted, tip)
        history = fold(self._store, pin=pin, tip=tip, ledger=self._ledger)
        save_memory(self._path, self._remember(memory, history, pin))
        return history

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
            memory = memory.repinned(pin, "the pin in the reconciler's file changed")
        return memory.advanced(history.tip)
