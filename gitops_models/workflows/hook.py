"""The server's door: the judge inside a bare repository, before any ref moves (FORGE.md).

Fails closed: what cannot be judged is refused. It moves no ref and remembers no tip that it judges, because that push
may still fail; what the line amounts to before the push is kept as any clone keeps it. Refusals go to a log.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, cast

from gitops_models.errors import GmError
from gitops_models.forge.base import BRANCHES, parse_branch
from gitops_models.registry.names import parse_tag
from gitops_models.registry.text import visible
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass
from gitops_models.store.history import first_parents, on_first_parent_line
from gitops_models.store.repository import Store
from gitops_models.trust.chain import is_chain, is_commit, speaks_on
from gitops_models.trust.ledgerrefs import is_ledger_ref
from gitops_models.trust.memory import load_memory, memory_path
from gitops_models.trust.records import Acceptance, Receipt
from gitops_models.verification.history import LANDS
from gitops_models.workflows.doorledger import PushedLedger
from gitops_models.workflows.doorlog import log_refusals
from gitops_models.workflows.doortimes import untimely

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gitops_models.policy.verdict import Verdict
    from gitops_models.registry.documents import People
    from gitops_models.trust.memory import Memory
    from gitops_models.verification.history import History, Step
    from gitops_models.workflows.clock import Clock

ZERO = "0" * 40
DEPTH = 2  # refs/<kind>/<name>
_PLAIN = re.compile(r"[\x21-\x7e]+")
PRIVATE = ("refs/gm-seen/", "refs/gm-remote/", "refs/gm-tags/", "refs/gm-lines/")


@dataclass(frozen=True)
class Moved:
    """One ref of a push: ``old`` or ``new`` is None where the ref is made or deleted."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Judgement:
    """What the door says: ``refusals`` (empty lets the push in) and ``notes`` for the pusher."""

    refusals: tuple[GmError, ...]
    notes: tuple[str, ...] = ()


def parse_updates(lines: Iterable[str]) -> list[Moved]:
    """The ref updates of a push as git hands them to pre-receive: ``<old> <new> <ref>`` per line (githooks(5))."""
    updates = []
    for line in lines:
        old, new, name = line.rstrip("\n").split(" ", 2)
        updates.append(Moved(name, None if old == ZERO else old, None if new == ZERO else new))
    return updates


def pre_receive(git_dir: Path, updates: list[Moved], clock: Clock) -> Judgement:
    """Judge a push. Raises only what means that the repository itself cannot be judged; callers refuse then too."""
    store = Store.open(git_dir)
    if misnamed := tuple(filter(None, map(_misnamed, updates))):
        log_refusals(store, misnamed, clock)
        return Judgement(misnamed)
    memory = load_memory(memory_path(store.common_dir))
    if memory is None:
        return _unpinned(store, updates)
    if overtaken := _overtaken(store, updates):
        return Judgement((overtaken,))
    door = _Door(store, memory, updates, clock)
    refusals = tuple(refusal for update in updates for refusal in door.refusals(update))
    if refusals and (overtaken := _overtaken(store, updates)):
        return Judgement((overtaken,))
    if refusals:
        log_refusals(store, refusals, clock)
    return Judgement(refusals)


def _misnamed(update: Moved) -> GmError | None:
    """Refuse names that some reader takes for another, and names where Git wants the directory of others to be."""
    if update.new is None:
        return None  # what slipped in before may always go
    if _PLAIN.fullmatch(update.name) is None:
        return GmError("GM-F311", "a ref is named in printable ASCII", where=visible(update.name))
    folder = f"{update.name}/".startswith(BRANCHES)
    if update.name.count("/") < DEPTH or (folder and parse_branch(update.name, update.new) is None):
        return GmError("GM-F309", "a ref of this name would stand in the way of others", where=update.name)
    return None


def _overtaken(store: Store, updates: list[Moved]) -> GmError | None:
    """Say so where a ref moved since the pusher saw it: git would refuse the push, and it is no offence."""
    for update in updates:
        if store.ref(update.name) != update.old:
            return GmError("GM-F310", f"{update.name} moved while this push was under way", where=update.name)
    return None


