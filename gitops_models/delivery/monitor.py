"""Watching what is served: look at each trigger when it is due, decide, act, tell.

One trigger that cannot be looked at never stops the others. What is decided is ``triggers.decide``; here are the clock,
the sources and the disk.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from gitops_models.delivery.triggers.acting import Acted, Settled, may_pass, order_of
from gitops_models.delivery.triggers.decide import Act, Decision, Standing, State, decide
from gitops_models.delivery.triggers.eyes import Eyes
from gitops_models.delivery.triggers.looking import Asked, look
from gitops_models.delivery.triggers.memory import Memory, load_memory, save_memory
from gitops_models.delivery.triggers.places import Place, places_of, strays
from gitops_models.delivery.triggers.reports import MonitorReport, Row
from gitops_models.delivery.triggers.sources.base import Subject
from gitops_models.delivery.triggers.surroundings import around, before, damage, served, unsettled
from gitops_models.errors import Exit, GmError
from gitops_models.policy.denied import Denied
from gitops_models.registry.canonical import FileDigest, tree_digest
from gitops_models.registry.documents.triggers import seconds_of
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from threading import Event

    from gitops_models.delivery.follow import Followed
    from gitops_models.delivery.overrides import InForce, Overrides
    from gitops_models.delivery.targets.base import Target
    from gitops_models.delivery.triggers.acting import Actor, Order
    from gitops_models.delivery.triggers.decide import Around
    from gitops_models.delivery.triggers.settings import Rate
    from gitops_models.delivery.triggers.sources.base import MetricSource
    from gitops_models.delivery.triggers.surroundings import Glance
    from gitops_models.delivery.values import Deployment, ModelStage
    from gitops_models.registry.documents.triggers import Trigger
    from gitops_models.verification.history import History


@dataclass(frozen=True)
class Equipment:
    """What a monitor works with.

    ``follow`` gives the accepted history and is asked at most once in ``every``; ``held`` says what is served instead
    of it. ``rate`` is how often automation may act at one place, ``tell`` takes each report.
    """

    follow: Callable[[], Followed]
    held: Callable[[History], Overrides]
    targets: Sequence[Target]
    sources: Mapping[str, MetricSource]
    actor: Actor
    memory: Path
    clock: Callable[[], datetime]
    rate: Rate
    every: timedelta = timedelta(seconds=15)
    tell: Callable[[MonitorReport, History], None] = lambda _report, _history: None


class Monitor:
    """Runs again and again over the same equipment."""

    def __init__(self, kit: Equipment) -> None:
        self._kit = kit
        self._memory = load_memory(kit.memory)
        self._looked: dict[str, datetime] = {}
        self._rows: dict[str, Row] = {}
        self._followed: tuple[datetime, Followed] | None = None
        self._places: tuple[History, tuple[InForce, ...], tuple[Place, ...]] | None = None
        self._eyes = Eyes()
        self._begun: set[str] = set()
        self._open: dict[tuple[str, str], tuple[datetime, str]] = {}

    def run(self, *, wake: bool = False) -> MonitorReport:
        """Look at what is due, or at everything with ``wake``; act on what fires.

        Raises what ``follow`` raises where nothing was ever accepted, GM-R302 where the memory cannot be kept.
        """
        now = self._kit.clock()
        followed, fresh = self._follow(now)
        history = followed.history
        settled = self._kit.actor.settle(history) if fresh else Settled()
        self._rest(settled.closed, now)
        self._begun = set()
        places = self._places_of(history)
        for place in places:
            self._visit(place, history, now, wake=wake)
        self._forget(places)
        problems = (
            *settled.problems,
            *strays(history),
            *([("repository", followed.problem)] if followed.problem else ()),
        )
        notes = (*followed.notes, *settled.notes)
        report = MonitorReport(now, history.tip, tuple(self._rows.values()), notes, problems)
        self._kit.tell(report, history)
        return report

    def pause(self) -> float:
        """Return the seconds until the next trigger is due, or the repository is."""
        now = self._kit.clock()
        due = [self._looked[row.key] + timedelta(seconds=seconds_of(row.interval)) for row in self._rows.values()]
        if self._followed is not None:
            due.append(self._followed[0] + self._kit.every)
        return max(min(((at - now).total_seconds() for at in due), default=0.0), 0.0)

    def _places_of(self, history: History) -> tuple[Place, ...]:
        """Work the places out anew only where history or what is served instead of it is another one."""
        held = self._kit.held(history)
        known = self._places
        if known is None or known[0] is not history or known[1] != held.in_force:
            known = (history, held.in_force, places_of(history, self._kit.targets, held))
            self._places = known
        return known[2]

    def _follow(self, now: datetime) -> tuple[Followed, bool]:
        last = self._followed
        if last is not None and timedelta(0) <= now - last[0] < self._kit.every:
            return last[1], False
        self._followed = (now, self._kit.follow())
        return self._followed[1], True

    def _visit(self, place: Place, history: History, now: datetime, *, wake: bool) -> None:
        due = [trigger for trigger in place.triggers if wake or self._is_due(place, trigger, now)]
        if not due:
            return
        glances = place.look(self._eyes, now)
        wanted = served(glances)
        if wanted is not None and unsettled(glances) is None:
            self._remember(self._memory.serving(str(place.at), wanted.digest, now))
        for trigger in due:
            key = place.key(trigger)
            self._looked[key] = now
            decision, acted = self._decided(trigger, place, glances, wanted, history)
            self._rows[key] = Row(key, place.at, trigger, wanted.label if wanted else None, decision, acted)

    def _is_due(self, place: Place, trigger: Trigger, now: datetime) -> bool:
        last = self._looked.get(place.key(trigger))
        return last is None or not timedelta(0) <= now - last < timedelta(seconds=seconds_of(trigger.interval))

    def _decided(
        self, trigger: Trigger, place: Place, glances: Sequence[Glance], wanted: Deployment | None, history: History
    ) -> tuple[Decision, Acted]:
        key, now = place.key(trigger), self._kit.clock()
        state = self._memory.states.get(key, State())
        if wanted is None:
            return Decision(Standing.UNSETTLED, unsettled(glances) or "nothing is to be served", state), Acted()
        there = around(history, glances, wanted, self._memory, self._kit.rate, now)
        signal = look(trigger, self._asked(wanted, glances, history, now), self._kit.sources)
        made = decide(trigger, state, signal, there, now)
        if made.standing in (Standing.FIRED, Standing.COOLDOWN):
            order = order_of(trigger, wanted, made.reason, made.state.failing or now)
            there = self._told_of_open(there, order, now, ask=made.act is not Act.RESTORE)
            made = decide(trigger, state, signal, there, now)
        if made.act is not None:
            there = self._judged(there, order, made.act)
            made = decide(trigger, state, signal, there, now)
        if made.act is not None:
            return self._act(key, made, order, history)
        self._remember(self._memory.looked(key, made.state))
        return made, Acted()

    def _told_of_open(self, there: Around, order: Order, now: datetime, *, ask: bool) -> Around:
        """Find out whether a rollback of this digest is open, at most once in ``every`` while the answer is yes.

        A restore does not wait for the answer: it leads where that rollback leads, and takes it for its own. What
        cannot be asked stands in the way of a proposal alone, and that fails by itself.
        """
        place, digest = str(order.at), order.bad.digest
        if place in self._begun:
            return replace(there, open="the rollback of another trigger")
        last = self._open.get((place, digest))
        if ask and (last is None or now - last[0] >= self._kit.every):
            with suppress(GmError):
                known = self._kit.actor.hands.standing(order.at, order.bad)
                last = (now, known) if known is not None else None
        self._open = {(place, digest): last} if last is not None else {}
        return replace(there, open=f"rollback {last[1][:8]}") if last is not None else there

    def _judged(self, there: Around, order: Order, act: Act) -> Around:
        """Ask the judge. What cannot be asked stands in the way of a proposal and not of a restore."""
        try:
            self._kit.actor.hands.rehearse(order)
        except GmError as error:
            if isinstance(error, Denied) or not (act is Act.RESTORE and may_pass(error)):
                return replace(there, stopped=f"{error.code}: {error.message}")
        return there

    def _act(self, key: str, made: Decision, order: Order, history: History) -> tuple[Decision, Acted]:
        """Act; what could be neither restored nor proposed did not happen, and is tried at the next look.

        That it acted is kept before, how the trigger stands after: killed in between, it acts again, which leads to the
        same restoration and the same proposal.
        """
        now = self._kit.clock()
        self._remember(self._memory.acted(str(order.at), now))
        acted = self._kit.actor.act(made.act or Act.PROPOSE, order, history, now)
        if acted.proposal is None and acted.restored is None:
            why = str(acted.problems[0]) if acted.problems else "no earlier good version is left"
            made = Decision(Standing.BLOCKED, f"{made.reason}; {why}", replace(made.state, fired=None), alert=True)
            self._remember(self._memory.unacted(str(order.at)))
        else:
            self._begun.add(str(order.at))
        self._remember(self._memory.looked(key, made.state))
        return made, acted

    def _asked(self, wanted: Deployment, glances: Sequence[Glance], history: History, now: datetime) -> Asked:
        snapshot = history.state.snapshot
        subject = Subject(
            wanted.source, wanted.stage, wanted.version, wanted.digest, now, partial(damage, tuple(glances))
        )
        good = before(history, wanted)
        earlier = None
        if good is not None:
            lineage = snapshot.lineage(wanted.model, good.version)
            digest = tree_digest(tuple(FileDigest(one.path, one.size, one.sha256) for one in lineage.artifacts))
            earlier = replace(subject, model=wanted.model, version=good.version, digest=digest, damage=tuple)
        return Asked(subject, snapshot.lineage(wanted.source, wanted.version), earlier)

    def _remember(self, memory: Memory) -> None:
        """Keep what changed before anything is done on it: a run that is killed does not act twice."""
        if memory != self._memory:
            save_memory(self._kit.memory, memory)
            self._memory = memory

    def _rest(self, closed: Sequence[ModelStage], now: datetime) -> None:
        """Rest where people closed a rollback: they have looked, and the cooldown begins anew."""
        places = {f"{at} " for at in closed}
        for key, state in self._memory.states.items():
            if key.startswith(tuple(places)):
                self._remember(self._memory.looked(key, replace(state, fired=now)))

    def _forget(self, places: Sequence[Place]) -> None:
        keys = {place.key(trigger) for place in places for trigger in place.triggers}
        self._rows = {key: row for key, row in self._rows.items() if key in keys}
        self._remember(self._memory.only(keys, {str(place.at) for place in places}))


def watch_on(
    monitor: Monitor, *, wake: Event, stop: Event, tell: Callable[[MonitorReport | GmError], None], rest: float = 1.0
) -> None:
    """Look until ``stop`` is set; ``wake`` ends a wait and has everything looked at. To stop at once set both.

    A ``GmError`` of a run is told and tried again, except wrong usage, which no waiting repairs and which is raised.
    ``rest`` is the shortest pause in seconds.
    """
    while not stop.is_set():
        woken = wake.is_set()
        wake.clear()
        try:
            tell(monitor.run(wake=woken))
        except GmError as error:
            if error.exit_status is Exit.USAGE:
                raise
            tell(error)
        if not stop.is_set():
            wake.wait(max(monitor.pause(), rest))
