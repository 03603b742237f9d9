"""Checkpoints: signed waypoints of what history amounted to, and what they say of the history at hand.

A workload that may signs ``{accepted tip, digest of what decided, policy version, at}`` now and then (TRUST.md section
4). A reader without memory learns from them which tip is the oldest that it may be shown, everybody between which
times an acceptance was made (DESIGN.md section 6, "Time"), and how fresh the view is. Whose word counts is asked of
the people accepted now, so that a workload whose right was taken away cannot stand in anybody's way.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.approvals import CLOCK_TOLERANCE
from gitops_models.registry.canonical import jcs, sha256_hex
from gitops_models.registry.paths import POLICY_YAML
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass
from gitops_models.store.history import walk_first_parents
from gitops_models.trust.chain import ChainReader
from gitops_models.trust.keyrings import PeopleKeyring
from gitops_models.trust.records import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from gitops_models.registry.documents import People
    from gitops_models.store.repository import Store
    from gitops_models.trust.records import Record
    from gitops_models.verification.history import History, Step

STALE = "GM-T616"
AHEAD = timedelta(minutes=15)
"""How far a workload's clock may stand before the reader's."""


@dataclass(frozen=True)
class Doubt:
    """What a checkpoint says against history or itself. ``where`` is the record's sha256, or the step it is about.

    ``grave``: nothing newer is deployed from such a history. A clock that went wrong is none of these.
    """

    code: str
    what: str
    where: str
    grave: bool = False

    def error(self) -> GmError:
        """Return it as an error."""
        return GmError(self.code, self.what, where=self.where)


@dataclass(frozen=True)
class Checkpoints:
    """Checkpoints held against one history.

    ``made`` lie on its line and are signed by who may, in the order of the line; ``doubts`` speak against the history,
    ``ignored`` only against the record they name: anybody who can push to the ref can put anything there.
    """

    made: tuple[Checkpoint, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    ignored: tuple[Doubt, ...] = ()

    @property
    def newest(self) -> Checkpoint | None:
        """The one that was made last."""
        return max(self.made, key=lambda one: one.made_at, default=None)

    def refuse(self) -> None:
        """Raise the first doubt that is grave: GM-T602, GM-T610 or GM-T615."""
        for doubt in self.doubts:
            if doubt.grave:
                raise doubt.error()


@dataclass(frozen=True)
class _Placed:
    """A checkpoint and how many steps before the tip it stands."""

    record: Record
    body: Checkpoint
    depth: int


def judge_checkpoints(
    store: Store, history: History, records: Iterable[Record], *, now: datetime | None = None
) -> Checkpoints:
    """Hold ``records`` against ``history``; ``now`` is the reader's clock, None where the reader has none.

    What depends on every step (GM-T614, GM-T615) is asked only as far as the history holds the steps.
    """
    ours, ignored = _ours(history, records, now)
    depths = _depths(store, history.tip, {body.main for _, body in ours})
    lost = [(record, body) for record, body in ours if body.main not in depths]
    placed = [_Placed(record, body, depths[body.main]) for record, body in ours if body.main in depths]
    placed.sort(key=lambda one: (-one.depth, one.body.made_at))
    doubts = (
        *(_off_the_line(record, body, history) for record, body in lost),
        *_contradictions(placed),
        *_policy_went_back(placed, history),
        *_other_ledger(placed, history),
        *_late_acceptances(placed, history),
    )
    return Checkpoints(tuple(one.body for one in placed), doubts, ignored)


def unwelcome(store: Store, history: History, records: Iterable[Record], now: datetime) -> Iterator[GmError]:
    """Say what a door has against each of ``records``: it comes from who may, now, and speaks of the line as it is."""
    for record in records:
        held = judge_checkpoints(store, history, [record], now=now)
        doubts = [doubt for doubt in (*held.ignored, *held.doubts) if doubt.code != "GM-T615"]
        if doubts:
            yield doubts[0].error()
        elif held.made and held.made[0].made_at < now - AHEAD:
            yield GmError("GM-T613", f"a checkpoint says {held.made[0].at}, here it is {format_time(now)}")


def may_not_sign(people: People, fingerprint: str, namespace: str) -> str | None:
    """Say why the key's checkpoints do not count, None where they do."""
    standing = PeopleKeyring(people).lookup(fingerprint, namespace)
    if standing.verdict != "good" or standing.actor is None:
        return standing.detail
    if "checkpoint" not in (standing.actor.may or ()):
        return f"{standing.actor.id} may not make checkpoints"
    return None


