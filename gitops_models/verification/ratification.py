"""Emergencies and who has agreed to them since: asked of the ledger at the reader's clock, by the people accepted now.

An emergency waits for the risk's ordinary quorum until that is met, or until the hold that it placed is lifted, to
which all whom the risk asks for agree; then it is settled for good, whoever leaves afterwards.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from gitops_models.policy.emergency import emergency_holds
from gitops_models.policy.facts import Facts, Unratified
from gitops_models.policy.ratification import agreement
from gitops_models.registry.events import HoldLifted, Promoted
from gitops_models.registry.values import dataclass
from gitops_models.verification.acceptance import opinions_of
from gitops_models.verification.changes import change_of
from gitops_models.verification.commits import was_there

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from gitops_models.policy.facts import Opinion
    from gitops_models.policy.verdict import QuorumResult
    from gitops_models.registry.change import Change
    from gitops_models.registry.chronicle import Happening
    from gitops_models.registry.documents import Hold
    from gitops_models.store.repository import Store
    from gitops_models.verification.acceptance import DecisionSource
    from gitops_models.verification.history import History

__all__ = ["Ratification", "ratifications", "unratified"]

State = Literal["open", "overdue", "ratified", "settled"]
WAITING: frozenset[State] = frozenset({"open", "overdue"})


@dataclass(frozen=True)
class Ratification:
    """One emergency of one model, and how it stands.

    ``stages`` went back in it, ``held`` are those whose hold stands since. ``due`` is when the time to agree ends,
    ``quorum`` who agreed and who could, ``rejected`` who objects.
    """

    model: str
    stages: tuple[str, ...]
    held: tuple[str, ...]
    step: str
    change_id: str
    at: datetime | None
    due: datetime | None
    declared_by: tuple[str, ...]
    incident: str | None
    state: State
    quorum: QuorumResult
    rejected: tuple[str, ...] = ()

    @property
    def by(self) -> tuple[str, ...]:
        """Who agreed to it since."""
        return tuple(sorted({one.person for one in self.quorum.counted}))


def ratifications(
    store: Store,
    history: History,
    ledger: DecisionSource,
    *,
    now: datetime | None,
    models: Collection[str] | None = None,
) -> tuple[Ratification, ...]:
    """Every accepted emergency of ``models`` (of all when None), by model and then the oldest first."""
    wanted = history.state.snapshot.models() if models is None else sorted(models)
    asked = _Asked(store, history, ledger, now)
    return tuple(one for model in wanted for one in asked.of(model))


def unratified(
    store: Store, history: History, change: Change, ledger: DecisionSource, *, at: datetime | None
) -> tuple[Unratified, ...]:
    """The emergencies that speak against promotions and lifts of ``change``, by what the ledger says up to the tip."""
    models = {event.model for event in change.of(Promoted, HoldLifted)}
    found = ratifications(store, history, ledger, now=at, models=models) if models else ()
    return tuple(
        Unratified(one.model, stage, one.step, one.change_id, one.at)
        for one in found
        if one.state in WAITING
        for stage in one.held
    )


@dataclass(frozen=True)
class _Asked:
    """Who asks, of what, and when."""

    store: Store
    history: History
    ledger: DecisionSource
    now: datetime | None

    def of(self, model: str) -> Iterator[Ratification]:
        told = self.history.state.happened(model, "emergency")
        steps = dict.fromkeys(one.step for one in told)
        standing = {id(one): hold for one, hold in _with_holds(self.history, model, told)}
        for step in steps:
            yield self._one(model, [one for one in told if one.step == step], standing)

    def _one(self, model: str, told: Sequence[Happening], standing: dict[int, Hold]) -> Ratification:
        first = told[0]
        persons = tuple(sorted({person for one in told for person in one.persons}))
        held = tuple(one.subject for one in told if id(one) in standing)
        facts = Facts(
            change_id=first.change_id,
            at=self.now,
            people=self.history.people,
            state=self.history.state,
            opinions=tuple(self._since(first, opinion, mains) for opinion, mains in self._opinions(first)),
        )
        tally = agreement(
            facts,
            self.history.policy,
            change_of(self.history, {}),
            model=model,
            what=f"ratification of the emergency in {model}",
            declared_by=persons,
            since=first.at,
        )
        due = self._due(first)
        done = tally.quorum.met and not tally.rejecting
        return Ratification(
            model=model,
            stages=tuple(one.subject for one in told),
            held=held,
            step=first.step,
            change_id=first.change_id,
            at=first.at,
            due=due,
            declared_by=persons,
            incident=next((hold.incident for one in told if (hold := standing.get(id(one)))), None),
            state=self._state(done=done, held=bool(held), due=due),
            quorum=tally.quorum,
            rejected=tally.rejecting,
        )

    def _state(self, *, done: bool, held: bool, due: datetime | None) -> State:
        if done:
            return "ratified"
        if not held:
            return "settled"
        return "overdue" if due is None or self.now is None or self.now > due else "open"

    def _due(self, one: Happening) -> datetime | None:
        emergency = self.history.policy.emergency
        hours = emergency.ratify_within_hours if emergency else 0
        return one.at + timedelta(hours=hours) if one.at is not None else None

    def _opinions(self, one: Happening) -> Iterator[tuple[Opinion, str | None]]:
        records, accepted = self.ledger.records(one.change_id), self.history.state.snapshot
        mains = {record.sha256: record.main for record in records}
        for opinion in opinions_of(one.change_id, records, self.history.people, accepted=accepted):
            yield opinion, mains.get(opinion.sha256 or "")

    def _since(self, one: Happening, opinion: Opinion, main: str | None) -> Opinion:
        """The opinion where it speaks of what has happened; an approval of before only let it happen."""
        if opinion.problem or opinion.decision != "approve" or main is None:
            return opinion
        if not was_there(self.store, one.step, main):
            return replace(opinion, problem="made before it landed")
        known = was_there(self.store, main, self.history.tip)
        return opinion if known else replace(opinion, problem=f"made at {main[:10]}, which is no step of this line yet")


def _with_holds(history: History, model: str, told: Sequence[Happening]) -> Iterator[tuple[Happening, Hold]]:
    """Each emergency that still waits, with its hold: neither lifted since, nor agreed to before it landed.

    Any hold that its own step brought counts, whatever another one beside it says.
    """
    for one in told:
        standing = emergency_holds(history.state.snapshot, model, one.subject)
        mine = [hold for number, hold in standing if number in one.holds and _skips_approval(hold)]
        if mine:
            yield one, mine[0]


def _skips_approval(hold: Hold) -> bool:
    return hold.emergency is not None and "approval" in hold.emergency.skipped
