"""The ledger as one clone sees it: the union of what it has seen, fetched and made.

A ref that lost a record it once had is reported (``LEDGER_REWRITTEN``), not believed, and not fatal. Whose keys signed
is not asked here; see ``opinions.py`` and the verification layer.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.store.history import on_first_parent_line
from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.store.repository import Store
from gitops_models.trust.chain import Chain, ChainReader, is_commit
from gitops_models.trust.deployments import RECENT
from gitops_models.trust.ledgerrefs import (
    CHANGES,
    CHECKPOINTS,
    DRILLS,
    LedgerNames,
    changes_topic,
    deployments_topic,
    is_change_id,
)
from gitops_models.trust.outbox import Outbox
from gitops_models.trust.records import Checkpoint, Drill, Record

__all__ = ["LedgerView", "Rewritten"]

RECENT_DRILLS = 64
"""Links of their chain that are looked through for rehearsals."""


@dataclass(frozen=True)
class Rewritten:
    """A ref at the remote that no longer holds records it once held (finding LEDGER_REWRITTEN).

    ``whole`` is a tip that was seen, holds all that was lost and continues what is there.
    """

    ref: str
    lost: tuple[Record, ...]
    code: str = "GM-T400"
    whole: str | None = None


class LedgerView:
    """Reads the ledger of ``remote`` (a remote's name), or of this repository itself when it is None.

    Refs are listed once; call ``refresh`` after a fetch made elsewhere. A topic is ``changes/<id>`` or
    ``deployments/<target>``.
    """

    def __init__(self, store: Store, remote: str | None = None) -> None:
        self.store = store
        self.remote = remote
        self.names = LedgerNames(remote)
        self.outbox = Outbox.of(store.common_dir, remote)
        self._reader = ChainReader(store)

    def refresh(self) -> None:
        """Forget where refs were, and look again when next asked."""
        self.__dict__.pop("_tips", None)

    @cached_property
    def _tips(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """Tips by prefix and topic; a diverged tip stands under the topic it diverged from."""
        found: dict[str, dict[str, tuple[str, ...]]] = {prefix: {} for prefix in self.names.prefixes}
        for name, tip in self.store.refs(*found).items():
            prefix = next(prefix for prefix in found if name.startswith(prefix))
            topic = name.removeprefix(prefix)
            topic = topic.rpartition("/")[0] if prefix == self.names.kept_diverged else topic
            found[prefix][topic] = (*found[prefix].get(topic, ()), tip)
        return found

    def changes(self) -> tuple[str, ...]:
        """Return the ids of all changes that anything is known about, sorted."""
        return tuple(self.known_changes())

    def known_changes(self) -> dict[str, tuple[str, ...]]:
        """Return every known tip of each change's ref: what is read of a change follows from these alone."""
        found: dict[str, tuple[str, ...]] = {}
        for known in self._tips.values():
            for topic, tips in known.items():
                if topic.startswith(CHANGES):
                    change_id = topic.removeprefix(CHANGES)
                    found[change_id] = (*found[change_id], *tips) if change_id in found else tips
        return {change_id: tips for change_id, tips in sorted(found.items()) if is_change_id(change_id)}

    def read(self, topic: str) -> Chain:
        """Return everything known on one topic, in chain order, with what was ignored."""
        return self._reader.read(tip for known in self._tips.values() for tip in known.get(topic, ()))

    def records(self, change_id: str, *, waiting: bool = False) -> tuple[Record, ...]:
        """Return the good records of a change in chain order; with ``waiting`` those in the outbox at the end."""
        topic = changes_topic(change_id)
        known = self.read(topic).records
        if not waiting:
            return known
        return tuple({record.sha256: record for record in (*known, *self.outbox.waiting(topic))}.values())

    def deployments(self, target: str) -> tuple[Record, ...]:
        """Return the good deployment records of a target in chain order."""
        return self.read(deployments_topic(target)).records

    def recent_deployments(self, target: str) -> tuple[Record, ...]:
        """Return the good records of a target that its remote showed last, the newest first, without reading all."""
        tip = self.tip(deployments_topic(target))
        return tuple(self._reader.newest(tip, links=RECENT)) if tip else ()

    def checkpoints(self) -> tuple[Record, ...]:
        """Return the good checkpoints in chain order."""
        return tuple(record for record in self.read(CHECKPOINTS).records if record.kind == "checkpoint")

    def recent_checkpoints(self) -> tuple[Record, ...]:
        """Return the good checkpoints among the last links of what is known of their ref, without reading all of it."""
        tips = dict.fromkeys(tip for known in self._tips.values() for tip in known.get(CHECKPOINTS, ()))
        found = {record.sha256: record for tip in tips for record in self._reader.newest(tip)}
        return tuple(record for record in found.values() if record.kind == "checkpoint")

    def recent_drills(self) -> tuple[Record, ...]:
        """Return the good records of rehearsals among the last links of their ref, the newest first."""
        tips = dict.fromkeys(tip for known in self._tips.values() for tip in known.get(DRILLS, ()))
        found = {record.sha256: record for tip in tips for record in self._reader.newest(tip, links=RECENT_DRILLS)}
        dated = [(record.body.made_at, record) for record in found.values() if isinstance(record.body, Drill)]
        return tuple(record for _, record in sorted(dated, key=lambda one: one[0], reverse=True))

    def latest_checkpoint(self, at: datetime) -> str | None:
        """Return the commit that added the newest checkpoint, for an acceptance of ``at`` to name.

        None where there is none, or where it says that it was made later.
        """
        tip = self.tip(CHECKPOINTS)
        added = self._reader.newest(tip, links=1) if tip else []
        bodies = [record.body for record in added if isinstance(record.body, Checkpoint)]
        return tip if bodies and bodies[0].made_at <= at else None

    def tip(self, topic: str) -> str | None:
        """Return the tip at the remote as last fetched (without a remote: here)."""
        tips = self._tips[self.names.fetched("")].get(topic, ())
        return tips[0] if tips else None

    def tips(self) -> dict[str, str]:
        """Return the last fetched tip of every topic, for the reader's memory."""
        return {topic: tips[0] for topic, tips in self._tips[self.names.fetched("")].items()}

    def rewritten(self) -> tuple[Rewritten, ...]:
        """Return a finding for every ref whose remote tip lacks records that were seen there."""
        topics = {topic for prefix in self.names.kept for topic in self._tips[prefix]}
        findings = (self._compare(topic) for topic in sorted(topics))
        return tuple(finding for finding in findings if finding)

    def remember_seen(self) -> None:
        """Keep what the remote shows now. A tip that does not continue what was seen is kept beside it."""
        seen = self._tips[self.names.seen("")]
        diverged = self._tips[self.names.kept_diverged]
        wanted = [
            self._memory_of(topic, tip, seen.get(topic, ()), diverged.get(topic, ()))
            for topic, tip in self.tips().items()
        ]
        update_refs(self.store, [update for update in wanted if update], "gm: ledger seen")
        self.refresh()

    def _continues(self, old: str, new: str) -> bool:
        """Tell whether a ref that was at ``old`` and is at ``new`` only grew: a second parent keeps nothing."""
        if old == new:
            return True
        return is_commit(self.store, new) and _grew(self.store, old, new)

    def _compare(self, topic: str) -> Rewritten | None:
        current = self.tip(topic)
        past = [tip for prefix in self.names.kept for tip in self._tips[prefix].get(topic, ())]
        if current is not None and all(self._continues(tip, current) for tip in past):
            return None
        there = {record.sha256 for record in self._reader.read([current] if current else []).records}
        lost = tuple(record for record in self._reader.read(past).records if record.sha256 not in there)
        if not lost:
            return None
        whole = (tip for tip in past if current is None or self._continues(current, tip))
        return Rewritten(
            self.names.shared(topic), lost, whole=next((tip for tip in whole if self._holds(tip, lost)), None)
        )

    def _holds(self, tip: str, records: tuple[Record, ...]) -> bool:
        there = {record.sha256 for record in self._reader.read([tip]).records}
        return all(record.sha256 in there for record in records)

    def _memory_of(self, topic: str, tip: str, seen: tuple[str, ...], diverged: tuple[str, ...]) -> RefUpdate | None:
        if not seen:
            return RefUpdate(self.names.seen(topic), tip, None)
        # The usual case first: what was seen lies near the tip, what never came lies nowhere on a long chain.
        if self._continues(seen[0], tip):
            return None if seen[0] == tip else RefUpdate(self.names.seen(topic), tip, seen[0])
        if any(self._continues(tip, known) for known in (*seen, *diverged)):
            return None
        return RefUpdate(self.names.diverged(topic, len(diverged) + 1), tip, None)


def _grew(store: Store, old: str, new: str) -> bool:
    try:
        return on_first_parent_line(store, old, new)
    except GmError:
        # A chain that cannot be read to its end does not hold what was seen, as far as anybody can tell.
        return False
