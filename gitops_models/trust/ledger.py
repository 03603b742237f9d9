"""Writing to the ledger: decisions, acceptances and deployments, on refs that others write at the same time.

Rules (TRUST.md section 3): one ref per change (``refs/gm/changes/<change id>``) or target. Appending is a push on the
remembered tip with a lease; the ref is fetched only when that is refused, and the wait between attempts is jittered.
A record lies in the outbox before it is pushed; when the remote is away it stays and the next append takes it.
"""

import random
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.store.objects import Ident
from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.store.repository import Store
from gitops_models.trust.chain import extend, is_commit
from gitops_models.trust.ledgerrefs import CHECKPOINTS, DRILLS, changes_topic, deployments_topic
from gitops_models.trust.ledgerview import LedgerView, Rewritten
from gitops_models.trust.records import Record

if TYPE_CHECKING:
    from gitops_models.trust.signing import Signer

__all__ = ["Appended", "Ledger", "Rewritten", "Scribe"]

ATTEMPTS = 12
_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 1.0
_STALE = frozenset({"GM-S101", "GM-S102", "GM-S204", "GM-S209"})
_AWAY = frozenset({"GM-S201", "GM-S210"})
_REFUSED = "GM-S203"
_NOT_THERE = "GM-S207"


@dataclass(frozen=True)
class Scribe:
    """Who writes chain commits, and how the writer waits: ``now`` in seconds since 1970, ``jitter`` in [0, 1).

    Without a ``signer`` they are not signed; nobody reads their signatures, because each record has its own.
    """

    signer: "Signer | None"
    name: str
    email: str
    now: Callable[[], float] = time.time
    pause: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    @property
    def ident(self) -> Ident:
        """The committer of a chain commit made now."""
        return Ident(self.name, self.email, int(self.now()))


@dataclass(frozen=True)
class Appended:
    """What became of an append: the new tip, or ``waiting`` in the outbox with the reason why."""

    tip: str | None
    waiting: GmError | None = None


