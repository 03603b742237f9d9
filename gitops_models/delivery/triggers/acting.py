"""What automation does when a trigger fires: serve the last known good again where it may, and propose in any case."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Protocol

from gitops_models.delivery.desired import artifacts_of
from gitops_models.delivery.restorations import Restoration, Restorations, is_over
from gitops_models.delivery.triggers.decide import Act
from gitops_models.delivery.triggers.surroundings import last_known_good
from gitops_models.delivery.values import Deployment, ModelStage
from gitops_models.delivery.waysback import change_step
from gitops_models.errors import Exit, GmError
from gitops_models.registry.times import format_time, parse_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from gitops_models.delivery.results import Report
    from gitops_models.registry.documents import Risk
    from gitops_models.registry.documents.triggers import Trigger
    from gitops_models.verification.history import History


@dataclass(frozen=True)
class Order:
    """A rollback that automation wants, away from ``bad``."""

    at: ModelStage
    bad: Deployment
    trigger: str
    cause: str
    reason: str
    severity: Risk = "high"
    quarantine: bool = False
    detected: datetime | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)


class Hands(Protocol):
    """Whoever writes proposals for the monitor, with its key: it may propose and never approve."""

    def rehearse(self, order: Order) -> None:
        """Raise what proposing it would raise by the judge (GM-P…); asks nobody on the network, writes no ref."""

    def propose_order(self, order: Order) -> str | None:
        """Return the change id of the open rollback, opened where there is none; None where nothing good is left."""

    def standing(self, at: ModelStage, bad: Deployment) -> str | None:
        """Return the change id of the open rollback away from ``bad``, by whomever it is; None where none is open."""

    def closed(self, at: ModelStage, bad: Deployment, change: str) -> bool:
        """Whether nobody's rollback away from ``bad`` is open any more, neither ``change`` nor another.

        Raises ``GmError`` where that cannot be told, GM-R613 for one that is open and that the judge refuses now.
        """


@dataclass(frozen=True)
class Acted:
    """What came of it: the change id of the open rollback, what was served at once, and what did not work."""

    proposal: str | None = None
    restored: Report | None = None
    problems: tuple[GmError, ...] = ()


@dataclass(frozen=True)
class Settled:
    """What became of restorations: words, what did not work, and the places whose rollback people closed."""

    notes: tuple[str, ...] = ()
    problems: tuple[tuple[str, GmError], ...] = ()
    closed: tuple[ModelStage, ...] = ()


def order_of(trigger: Trigger, bad: Deployment, reason: str, detected: datetime) -> Order:
    """Return the order of a trigger that fired; ``detected`` is when it began to fail."""
    evidence = {"trigger": trigger.name, "source": trigger.use, "seen": reason, "detected": format_time(detected)}
    if trigger.query is not None:
        evidence["query"] = trigger.query
    why = f"{trigger.name}: {reason}"
    return Order(
        bad.at, bad, trigger.name, trigger.cause, why, trigger.severity, trigger.quarantine, detected, evidence
    )


@dataclass(frozen=True)
class Actor:
    """Acts. ``bring`` reconciles one place to the accepted state and to the restorations that hold."""

    kept: Restorations
    hands: Hands
    bring: Callable[[History, ModelStage], Report]

    def act(self, act: Act, order: Order, history: History, now: datetime) -> Acted:
        """Do it. What fails is a problem of the outcome; a restore goes before its proposal and does not wait for it.

        Raises nothing that is a ``GmError``.
        """
        restored, problems = None, []
        one = restoration(order, history, now) if act is Act.RESTORE else None
        if one is not None:
            try:
                self.kept.put(one)
                restored = self.bring(history, order.at)
                problems += [error for error in (restored.first_error,) if error]
            except GmError as error:
                problems.append(error)
        try:
            proposal = self.hands.propose_order(order)
            if one is not None and proposal is not None:
                self.kept.put(replace(one, proposal=proposal))
        except GmError as error:
            return Acted(None, restored, (*problems, error))
        return Acted(proposal, restored, tuple(problems))

    def settle(self, history: History) -> Settled:
        """End the restorations that are over and propose those that are not yet.

        One whose proposal was closed ends: people have looked at it. While a step waits for its acceptance, and while
        the proposal cannot be looked for or judged, nothing is known to be closed.
        """
        found = Settled()
        for name, one in self.kept.read():
            try:
                if isinstance(one, GmError):
                    raise one
                found = self._settled(one, history, found)
            except GmError as error:
                found = replace(found, problems=(*found.problems, (name, error)))
        return found

    def _settled(self, one: Restoration, history: History, found: Settled) -> Settled:
        if is_over(one, history):
            self.kept.remove(one.at)
            return replace(found, notes=(*found.notes, f"{one.at}: Git has moved on, the restoration is over"))
        bad = _left(one, history)
        if one.proposal is None:
            proposal = self.hands.propose_order(_again(one, bad))
            if proposal is not None:
                self.kept.put(replace(one, proposal=proposal))
            return found
        waits = f"model:{one.model}" in history.state.blocked
        if waits or not self.hands.closed(one.at, bad, one.proposal):
            return found
        self.kept.remove(one.at)
        self.bring(history, one.at)
        note = f"{one.at}: the rollback {one.proposal[:8]} was closed, {one.replaces} is served again"
        return replace(found, notes=(*found.notes, note), closed=(*found.closed, one.at))


def may_pass(error: GmError) -> bool:
    """Whether what went wrong may pass by itself."""
    return error.exit_status in (Exit.EXTERNAL, Exit.CONFLICT)


def restoration(order: Order, history: History, now: datetime) -> Restoration | None:
    """Return what is to be served again instead of the version that is left; None where nothing good is left."""
    good = last_known_good(history, order.at)
    if good is None:
        return None
    return Restoration(
        history.repository.id,
        history.repository.line,
        order.at.model,
        order.at.stage,
        order.bad.version,
        order.bad.lineage_sha256,
        good.version,
        good.lineage_sha256,
        change_step(history, order.at),
        order.trigger,
        order.cause,
        order.reason,
        format_time(now),
        detected=format_time(order.detected) if order.detected else None,
    )


def _left(one: Restoration, history: History) -> Deployment:
    artifacts = artifacts_of(history.state.snapshot, one.model, one.replaces)
    return Deployment(one.model, one.stage, one.replaces, one.replaces_sha256, artifacts)


def _again(one: Restoration, bad: Deployment) -> Order:
    return Order(
        one.at,
        bad,
        one.trigger,
        one.cause,
        one.reason,
        detected=parse_time(one.created),
        evidence={"trigger": one.trigger, "restored": one.created},
    )
