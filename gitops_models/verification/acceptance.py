"""When a change became accepted: the first acceptance on its ledger ref at which the judge allows it (DESIGN.md s. 6).

Decisions before an acceptance on the change's ref count for it, later ones do not; neither does an approval made at a
later step than the acceptance names, so that nobody completes a quorum behind decisions made since. An acceptance whose
time lies before the previous accepted step's is no acceptance. The first one that the verdict allows decides for ever;
a change that needs no quorum is accepted by its own merge, whose date is a claim and bounds nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Protocol

from gitops_models.policy.approvals import CLOCK_TOLERANCE, available
from gitops_models.policy.judge import judge
from gitops_models.registry.values import dataclass
from gitops_models.trust.keyrings import PeopleKeyring
from gitops_models.trust.opinions import opinions
from gitops_models.trust.records import Acceptance, Receipt
from gitops_models.verification.decisions import standing_of
from gitops_models.verification.hands import deciding
from gitops_models.verification.receipts import accepts
from gitops_models.verification.reviews import standing_opinions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from gitops_models.policy.document import Policy
    from gitops_models.policy.facts import Facts, Opinion
    from gitops_models.policy.verdict import Verdict
    from gitops_models.registry.change import Change
    from gitops_models.registry.documents import People
    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.registry.state import AcceptedState
    from gitops_models.trust.records import Record
    from gitops_models.verification.history import Hand
    from gitops_models.verification.receipts import Heard
    from gitops_models.verification.reviews import Shown


class DecisionSource(Protocol):
    """What verification asks of a ledger."""

    def records(self, change_id: str) -> tuple[Record, ...]:
        """The good records of a change, in the order of its ref."""
        ...


def opinions_of(
    change_id: str,
    records: Sequence[Record],
    people: People,
    *,
    made_by: Callable[[str], bool] | None = None,
    accepted: Snapshot | None = None,
) -> tuple[Opinion, ...]:
    """The decisions on a change as the people accepted *now* give them weight: a removed approver does not count.

    ``made_by`` tells whether a commit that an approval names was there already; a later approval does not count.
    Rejections and withdrawals always do. ``accepted`` holds the trusted root of keyless decisions.
    """
    found = opinions(change_id, records, lambda record: standing_of(record, people, accepted))
    if made_by is None:
        return found
    mains = {record.sha256: record.main for record in records}
    return tuple(_in_time(opinion, mains, made_by) for opinion in found)


def _in_time(opinion: Opinion, mains: Mapping[str, str], made_by: Callable[[str], bool]) -> Opinion:
    main = mains.get(opinion.sha256 or "")
    if opinion.problem or opinion.decision != "approve" or main is None or made_by(main):
        return opinion
    return replace(opinion, problem=f"made at {main[:10]}, which is no earlier step of this line")


@dataclass(frozen=True)
class Judged:
    """A verdict and, where the change is accepted, the time at which it became so.

    ``recorded`` says that an acceptance record gave the time, so that later acceptances may not lie before it;
    ``decided`` whose keys were behind that record and the decisions that it rests on.
    """

    verdict: Verdict
    accepted: bool
    at: datetime | None
    facts: Facts
    recorded: bool = False
    decided: tuple[Hand, ...] = ()

    @property
    def status(self) -> Literal["accepted", "pending", "denied"]:
        """``accepted``, ``pending`` (nothing but approvals or the acceptance is missing) or ``denied``."""
        if self.accepted:
            return "accepted"
        return "pending" if self.verdict.allowed or self.verdict.missing_only else "denied"


@dataclass(frozen=True)
class Place:
    """A step at one place of the history, ``main``: which acceptances and receipts speak for it there.

    ``shown`` is what its reviewers saw.
    """

    applies: Callable[[Acceptance], bool]
    hears: Callable[[Record], Heard | None]
    shown: Shown
    main: str


def judge_step(
    change: Change,
    facts: Facts,
    policy: Policy,
    *,
    records: Sequence[Record],
    place: Place,
    made_by: Callable[[str], bool],
    own: datetime | None,
) -> Judged:
    """Judge a step over the ledger records of its change.

    ``place`` selects the acceptances and receipts that speak for this step at this place of the history; a receipt is
    an acceptance that brings the forge's reviews with it. A request for changes that it tells of holds for the records
    behind it too, until a later receipt tells otherwise: no signature outruns it. ``made_by`` selects the commits at
    which approvals may have been made; ``own`` is the time at which the merge accepts itself where no quorum is to be
    met (None: it may not, as for late approvals).
    """
    refused: tuple[Opinion, ...] = ()
    for position, record in enumerate(records):
        heard = place.hears(record) if isinstance(record.body, Receipt) else None
        reviews = _reviews(heard.receipt, facts.people, place) if heard else ()
        refused = tuple(one for one in reviews if one.decision == "reject") if heard else refused
        at = _accepted_at(record, heard, facts.people, place)
        if at is None or is_early(at, facts.state):
            continue
        signed = _opinions(facts, records[:position], made_by)
        accepted = replace(facts, opinions=(*signed, *(reviews or refused)), at=at, accepted=True)
        verdict = judge(change, accepted, policy)
        if verdict.allowed:
            decided = deciding(verdict, accepted, records[:position], record)
            return Judged(verdict, accepted=True, at=at, facts=accepted, recorded=True, decided=decided)
    return _judge_unaccepted(change, facts, policy, records=records, own=own)


def _opinions(facts: Facts, records: Sequence[Record], made_by: Callable[[str], bool] | None) -> tuple[Opinion, ...]:
    return opinions_of(facts.change_id, records, facts.people, made_by=made_by, accepted=facts.state.snapshot)


def _reviews(receipt: Receipt, people: People, place: Place) -> tuple[Opinion, ...]:
    return standing_opinions(receipt.reviews, receipt.forge, people, place.shown)


def _accepted_at(record: Record, heard: Heard | None, people: People, place: Place) -> datetime | None:
    """When a record says that the step was accepted; None where it does not."""
    if heard is not None:
        return heard.receipt.accepted_at if accepts(heard.receipt, place.main) else None
    acceptance = _acceptance(record, people)
    return acceptance.accepted_at if acceptance and place.applies(acceptance) else None


def is_early(at: datetime, state: AcceptedState) -> bool:
    """Whether ``at`` lies before the previous acceptance (DESIGN.md section 6, "Time"; 5 minutes of tolerance)."""
    return state.at is not None and at < state.at - CLOCK_TOLERANCE


def _judge_unaccepted(
    change: Change, facts: Facts, policy: Policy, *, records: Sequence[Record], own: datetime | None
) -> Judged:
    seen = _opinions(facts, records, None)
    waiting = replace(facts, opinions=seen, at=own or facts.at, accepted=False)
    verdict = judge(change, waiting, policy)
    accepted = verdict.allowed and not verdict.quorum_needed and own is not None
    return Judged(verdict, accepted=accepted, at=own if accepted else None, facts=waiting)


def _acceptance(record: Record, people: People) -> Acceptance | None:
    """The acceptance in ``record`` where its signer may make one under ``people``."""
    if not isinstance(record.body, Acceptance):
        return None
    standing = PeopleKeyring(people).lookup(record.fingerprint, record.namespace)
    if standing.verdict != "good" or standing.actor is None:
        return None
    person = people.person(standing.actor.id) if standing.actor.kind == "person" else None
    if person is not None:
        return record.body if available(person, record.body.accepted_at) is None else None
    return record.body if "acceptance" in (standing.actor.may or ()) else None
