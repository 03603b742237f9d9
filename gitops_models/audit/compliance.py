"""How a repository stands against each clause of the governance documents, with what history shows of it. Pure.

A clause is *enforced* when the policy fills the fields that it needs and gm has the rules for it. The evidence counts
the accepted steps at which those rules were asked and held, and the steps that they denied; a clause that was never
asked about is enforced all the same, and says so by its counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.policy.clauses import CLAUSES, standing
from gitops_models.policy.reviews import due_on, review_items
from gitops_models.policy.training import untrained
from gitops_models.registry.canonical import sha256_hex
from gitops_models.registry.times import parse_date
from gitops_models.registry.values import dataclass
from gitops_models.registry.waivers import waivers_in_force
from gitops_models.verification.history import LANDS

if TYPE_CHECKING:
    from datetime import date, datetime

    from gitops_models.policy.clauses import Clause, Standing
    from gitops_models.registry.documents import Waiver
    from gitops_models.verification.history import History, Step

RULE = "GM-P"
ASKED = {
    "2": frozenset(("version-registered",)),
    "3": frozenset(("promoted",)),
    "5": frozenset(("rolled-back", "quarantined", "hold-lifted", "cause-resolved")),
    "6": frozenset(("rolled-back", "hold-placed")),
    "7": frozenset(("policy-changed", "people-changed", "targets-changed", "waiver-added", "other-governed")),
    "9": frozenset(("promoted",)),
}
"""Families of rules by the events at which they are asked; the others are asked at every event."""


@dataclass(frozen=True)
class Seen:
    """How often something happened, and the last step at which it did."""

    count: int = 0
    step: str | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class ClauseRow:
    """One clause: how it stands, where its rules held and where they denied."""

    clause: Clause
    standing: Standing
    held: Seen
    denied: Seen


@dataclass(frozen=True)
class TrainingRegister:
    """How many of the people who count hold every training that the policy asks for."""

    topics: tuple[str, ...]
    trained: int
    people: int


@dataclass(frozen=True)
class Review:
    """When the policy was reviewed last, when it is due, and what calls for a review since."""

    last: date
    due: date
    overdue: bool
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Compliance:
    """The whole answer for one repository at its accepted tip."""

    tip: str
    steps: int
    policy: str
    policy_version: int
    policy_path: str
    policy_sha256: str
    training: TrainingRegister | None
    review: Review | None
    rows: tuple[ClauseRow, ...]
    waivers: tuple[Waiver, ...] = ()


def compliance(history: History, policy_path: str, now: datetime) -> Compliance:
    """Judge every clause against the accepted policy; ``history`` must hold every step since the pin.

    ``now`` is the reader's clock: what is due and whose training is valid depends on it, and no verdict does.
    """
    policy = history.policy
    data = history.state.snapshot.data(policy_path)
    return Compliance(
        tip=history.tip,
        steps=history.length,
        policy=policy.id,
        policy_version=policy.version,
        policy_path=policy_path,
        policy_sha256=sha256_hex(data),
        training=_training(history, now),
        review=_review(history, now),
        rows=tuple(_row(clause, history) for clause in CLAUSES),
        waivers=waivers_in_force(history.state.snapshot, now),
    )


def _row(clause: Clause, history: History) -> ClauseRow:
    rules = frozenset(code for code in clause.rules if code.startswith(RULE))
    held = [step for step in history.steps if step.status in LANDS and _asked(rules, step)]
    denied = [step for step in history.steps if step.status == "denied" and _denied(rules, step)]
    return ClauseRow(clause, standing(clause, history.policy), _seen(held), _seen(denied))


def _asked(rules: frozenset[str], step: Step) -> bool:
    names = {event.name for event in step.events}
    families = {code.removeprefix(RULE)[0] for code in rules}
    return bool(names) and any(family not in ASKED or ASKED[family] & names for family in families)


def _denied(rules: frozenset[str], step: Step) -> bool:
    return step.verdict is not None and not rules.isdisjoint(step.verdict.codes)


def _seen(steps: list[Step]) -> Seen:
    return Seen(len(steps), steps[-1].oid, steps[-1].at) if steps else Seen()


def _training(history: History, now: datetime) -> TrainingRegister | None:
    rule = history.policy.training
    if rule is None:
        return None
    day = now.date()
    people = [
        person
        for person in history.people.people
        if not person.suspended and (person.until is None or parse_date(person.until) >= day)
    ]
    trained = sum(untrained(person, rule, now) is None for person in people)
    return TrainingRegister(tuple(rule.topics), trained, len(people))


def _review(history: History, now: datetime) -> Review | None:
    rule = history.policy.review
    if rule is None:
        return None
    last = parse_date(rule.last)
    due = due_on(last, rule.every_days)
    items = tuple(item.what for item in review_items(history.policy, history.state, now))
    return Review(last, due, now.date() > due, items)
