"""What became of each decision and acceptance in the ledger of a change: what it counted for, or why it did not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.policy.approvals import available
from gitops_models.registry.values import dataclass
from gitops_models.trust.keyrings import PeopleKeyring
from gitops_models.trust.records import Acceptance
from gitops_models.verification.acceptance import opinions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from gitops_models.policy.facts import Opinion
    from gitops_models.registry.documents import People
    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.trust.records import Record
    from gitops_models.verification.history import Step


@dataclass(frozen=True)
class Weighed:
    """One decision: the roles that it filled, or why it filled none. A rejection that stands has neither."""

    opinion: Opinion
    counted: tuple[str, ...] = ()
    ignored: str | None = None


@dataclass(frozen=True)
class Accepting:
    """One acceptance in the ledger: who signed it, for which step, and whether it is the one that decided."""

    sha256: str
    by: str | None
    at: datetime
    main: str
    decided: bool
    problem: str | None


def deciding(records: Sequence[Record], step: Step) -> int | None:
    """The place of the record that accepted the step; None where none did."""
    for place, record in enumerate(records):
        body = record.body
        accepts = record.kind != "decision" and getattr(body, "merge", None) == step.oid
        if accepts and step.at is not None and getattr(body, "accepted_at", None) == step.at:
            return place
    return None


def weigh(
    step: Step, records: Sequence[Record], accepted: Snapshot, made_by: Callable[[str], bool]
) -> tuple[Weighed, ...]:
    """Weigh every decision as it stood when the step was decided; one that came later is shown with that reason.

    ``accepted`` is what was accepted before the step, its people among it.
    """
    if step.change_id is None:
        return ()
    place = deciding(records, step)
    known = records if place is None else records[:place]
    people = accepted.people()
    then = opinions_of(step.change_id, known, people, made_by=made_by, accepted=accepted)
    seen = {opinion.sha256 for opinion in then}
    later = opinions_of(step.change_id, records, people, accepted=accepted)
    return (
        *(_weigh(opinion, step) for opinion in then),
        *(_came_later(opinion) for opinion in later if opinion.sha256 not in seen),
    )


def acceptances(records: Sequence[Record], step: Step, people: People, main: str) -> tuple[Accepting, ...]:
    """List the acceptances that speak for this step; the first one made at the accepted time is what decided."""
    place = deciding(records, step)
    return tuple(_acceptances(records, step, people, main, place))


def _acceptances(
    records: Sequence[Record], step: Step, people: People, main: str, place: int | None
) -> Iterator[Accepting]:
    keyring = PeopleKeyring(people)
    for number, record in enumerate(records):
        body = record.body
        if not isinstance(body, Acceptance) or body.merge != step.oid:
            continue
        actor = keyring.lookup(record.fingerprint, record.namespace).actor
        problem = None if number == place else _why_not(record, body, people, main)
        if problem is None and number != place:
            problem = "another one had decided" if place is not None and place < number else "it was not allowed then"
        yield Accepting(
            record.sha256, actor.id if actor else None, body.accepted_at, body.main, number == place, problem
        )


def _why_not(record: Record, body: Acceptance, people: People, main: str) -> str | None:
    """Say what an acceptance lacks whatever the policy thinks of the change."""
    standing = PeopleKeyring(people).lookup(record.fingerprint, record.namespace)
    if standing.verdict != "good" or standing.actor is None:
        return standing.detail
    person = people.person(standing.actor.id) if standing.actor.kind == "person" else None
    if person is not None and (away := available(person, body.accepted_at)):
        return away
    if person is None and "acceptance" not in (standing.actor.may or ()):
        return f"{standing.actor.id} may not accept"
    if body.main != main:
        return f"it was made at {body.main[:12]}, not at {main[:12]}"
    return None


def _weigh(opinion: Opinion, step: Step) -> Weighed:
    if opinion.problem or opinion.decision != "approve":
        return Weighed(opinion, ignored=opinion.problem)
    quorums = step.verdict.quorums if step.verdict else ()
    filled = tuple(one.role for quorum in quorums for one in quorum.counted if one.person == opinion.person)
    if filled:
        return Weighed(opinion, counted=filled)
    whys = (one.why for quorum in quorums for one in quorum.ignored if one.person == opinion.person)
    return Weighed(opinion, ignored=next(whys, "no role of theirs was left to fill"))


def _came_later(opinion: Opinion) -> Weighed:
    return Weighed(opinion, ignored=opinion.problem or "it came after the acceptance that decided")
