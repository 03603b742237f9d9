"""The pin of a clone or server: the commit that is trusted because a person said so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.quorums import unreachable_quorums
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass
from gitops_models.store.repository import Store
from gitops_models.trust.ledger import Ledger
from gitops_models.trust.memory import Memory, Pin, load_memory, memory_path, save_memory, update_memory
from gitops_models.verification.fold import begin, fold
from gitops_models.workflows.session import default_remote, first_governed, guess_line
from gitops_models.workflows.sync import go_online, line_ref

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_models.verification.history import History
    from gitops_models.workflows.clock import Clock


@dataclass(frozen=True)
class Pinned:
    """The pin in force and whether this call set it."""

    commit: str
    repository: str
    line: str
    fresh: bool


def pin(path: Path, revision: str | None) -> Pinned:
    """Pin a clone: ``revision``, or the first governed commit of the line; pinning the same again changes nothing.

    Raises GM-C149 where another pin stands, GM-C114 after steps that were not accepted, and GM-C113 where the policy's
    quorums cannot be met at the pin.
    """
    store = Store.discover(path)
    memory = load_memory(memory_path(store.common_dir))
    if memory is not None:
        return _again(store, memory, revision)
    line, tip = _tip(store)
    commit = store.resolve(revision) if revision else first_governed(store, tip)
    history = begin(store, commit)
    refuse_unreachable(history)
    _refuse_unsettled(store, commit)
    fresh = Memory(repository=history.repository.id, line=history.repository.line, pin=Pin(commit=commit))
    save_memory(memory_path(store.common_dir), fresh)
    return Pinned(commit, history.repository.id, line, fresh=True)


def repin(path: Path, revision: str, reason: str, clock: Clock) -> Pinned:
    """Begin a new epoch at ``revision``; the audit shows the old pin for ever. GM-T502 where there was none."""
    store = Store.discover(path)
    commit = store.resolve(revision)
    history = begin(store, commit)

    def turn(memory: Memory | None) -> Memory:
        if memory is None:
            raise GmError("GM-T502", "there is no pin to replace")
        return memory.repinned(commit, reason, at=format_time(clock.now()))

    memory = update_memory(memory_path(store.common_dir), turn)
    return Pinned(commit, history.repository.id, memory.line, fresh=True)


def refuse_unreachable(history: History, hint: str | None = None) -> None:
    """Refuse a pin at which a quorum in use cannot be met by distinct people other than one author (GM-C113)."""
    accepted = history.state.snapshot
    models = [accepted.model(name) for name in accepted.models()]
    problems = unreachable_quorums(history.policy, history.people, models, None)
    if problems:
        message = f"the people there are cannot meet the quorum for {problems[0]}"
        raise GmError("GM-C113", message, where="policies/people.yaml", hint=hint, details=problems[1:])


def _refuse_unsettled(store: Store, commit: str) -> None:
    """Refuse a pin after steps that were not accepted (GM-C114).

    A reader who begins there could not know what was accepted before, and would find other anchors than everybody else.
    """
    first = first_governed(store, commit)
    ledger = Ledger(store, default_remote(store))
    history = fold(store, pin=first, tip=commit, ledger=ledger, now=None)
    unsettled = [step for step in history.steps if step.status not in {"accepted", "untouched"} or step.released]
    if unsettled:
        step = unsettled[-1]
        raise GmError(
            "GM-C114",
            f"step {step.oid[:12]} before this commit was {step.status}: pin {first[:12]}, the first governed commit",
            where=step.oid,
            hint=f"gm trust pin {first}",
        )


def _again(store: Store, memory: Memory, revision: str | None) -> Pinned:
    wanted = store.resolve(revision) if revision else memory.pin.commit
    if wanted != memory.pin.commit:
        raise GmError("GM-C149", f"this clone is pinned to {memory.pin.commit}", where=wanted)
    return Pinned(wanted, memory.repository, memory.line, fresh=False)


def _tip(store: Store) -> tuple[str, str]:
    remote = default_remote(store)
    line = guess_line(store, remote)
    if remote:
        go_online(store, remote, line)
    tip = store.ref(line_ref(remote, line)) or store.ref(line_ref(None, line))
    if tip is None:
        raise GmError("GM-C110", f"there is no branch {line} here", where=str(store.git_dir))
    return line, tip