class Ledger(LedgerView):
    """The ledger with a writer. Without a ``scribe`` it can read and fetch only.

    ``address`` is where the remote is reached when its name is not configured in Git (a reconciler's URLs).
    """

    def __init__(
        self, store: Store, remote: str | None = None, *, scribe: Scribe | None = None, address: str | None = None
    ) -> None:
        super().__init__(store, remote)
        self._address = address or remote
        self._scribe = scribe

    def prepare(self, change_id: str, *records: Record) -> RefUpdate | None:
        """Write the commits that add ``records`` and return the move of the ref, for the caller to push.

        None when the remote already has them all. After the push call ``pushed``. Raises GM-T404 when this ledger was
        opened without a scribe.
        """
        return self._prepare(changes_topic(change_id), records)

    def append(self, change_id: str, record: Record) -> Appended:
        """Add one record to a change, and everything that still waits in the outbox.

        An unreachable remote is no error: the record waits. Raises what the remote's refusal raises (GM-S203, exit 3;
        the record is then set aside), GM-T401 when the ref kept moving.
        """
        return self._append(changes_topic(change_id), record)

    def append_deployment(self, target: str, record: Record) -> Appended:
        """Add one deployment record, as ``append`` does."""
        return self._append(deployments_topic(target), record)

    def append_checkpoint(self, record: Record) -> Appended:
        """Add one checkpoint, as ``append`` does."""
        return self._append(CHECKPOINTS, record)

    def append_drill(self, record: Record) -> Appended:
        """Add one record of a rehearsal, as ``append`` does."""
        return self._append(DRILLS, record)

    def flush(self, *, first: str = "") -> dict[str, str | None]:
        """Push everything that waits, the topic ``first`` before others; return the tip of each that had something."""
        topics = sorted(self.outbox.topics(), key=lambda topic: (topic != first, topic))
        return {topic: self._flush_topic(topic) for topic in topics}

    def pushed(self, update: RefUpdate) -> None:
        """Note that the remote took ``update``, also when it was pushed together with other refs."""
        topic = update.name.removeprefix(self.names.shared(""))
        fetched = self.names.fetched(topic)
        if self.remote:
            update_refs(self.store, [RefUpdate(fetched, update.new, self.store.ref(fetched))], "gm: ledger pushed")
        self.refresh()
        self.remember_seen()

    def fetch(self, listed: Mapping[str, str] | None = None) -> None:
        """Bring what the remote shows here and remember it; a ref that is gone there is gone from the view of it.

        One listing when nothing is new, none where somebody ``listed`` its refs just now. Raises the store's GM-S2xx
        when the remote cannot be reached.
        """
        if self._address is None:
            return
        from gitops_models.store.transport import fetch, ls_remote  # noqa: PLC0415 - only to reach a remote

        ours = self.names.shared("")
        there = (
            ls_remote(self.store, self._address, self.names.shared("*"))
            if listed is None
            else {name: oid for name, oid in listed.items() if name.startswith(ours)}
        )
        known = {self.names.shared(topic): tip for topic, tip in self.tips().items()}
        if there.items() - known.items():
            fetch(self.store, self._address, [self.names.refspec])
        self._forget(name.removeprefix(self.names.shared("")) for name in known.keys() - there.keys())
        self.remember_seen()

    def restore(self) -> tuple[Rewritten, ...]:
        """Push back every record that the remote lost; return what was restored.

        Where the remote only lost the end of a chain, or all of it, it gets the very commits back; else the records
        are added anew, which needs a scribe (GM-T404). Raises what the remote's refusal raises.
        """
        findings = self.rewritten()
        for finding in findings:
            self._give_back(finding)
        return findings

    def _give_back(self, finding: Rewritten) -> None:
        topic = finding.ref.removeprefix(self.names.shared(""))
        if finding.whole is not None:
            update = RefUpdate(finding.ref, finding.whole, self.tip(topic))
            try:
                self._move(update)
            except GmError as error:
                if error.code not in _STALE:
                    raise
                self._look_again(topic)  # somebody else wrote there meanwhile: what is still lost is added to that
            else:
                self.pushed(update)
                return
        self._writer()
        for record in finding.lost:
            self.outbox.put(topic, record)
        self._flush_topic(topic)

    def _prepare(self, topic: str, records: tuple[Record, ...]) -> RefUpdate | None:
        scribe = self._writer()
        tip = self.tip(topic)
        there = {record.sha256 for record in self._reader.read([tip] if tip else []).records}
        missing = [record for record in records if record.sha256 not in there]
        if not missing:
            return None
        # A ref that somebody pointed at something else than a commit is begun anew; what was seen stays in the union.
        base = tip if tip and is_commit(self.store, tip) else None
        new = extend(self.store, base, missing, scribe.signer, scribe.ident)
        return RefUpdate(self.names.shared(topic), new, tip)

    def _append(self, topic: str, record: Record) -> Appended:
        self.outbox.put(topic, record)
        try:
            tips = self.flush(first=topic)
        except GmError as error:
            if error.code not in _AWAY:
                raise
            return Appended(None, error)
        return Appended(tips.get(topic))

    def _flush_topic(self, topic: str) -> str | None:
        waiting = self.outbox.waiting(topic)
        try:
            tip = self._push(topic, waiting)
        except GmError as error:
            # What the remote will never take must not stand in the way of everything after it.
            if error.code == _REFUSED:
                self.outbox.set_aside(topic, waiting)
            raise
        self.outbox.drop(topic, waiting)
        return tip

    def _push(self, topic: str, records: tuple[Record, ...]) -> str | None:
        for attempt in range(ATTEMPTS):
            update = self._prepare(topic, records)
            if update is None:
                return self.tip(topic)
            try:
                self._move(update)
            except GmError as error:
                if error.code not in _STALE:
                    raise
                self._wait(attempt)
                self._look_again(topic)
                continue
            self.pushed(update)
            return update.new
        raise GmError("GM-T401", f"{self.names.shared(topic)} moved {ATTEMPTS} times while a record was added")

    def _move(self, update: RefUpdate) -> None:
        if self._address is None:
            update_refs(self.store, [update], "gm: ledger")
            return
        from gitops_models.store.transport import push  # noqa: PLC0415 - only to reach a remote

        push(self.store, self._address, [update])

    def _look_again(self, topic: str) -> None:
        self.refresh()
        if self._address is None:
            return
        from gitops_models.store.transport import fetch  # noqa: PLC0415 - only to reach a remote

        try:
            fetch(self.store, self._address, [f"+{self.names.shared(topic)}:{self.names.fetched(topic)}"])
        except GmError as error:
            if error.code != _NOT_THERE:
                raise
            self._forget([topic])
        self.refresh()

    def _forget(self, topics: Iterable[str]) -> None:
        names = (self.names.fetched(topic) for topic in topics)
        updates = [RefUpdate(name, None, tip) for name in names if (tip := self.store.ref(name))]
        update_refs(self.store, updates, "gm: gone at the remote")
        self.refresh()

    def _wait(self, attempt: int) -> None:
        longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)
        scribe = self._writer()
        scribe.pause(longest * scribe.jitter())

    def _writer(self) -> Scribe:
        if self._scribe is None:
            raise GmError("GM-T404", "nobody to sign the ledger's commits")
        return self._scribe
