"""Which of a person's decisions on a change is the one that stands. Pure.

Rules (TRUST.md section 3):

1. Decisions of one person form chains: each names the one before it by ``previous``. A decision that another one
   names is history. The order in which records lie in the ledger means nothing, so a copy of an old approval put
   there again is still superseded by the withdrawal that names it.
2. One statement in several envelopes (copied, or an ECDSA signature re-spelled) is one decision: what supersedes one
   of them supersedes all.
3. Of several heads the most restrictive counts: reject, then withdraw, then approve; of approvals the one that
   expires first. The others are shown as ignored.
4. An approval whose ``previous`` is not there does not count: what it followed may have been removed. A rejection or
   withdrawal counts all the same.
5. A decision by a key of no person, or of a workload or forge, outside the key's namespaces, naming another person or
   another change, is no link in any chain: it is shown with the reason and supersedes nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import cast

from gitops_models.policy.facts import Opinion
from gitops_models.registry.values import dataclass
from gitops_models.trust.keyrings import Standing
from gitops_models.trust.records import Decision, Record

__all__ = ["opinions", "previous_of"]

_RESTRICTIVENESS = {"reject": 0, "withdraw": 1, "approve": 2}
_FOR_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class _Said:
    """One decision of one person."""

    person: str
    record: Record
    body: Decision

    @property
    def rank(self) -> tuple[int, datetime, str]:
        """Sorts the most restrictive first."""
        return (_RESTRICTIVENESS[self.body.decision], self.body.expires_at or _FOR_EVER, self.record.sha256)


def opinions(change_id: str, records: Iterable[Record], standing: Callable[[Record], Standing]) -> tuple[Opinion, ...]:
    """Return each person's standing decision on ``change_id``, then every decision that is ignored, with its problem.

    ``standing`` says how a record's key stands among the people accepted at the record's ``main``. Sorted by person,
    so the answer does not depend on the order of ``records``.
    """
    said: dict[str, list[_Said]] = {}
    ignored: list[Opinion] = []
    for record in _decisions(records):
        whose = standing(record)
        if problem := _problem(record, whose, change_id):
            ignored.append(_opinion(record, whose.actor.id if whose.actor else None, problem))
            continue
        person = _body(record).person
        said.setdefault(person, []).append(_Said(person, record, _body(record)))
    found = [opinion for each in said.values() for opinion in _judge_chain(each)]
    return tuple(sorted([*found, *ignored], key=_order))


def previous_of(person: str, change_id: str, records: Iterable[Record]) -> str | None:
    """Return what the person's next decision must name as ``previous``: the head of the chain as it stands.

    ``records`` are decisions already known to be the person's. Of several heads the most restrictive is named.
    """
    mine = [
        _Said(person, record, _body(record))
        for record in _decisions(records)
        if record.change_id == change_id and _body(record).person == person
    ]
    heads = sorted(_heads(mine), key=lambda each: each.rank)
    return heads[0].record.sha256 if heads else None


def _decisions(records: Iterable[Record]) -> list[Record]:
    unique = {record.sha256: record for record in records if isinstance(record.body, Decision)}
    return [unique[sha256] for sha256 in sorted(unique)]


def _body(record: Record) -> Decision:
    return cast("Decision", record.body)


def _problem(record: Record, whose: Standing, change_id: str) -> str | None:
    if record.change_id != change_id:
        return "it is a decision on another change"
    if whose.verdict != "good" or whose.actor is None:
        return whose.detail or "the key belongs to nobody"
    if whose.actor.kind != "person":
        return f"{whose.actor.id} is a {whose.actor.kind} and cannot decide"
    if _body(record).person != whose.actor.id:
        return f"it names {_body(record).person}, but {whose.actor.id} signed it"
    return None


def _judge_chain(said: list[_Said]) -> list[Opinion]:
    """Judge the decisions of one person."""
    heads = _heads(said)
    known = {each.record.sha256 for each in said}
    counting = [each for each in heads if not _dangling(each, known)]
    winner = min(counting, key=lambda each: each.rank, default=None)
    problems = {id(each): _why_not(each, heads, known) for each in said if each is not winner}
    return [_opinion(each.record, each.person, problems.get(id(each))) for each in said]


def _why_not(each: _Said, heads: list[_Said], known: set[str]) -> str:
    if each not in heads:
        return "superseded by a later decision of the same person"
    if _dangling(each, known):
        return "the decision it follows is not in the ledger"
    return "another decision of the same person stands"


def _dangling(each: _Said, known: set[str]) -> bool:
    return each.body.decision == "approve" and each.body.previous is not None and each.body.previous not in known


def _heads(said: list[_Said]) -> list[_Said]:
    statements: Mapping[str, str] = {each.record.sha256: each.record.statement_sha256 for each in said}
    superseded = {statements.get(each.body.previous) for each in said if each.body.previous}
    return [each for each in said if each.record.statement_sha256 not in superseded]


def _opinion(record: Record, person: str | None, problem: str | None) -> Opinion:
    body = _body(record)
    return Opinion(
        person=person,
        fingerprint=record.fingerprint,
        decision=body.decision,
        sha256=record.sha256,
        change_id=record.change_id or "",
        created=body.created_at,
        expires=body.expires_at,
        problem=problem,
        roles=body.roles,
        touch=record.touch,
    )


def _order(opinion: Opinion) -> tuple[bool, str, str]:
    return (opinion.problem is not None, opinion.person or "", opinion.sha256 or "")