def _unpinned(store: Store, updates: list[Moved]) -> Judgement:
    """Before there is a pin only the push that makes the first branch comes in."""
    if store.refs("refs/heads/"):
        return Judgement((GmError("GM-F301", "this server has no pin yet, so nothing can be judged"),))
    names = ", ".join(update.name for update in updates)
    return Judgement((), (f"first push ({names}) let in unjudged: now run `gm -C {store.git_dir} trust pin` here",))


class _Door:
    def __init__(self, store: Store, memory: Memory, updates: list[Moved], clock: Clock) -> None:
        self.store = store
        self.memory = memory
        self.clock = clock
        proposed = {update.name: update.new for update in updates if update.new}
        self.ledger = PushedLedger(store, proposed)
        self.line = f"refs/heads/{memory.line}"
        self.moved = {update.name: update for update in updates}
        self.folded: dict[str, History] = {}

    def refusals(self, update: Moved) -> Iterator[GmError]:
        """Why one ref may not move; what cannot be read is refused with the reader's own code."""
        try:
            yield from self._judge(update)
        except GmError as error:
            yield error

    def _judge(self, update: Moved) -> Iterator[GmError]:
        if update.name == self.line:
            yield from self._line(update)
        elif update.name.startswith("refs/gm/"):
            yield from self._ledger(update)
        elif parse_tag(update.name.removeprefix("refs/tags/").split("/")[0]):
            yield from self._tag(update)
        elif update.name.startswith(PRIVATE):
            yield GmError("GM-F309", "what a clone has seen is its own and is not pushed", where=update.name)
        elif update.name.startswith("refs/replace/"):
            yield GmError("GM-S006", "replacement refs are never taken", where=update.name)

    def _line(self, update: Moved) -> Iterator[GmError]:
        if update.new is None or update.old is None:
            yield GmError("GM-F302", "the protected branch is never deleted or begun anew", where=update.name)
            return
        before, after = self._history(update.old), self._history(update.new)
        for step in after.steps:
            if step.index > before.length:
                yield from self._step(step, after.people)

    def _step(self, step: Step, people: People) -> Iterator[GmError]:
        # The door is who sees it live: soak, freeze, training and rates deny here, beside whatever else does.
        seen = step.verdict.seen_live() if step.verdict is not None else None
        if step.status not in LANDS or (seen is not None and not seen.allowed):
            yield _refused(cast("Verdict", seen))
            return
        now = self.clock.now()
        why = untimely(step.at, now, lambda: (step, people)) if step.at and step.change_id else None
        if why and step.at:
            said = f"step {step.oid[:12]} says it was accepted at {format_time(step.at)}"
            yield GmError("GM-F303", f"{said}, here it is {format_time(now)}: {why}", where=step.oid)

    def _ledger(self, update: Moved) -> Iterator[GmError]:
        if update.new is None:
            yield GmError("GM-F304", "the ledger is append only: this ref is never deleted", where=update.name)
        elif not is_ledger_ref(update.name) or not is_commit(self.store, update.new):
            # A ref like this would stand in the way of the real one for ever: it could not be rewound.
            yield GmError("GM-F309", "the ledger has no such ref, or what it points to is no chain", where=update.name)
        elif update.old is not None and not on_first_parent_line(self.store, update.old, update.new):
            yield GmError("GM-F304", "the ledger is append only: this push drops records", where=update.name)
        else:
            yield from self._links(update, update.new)
            yield from self._acceptances(update, update.new)
            yield from self._checkpoints(update, update.new)

    def _links(self, update: Moved, new: str) -> Iterator[GmError]:
        """Each commit that is added is one link with one record of this ref, so that no push can change the order."""
        topic = update.name.removeprefix("refs/gm/")
        if not is_chain(topic):
            return
        for oid in first_parents(self.store, new, stop=update.old):
            try:
                fits = speaks_on(topic, self.ledger.reader.added(self.store.commit(oid)))
            except GmError as error:
                yield GmError("GM-F304", f"a link of the chain is no record: {error.message}", where=update.name)
                return
            if not fits:
                yield GmError("GM-F304", f"the record of {oid[:12]} belongs on another ref", where=update.name)
                return

    def _acceptances(self, update: Moved, new: str) -> Iterator[GmError]:
        """Each acceptance that is added speaks of now: of this hour, and of the line as it is before this push."""
        now, tip = self.clock.now(), self.store.ref(self.line)
        for record in self.ledger.added(update.old, new):
            if not isinstance(record.body, Acceptance | Receipt):
                continue
            if not self._lands(record.body.merge):
                message = f"an acceptance speaks of {record.body.merge[:12]}, which is no step of the line"
                yield GmError("GM-F308", message, where=update.name)
            brought = partial(self._brought, record.body.merge)
            if why := untimely(record.body.accepted_at, now, brought, signer=record.fingerprint):
                message = f"an acceptance says {record.body.at}, here it is {format_time(now)}: {why}"
                yield GmError("GM-F303", message, where=update.name)
            elif record.main != tip and not (isinstance(record.body, Receipt) and self._lands(record.main)):
                message = f"an acceptance was made at {record.main[:12]}, the line is at {(tip or ZERO)[:12]}"
                yield GmError("GM-F308", message, where=update.name)

    def _brought(self, oid: str) -> tuple[Step, People] | None:
        """The step with this id and the people after the push, if it is this push that brings it to the line."""
        before, after = self.store.ref(self.line), self._tip_after
        if before is None or after is None or on_first_parent_line(self.store, oid, before):
            return None
        history = self._history(after)
        return next(((step, history.people) for step in history.steps if step.oid == oid), None)

    def _checkpoints(self, update: Moved, new: str) -> Iterator[GmError]:
        made = [record for record in self.ledger.added(update.old, new) if record.kind == "checkpoint"]
        tip = self.store.ref(self.line)
        if made and tip is not None:
            from gitops_models.verification.checkpoints import unwelcome  # noqa: PLC0415 - as in _history

            yield from unwelcome(self.store, self._history(tip), made, self.clock.now())

    def _lands(self, merge: str) -> bool:
        """Whether a step is on the line once this push is in: an acceptance kept for later could not be refused."""
        tip = self._tip_after
        return tip is not None and on_first_parent_line(self.store, merge, tip)

    @property
    def _tip_after(self) -> str | None:
        pushed = self.moved.get(self.line)
        return pushed.new if pushed and pushed.new else self.store.ref(self.line)

    def _tag(self, update: Moved) -> Iterator[GmError]:
        name = update.name.removeprefix("refs/tags/")
        if update.new is None or update.old is not None:
            yield GmError("GM-F305", f"version tag {name} is never moved or deleted", where=update.name)
            return
        tip = self._tip_after
        if tip is None:
            return
        from gitops_models.verification.admission import good_tag_target  # noqa: PLC0415 - as in _history

        history = self._history(tip)
        registration = history.state.registered.get(parse_tag(name) or ("", ""))
        target = good_tag_target(self.store, history, name, update.new)
        if registration is None or target != registration.step:
            yield GmError(
                "GM-F306", f"version tag {name} is not a signed tag on the registering step", where=update.name
            )

    def _history(self, tip: str) -> History:
        """What the line amounts to at ``tip``; before the push it is folded once, from what is kept.

        Before the push only records that are here count: what is kept must not rest on a push that may still fail.
        """
        from gitops_models.verification.cache import cache_path, save_prefix  # noqa: PLC0415 - an approval needs no judge
        from gitops_models.verification.fold import fold  # noqa: PLC0415 - as above

        if tip not in self.folded:
            here, pin, now = self.store.ref(self.line), self.memory.pin.commit, self.clock.now()
            known = self._kept(tip) if tip == here or here is None else self._history(here)
            ledger = PushedLedger(self.store, {}) if tip == here else self.ledger
            self.folded[tip] = fold(self.store, pin=pin, tip=tip, ledger=ledger, known=known, now=now)
            if tip == here and (known is None or known.tip != tip):
                save_prefix(cache_path(self.store.common_dir), self.folded[tip])
        return self.folded[tip]

    def _kept(self, tip: str) -> History | None:
        from gitops_models.verification.cache import cache_path, load_prefix  # noqa: PLC0415 - as in _history

        known = load_prefix(cache_path(self.store.common_dir), self.store, self.memory.pin.commit)
        return known if known and on_first_parent_line(self.store, known.tip, tip) else None


def _refused(verdict: Verdict) -> GmError:
    """What the judge says of a step that is not accepted: a missing acceptance is one of its denials (GM-P404)."""
    from gitops_models.policy.denied import Denied  # noqa: PLC0415 - only refusals need it

    return Denied(verdict)
