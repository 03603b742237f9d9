"""Which places of a target need a look in this run, and what is known of the others from the runs before.

A place is observed, which hashes what is served, when something else is wanted there, when it is time for another
attempt, when the file system shows that something may have changed (``glimpse``), and every ``rehash`` in any case.
Of the others a part is glimpsed at in each run: as many as have ``LEAST`` files and directories, and at least one in
``PARTS``, so that each is glimpsed at within that many runs. What nobody looked at keeps its result.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from threading import Lock
from typing import TYPE_CHECKING

from gitops_models.delivery.glimpse import Glimpse, Glimpsing
from gitops_models.delivery.kept import Kept, is_wanted, is_well, memo_of, recalled, settled, spread
from gitops_models.delivery.retries import due, may_heal, may_try
from gitops_models.delivery.states import Done, Sync
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from gitops_models.delivery.memos import Memos
    from gitops_models.delivery.results import Result
    from gitops_models.delivery.targets.base import Target
    from gitops_models.delivery.values import Deployment, Desired, ModelStage

LEAST = 1000
PARTS = 8
REHASH = timedelta(hours=6)
OCCUPIED = timedelta(minutes=10)  # how long a place that somebody else put there may go unnoticed
SOONEST = timedelta(seconds=1)


@dataclass(frozen=True)
class _Wanted:
    history: object
    held: object
    layout: object
    at: datetime
    places: tuple[Desired, ...]


class Attention:
    """What earlier runs know of one target's places. Each place is changed by one thread at a time."""

    def __init__(self, target: Target, memos: Memos, *, rehash: timedelta = REHASH) -> None:
        self._target = target
        self._glimpsing = target if isinstance(target, Glimpsing) else None
        self._memos = memos
        self._rehash = rehash
        self._memo_of = memos.load(target.id)
        self._places = {at: recalled(memo) for at, memo in self._memo_of.items()}
        self._changed = False
        self._wanted: _Wanted | None = None
        self._lock = Lock()
        self._ordered: Sequence[Desired] = ()
        self._wishes: dict[ModelStage, Desired] = {}
        self._restless: dict[ModelStage, Kept] = {}
        self._times: list[tuple[datetime, ModelStage]] = []
        self._last = datetime.min.replace(tzinfo=UTC)
        self._lacks: tuple[Deployment, ...] | None = None
        self._files = 0
        self._turn = 0
        self._results: tuple[Result, ...] = ()
        self._told: Sequence[Desired] | None = None

    def wanted(
        self, history: object, held: object, make: Callable[[], tuple[Desired, ...]], at: datetime
    ) -> Sequence[Desired]:
        """Return what ``make`` gave for the very same ``history``, equal ``held`` and the same directory, or ask it."""
        layout = self._glimpsing.layout() if self._glimpsing else None
        last = self._wanted
        if (
            last is None
            or layout is None
            or last.history is not history
            or (last.held, last.layout) != (held, layout)
            or not last.at <= at < last.at + OCCUPIED
        ):
            last = None
        self._wanted = last or _Wanted(history, held, layout, at, make())
        return self._wanted.places

    def of(self, at: ModelStage) -> Kept:
        """Return what is known of a place."""
        found = self._places.get(at)
        return found if found is not None else self._places.setdefault(at, Kept())

    def needed(self, wanted: Sequence[Desired], at: datetime) -> list[Desired]:
        """Return the places to observe now."""
        if wanted is not self._ordered or at < self._last:
            self._order(wanted)
            found = [one for one in wanted if self._needs(one, at)]
        else:
            places = sorted(self._restless.keys() & self._wishes.keys() | self._ripe(at))
            found = [one for place in places if self._needs(one := self._wishes[place], at)]
        self._last = at
        there = {one.at for one in found}
        changed = [one for one in self._part() if one.at not in there and not self._holds(self._places[one.at])]
        return [*found, *changed]

    def _order(self, wanted: Sequence[Desired]) -> None:
        """Learn what is wanted now: what else is done in a run costs nothing for places that are calm."""
        self._ordered, self._wishes = wanted, {one.at: one for one in wanted}
        known = [kept.glimpse for one in wanted if (kept := self._places.get(one.at)) is not None]
        self._files = sum(len(one.paths) for one in known if one is not None)

    def _needs(self, desired: Desired, at: datetime) -> bool:
        kept = self._places.get(desired.at)
        return kept is None or kept.glimpse is None or not is_wanted(kept, desired) or self._is_time(kept, at)

    def _ripe(self, at: datetime) -> set[ModelStage]:
        """Return the places whose time to be hashed again has come."""
        found = set()
        while self._times and self._times[0][0] <= at:
            _, place = heappop(self._times)
            if place in self._wishes:
                found.add(place)
        return found

    def looked(self, desired: Desired, result: Result, at: datetime, before: Glimpse | None) -> Result:
        """Keep what came of a look; ``before`` is the glimpse from just before it, believed where it holds still.

        Returns the very result of the last look where it is the same.
        """
        kept = self.of(desired.at)
        if kept.result is not None and kept.result == result:
            result = kept.result
        kept.desired, kept.result, kept.digest = desired, result, result.digest
        kept.conditions = {one.type: one for one in result.conditions}
        believed = before is not None and before.settled(at) and self._same(desired.at, before)
        kept.glimpse = before if believed else None
        kept.rehash = at + self._rehash * spread(desired.at)
        with self._lock:
            heappush(self._times, (kept.rehash, desired.at))
            self._mark(desired.at, kept)
            self._note(desired.at, kept)
            self._lacks = None
        return result

    def _mark(self, at: ModelStage, kept: Kept) -> None:
        if kept.glimpse is None or kept.result is None or not is_well(kept.result):
            self._restless[at] = kept
        else:
            self._restless.pop(at, None)

    def troubled(self) -> list[Desired]:
        """Return the places where something failed."""
        return [kept.desired for kept in self._restless.values() if kept.setback and kept.desired]

    def noted(self, at: ModelStage, result: Result) -> None:
        """Keep what was added to a result after the look."""
        kept = self.of(at)
        kept.result = result
        self._mark(at, kept)
        self._note(at, kept)

    def notes(self) -> tuple[str, ...]:
        """Say which rollbacks could not be proposed yet."""
        asking = ((at, kept.asking) for at, kept in sorted(self._restless.items()))
        return tuple(f"{at}: {one.error}" for at, one in asking if one is not None)

    def missing(self) -> tuple[Deployment, ...]:
        """Return the versions that may be wanted next and do not lie in the target's store; the very tuple again."""
        if self._lacks is None:
            self._lacks = tuple(one for kept in self._places.values() for one in kept.missing)
        return self._lacks

    def glimpse(self, at: ModelStage) -> Glimpse | None:
        """Return the signs of what is served there now, where the target can say."""
        return self._glimpsing.glimpse(at) if self._glimpsing else None

    def results(self, wanted: Sequence[Desired], looked: Collection[ModelStage]) -> tuple[Result, ...]:
        """Return the results of all ``wanted``; the very tuple of the last time where it is the same."""
        if not looked and self._told is wanted:
            return self._results
        known = (self.of(one.at).result for one in wanted)
        found = tuple(result for result in known if result is not None)
        if len(found) != len(self._results) or any(a is not b for a, b in zip(found, self._results, strict=True)):
            self._results = found
        settled = [self._settle(at) for at in looked]
        self._told = None if any(settled) else wanted
        return self._results

    def _settle(self, at: ModelStage) -> bool:
        """Keep what the next run says where nobody looks; whether that is something else."""
        kept = self.of(at)
        before = kept.result
        if before is None or before.done in (Done.NOTHING, Done.WAITING):
            return False
        kept.result = settled(before)
        return True

    def save(self, wanted: Sequence[Desired]) -> None:
        """Drop what is known of places that are no more, and keep the rest for the next process."""
        if len(self._places) > len(wanted):
            there = {one.at for one in wanted}
            self._places = {at: kept for at, kept in self._places.items() if at in there}
            self._restless = {at: kept for at, kept in self._restless.items() if at in there}
            self._memo_of = {at: memo for at, memo in self._memo_of.items() if at in there}
            self._changed = True
        if self._changed:
            self._memos.save(self._target.id, self._memo_of)
        self._changed = False

    def again(self, at: datetime) -> timedelta | None:
        """Return how soon a place may be tried again; ``None`` where there is nothing to wait for."""
        kept = [one for one in self._restless.values() if one.result is not None and not is_well(one.result)]
        found = [due(one.setback, one.healing, at=at) for one in kept] + [due(one.asking, None, at=at) for one in kept]
        waits = [wait for wait in found if wait is not None]
        return max(SOONEST, min(waits)) if waits else None

    def _is_time(self, kept: Kept, at: datetime) -> bool:
        """Whether waiting is over. Where the clock was set back, no time that was set before counts."""
        if kept.rehash is None or not at < kept.rehash <= at + 2 * self._rehash:
            return True
        result, setback = kept.result, kept.setback
        if result is None or is_well(result):
            return False
        if result.sync is Sync.DRIFTED and may_heal(kept.healing, at=at):
            return setback is None or setback.final or may_try(setback, setback.inputs, at=at)
        return setback is not None and may_try(setback, setback.inputs, at=at)

    def _part(self) -> list[Desired]:
        """Return the places to glimpse at in this run: the next ones, until that is enough files."""
        wanted = self._ordered
        enough, part = max(LEAST, self._files // PARTS + 1), []
        for _ in wanted:
            if enough <= 0:
                break
            desired = wanted[self._turn % len(wanted)]
            kept = self._places.get(desired.at)
            if kept is not None and kept.glimpse is not None:
                enough -= len(kept.glimpse.paths)
                part.append(desired)
            self._turn += 1
        self._turn %= max(1, len(wanted))
        return part

    def _holds(self, kept: Kept) -> bool:
        return kept.glimpse is not None and kept.desired is not None and self._same(kept.desired.at, kept.glimpse)

    def _same(self, at: ModelStage, glimpse: Glimpse) -> bool:
        return self._glimpsing is not None and self._glimpsing.holds(at, glimpse)

    def _note(self, at: ModelStage, kept: Kept) -> None:
        memo = memo_of(kept)
        if self._memo_of.get(at) != memo:
            self._memo_of[at] = memo
            self._changed = True