def staleness(newest: Checkpoint | None, allowed_minutes: int | None, now: datetime) -> Doubt | None:
    """Say so (GM-T616) where the newest checkpoint is older than the policy allows, or there is none."""
    if allowed_minutes is None:
        return None
    if newest is None:
        what = f"there is no checkpoint, and the policy wants one every {allowed_minutes} minutes"
        return Doubt(STALE, what, "refs/gm/checkpoints")
    minutes = int((now - newest.made_at).total_seconds() // 60)
    if minutes <= allowed_minutes:
        return None
    what = f"the newest checkpoint is of {newest.at}, {minutes} minutes ago; the policy allows {allowed_minutes}"
    return Doubt(STALE, what, newest.main)


def decided_digest(history: History, body: Checkpoint) -> str | None:
    """The digest of the acceptances that decided from ``body.since`` to ``body.main``, but for what was waiting then.

    None where this history does not hold all of these steps.
    """
    steps = _between(history, body.since, body.main)
    if steps is None:
        return None
    waiting = set(body.waiting)
    decided = [
        [step.oid, step.change_id, format_time(step.at)]
        for step in steps
        if step.at is not None and _by_others(step) and step.oid not in waiting
    ]
    return sha256_hex(jcs(decided))


def waiting_steps(history: History) -> tuple[str, ...]:
    """The steps that late approvals may still release."""
    return tuple(sorted({pending.step.oid for pending in history.pending.values()}))


class NamedCheckpoints:
    """The times of the checkpoints that acceptances name by the commit that added them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reader = ChainReader(store)
        self._known: dict[str, Record | None] = {}

    def time_of(self, oid: str, people: People) -> datetime | None:
        """When the checkpoint was made; None for one that is not here, is none, or is by somebody who may not."""
        if oid not in self._known:
            self._known[oid] = self._read(oid)
        record = self._known[oid]
        if record is None or may_not_sign(people, record.fingerprint, record.namespace):
            return None
        return record.body.made_at if isinstance(record.body, Checkpoint) else None

    def _read(self, oid: str) -> Record | None:
        try:
            return self._reader.added(self._store.commit(oid))
        except GmError:
            return None


def _ours(
    history: History, records: Iterable[Record], now: datetime | None
) -> tuple[list[tuple[Record, Checkpoint]], tuple[Doubt, ...]]:
    """Part the checkpoints that count here from those that do not, each with its reason."""
    found: list[tuple[Record, Checkpoint]] = []
    ignored: list[Doubt] = []
    for record in records:
        if not isinstance(record.body, Checkpoint):
            continue
        doubt = _why_not(history, record, record.body, now)
        if doubt is None:
            found.append((record, record.body))
            continue
        ignored.append(doubt)
    return found, tuple(ignored)


def _why_not(history: History, record: Record, body: Checkpoint, now: datetime | None) -> Doubt | None:
    if problem := may_not_sign(history.people, record.fingerprint, record.namespace):
        return Doubt("GM-T611", f"a checkpoint does not count: {problem}", record.sha256)
    here = history.repository
    if (body.repository, body.line) != (here.id, here.line):
        return Doubt("GM-T612", f"a checkpoint is of {body.repository}, line {body.line}", record.sha256)
    if now is not None and body.made_at > now + AHEAD:
        return Doubt("GM-T613", f"a checkpoint says {body.at}, which is yet to come", record.sha256)
    return None


def _depths(store: Store, tip: str, wanted: set[str]) -> dict[str, int]:
    """How many steps before ``tip`` each wanted commit stands on its first-parent line, without those that do not."""
    found: dict[str, int] = {}
    if not wanted:
        return found
    for depth, oid in enumerate(walk_first_parents(store, tip)):
        if oid in wanted:
            found[oid] = depth
            if len(found) == len(wanted):
                break
    return found


def _off_the_line(record: Record, body: Checkpoint, history: History) -> Doubt:
    what = f"a checkpoint of {body.at} names {body.main[:12]}, which the line of {history.tip[:12]} does not hold"
    return Doubt("GM-T610", what, record.sha256, grave=True)


def _contradictions(placed: list[_Placed]) -> Iterator[Doubt]:
    """Later on the line and made earlier, or of an older policy: one of two checkpoints is not true."""
    for before, after in pairwise(placed):
        if after.body.made_at < before.body.made_at - CLOCK_TOLERANCE:
            what = f"{after.body.main[:12]} was checked at {after.body.at}, {before.body.main[:12]} at {before.body.at}"
            yield Doubt("GM-T613", what, after.record.sha256)
        if after.body.policy_version < before.body.policy_version:
            what = f"policy version {before.body.policy_version} is followed by {after.body.policy_version}"
            yield Doubt("GM-T613", what, after.record.sha256)


def _policy_went_back(placed: list[_Placed], history: History) -> Iterator[Doubt]:
    newest = max((one.body.policy_version for one in placed), default=0)
    if newest > history.policy.version:
        what = f"a checkpoint saw policy version {newest}, here it is {history.policy.version}"
        yield Doubt("GM-T602", what, POLICY_YAML, grave=True)


def _other_ledger(placed: list[_Placed], history: History) -> Iterator[Doubt]:
    """The newest checkpoint that differs is enough: what it saw includes what those before it saw.

    Grave while no newer one agrees with what is seen here.
    """
    for one in reversed(placed):
        digest = decided_digest(history, one.body)
        if digest is not None and digest != one.body.ledger_sha256:
            what = f"up to {one.body.main[:12]} other acceptances decided than the checkpoint of {one.body.at} saw"
            yield Doubt("GM-T615", what, one.record.sha256, grave=one is placed[-1])
            return


def _late_acceptances(placed: list[_Placed], history: History) -> Iterator[Doubt]:
    """An acceptance does not lie after the oldest checkpoint that contains the step."""
    position = {one.body.main: one for one in reversed(placed)}
    oldest: _Placed | None = None
    for step in reversed(history.steps):
        oldest = position.get(step.oid, oldest)
        if oldest is None or step.at is None or not _by_others(step) or step.oid in oldest.body.waiting:
            continue
        if step.at > oldest.body.made_at + CLOCK_TOLERANCE:
            what = (
                f"step {step.oid[:12]} was accepted at {format_time(step.at)}, a checkpoint saw it at {oldest.body.at}"
            )
            yield Doubt("GM-T614", what, step.oid)


def _by_others(step: Step) -> bool:
    """Whether a record of the ledger, and not the merge's own date, says when the step was accepted."""
    return step.verdict is not None and step.verdict.quorum_needed


def _between(history: History, since: str, main: str) -> tuple[Step, ...] | None:
    places: Mapping[str, int] = {step.oid: number for number, step in enumerate(history.steps, 1)}
    begin = 0 if since == history.pin and not history.skipped else places.get(since)
    end = 0 if main == history.pin else places.get(main)
    if begin is None or end is None:
        return None
    return history.steps[begin:end]
