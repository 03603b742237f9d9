"""From a judged commit to a step of history, and the times that bound it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gitops_models.policy.verdict import OPINIONS
from gitops_models.registry.chronicle import Happening
from gitops_models.registry.times import within_reach
from gitops_models.registry.trailers import GM_REASON, parse_trailers
from gitops_models.verification.hands import signing
from gitops_models.verification.history import Step

if TYPE_CHECKING:
    from gitops_models.registry.change import Change
    from gitops_models.store.objects import Commit
    from gitops_models.verification.acceptance import Judged
    from gitops_models.verification.history import Hand


def bound(before: datetime | None, judged: Judged) -> datetime | None:
    """The time before which no later acceptance may lie.

    Only the record of a change that others had to agree to moves it: a merge's own date is anybody's claim, and one
    dated 2099 must not make every later acceptance come too early.
    """
    if not judged.recorded or judged.at is None or not judged.verdict.quorum_needed:
        return before
    return max(before, judged.at) if before else judged.at


def claimed(commit: Commit) -> datetime | None:
    """The committer's date; None for one that no calendar has, or that nothing can be counted from."""
    try:
        at = datetime.fromtimestamp(commit.committer.time, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return at if within_reach(at) else None


def differing_scopes(change: Change) -> frozenset[str]:
    """The scopes of a change whose files are not the accepted ones: nothing else can be blocked."""
    scopes = change.scopes
    return frozenset(scope for scope in scopes if change.before.scope(scope).differences(change.after.scope(scope)))


def step_of(commit: Commit, index: int, change: Change, judged: Judged) -> Step:
    """The step that a judged commit is."""
    facts = judged.facts
    restored = bool(change.events) and all(event.name == "restored" for event in change.events)
    actor = facts.merge.actor if facts.merge else next((fact.actor for fact in facts.commits), None)
    reasons = [fact.reason for fact in facts.commits if fact.reason]
    return Step(
        oid=commit.oid,
        index=index,
        status="restored" if restored and judged.accepted else judged.status,
        events=change.events,
        scopes=change.scopes,
        change_id=facts.change_id,
        verdict=judged.verdict,
        at=judged.at,
        actor=actor,
        proposers=tuple(sorted(facts.proposers)),
        reason=reasons[0] if reasons else parse_trailers(commit.message).get(GM_REASON),
        hands=hands_of(judged),
    )


def violation(step: Step, judged: Judged) -> Happening | None:
    """What a denied step counts as; None where it was denied for opinions only, which may come and go.

    Every reader must count the same: what the ledger says of a step that already landed depends on when one looks.
    """
    if not set(judged.verdict.codes) - OPINIONS:
        return None
    hands = {step.actor.id} if step.actor else set()
    hands |= {fact.signer for fact in judged.facts.commits if fact.signer is not None}
    persons = frozenset(hands.union(step.proposers))
    return Happening("violation", step.oid, judged.facts.at, change_id=judged.facts.change_id, persons=persons)


def hands_of(judged: Judged) -> tuple[Hand, ...]:
    """Every key behind a step: of its commits, and of the decisions that made it count."""
    return (*signing(judged.facts), *judged.decided)
