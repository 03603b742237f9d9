"""A proposal judged as if it were merged into the tip now: the same change, facts and judge that the step will meet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.facts import Facts
from gitops_models.policy.judge import judge
from gitops_models.registry.values import dataclass
from gitops_models.verification.acceptance import opinions_of
from gitops_models.verification.admission import bytes_present, version_tags
from gitops_models.verification.attached import attached
from gitops_models.verification.changes import blocked_commits, blocked_facts, change_of, id_of
from gitops_models.verification.codeline import follows
from gitops_models.verification.commits import proposal_facts, three_way, was_there
from gitops_models.verification.ratification import unratified
from gitops_models.verification.receipts import Merged
from gitops_models.verification.reviews import Shown, seen_opinions
from gitops_models.verification.signers import signers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from gitops_models.policy.facts import Opinion
    from gitops_models.policy.verdict import Verdict
    from gitops_models.registry.change import Change
    from gitops_models.registry.snapshot import Entry
    from gitops_models.store.repository import Store
    from gitops_models.verification.acceptance import DecisionSource
    from gitops_models.verification.history import History, Pending
    from gitops_models.verification.reviews import SeenReview


@dataclass(frozen=True)
class Evaluation:
    """What landing ``head`` on ``tip`` would mean. ``updates`` are the governed entries the merge changes."""

    tip: str
    head: str
    change: Change
    change_id: str
    facts: Facts
    verdict: Verdict
    updates: Mapping[str, Entry | None]


def evaluate(
    store: Store,
    history: History,
    head: str,
    ledger: DecisionSource,
    *,
    at: datetime,
    has_bytes: Callable[[str, int], bool] | None = None,
    reviews: Sequence[SeenReview] = (),
) -> Evaluation:
    """Judge what merging ``head`` into the history's tip would do at time ``at``.

    ``has_bytes(md5, size)`` asks the artifact remote; None leaves that admission rule out. ``reviews`` are all that the
    forge shows of the proposal; they count as the receipt of them will. Raises GM-F201 when both sides changed the same
    path to different blobs.
    """
    merged = three_way(store, history.tip, head, history.layout)
    if merged.conflicts:
        raise GmError(
            "GM-F201",
            "the proposal and the line changed the same files since the proposal began",
            where=merged.conflicts[0],
            details=merged.conflicts,
        )
    change = change_of(history, merged.updates)
    identity = id_of(history, change)
    shown = Shown(store, history.layout, history.tip, head, change, identity, history.state.anchor(change))
    signed = attached(store, history, change)
    facts = Facts(
        change_id=identity,
        at=at,
        people=history.people,
        state=history.state,
        commits=(
            *blocked_commits(store, history, change),
            *proposal_facts(store, head, history.tip, signers(history), history.layout),
        ),
        opinions=(*_opinions(store, history, identity, ledger), *_reviews(history, reviews, shown)),
        live=True,
        tags=version_tags(store, history, change),
        bytes_present=bytes_present(change, has_bytes) if has_bytes else None,
        provenance=signed.provenance,
        follows=follows(store, change, history.tip),
        malformed=signed.malformed,
        accepted=True,
        unratified=unratified(store, history, change, ledger, at=at),
    )
    verdict = judge(change, facts, history.policy)
    return Evaluation(history.tip, head, change, identity, facts, verdict, merged.updates)


def evaluate_blocked(
    store: Store,
    history: History,
    pending: Pending,
    ledger: DecisionSource,
    *,
    at: datetime,
    has_bytes: Callable[[str, int], bool] | None = None,
    reviews: Sequence[SeenReview] = (),
) -> Evaluation:
    """Judge what a step that landed without acceptance holds, as if it were accepted at time ``at``."""
    replayed = evaluate_landed(store, history, pending, ledger, at=at, reviews=reviews)
    facts = replace(
        replayed.facts,
        live=True,
        tags=version_tags(store, history, replayed.change),
        bytes_present=bytes_present(replayed.change, has_bytes) if has_bytes else None,
    )
    return replace(replayed, facts=facts, verdict=judge(replayed.change, facts, history.policy))


def evaluate_landed(
    store: Store,
    history: History,
    pending: Pending,
    ledger: DecisionSource,
    *,
    at: datetime,
    reviews: Sequence[SeenReview] = (),
) -> Evaluation:
    """Judge the same as a reader who only replays, without version tags and bytes: what a receipt now amounts to."""
    change, landed = blocked_facts(store, history, pending)
    commit = store.commit(pending.step.oid)
    merged = Merged.by(commit, landed.change_id, history.tip)
    anchor = history.state.anchor(change)
    shown = Shown(store, history.layout, merged.base, merged.head, change, landed.change_id, anchor)
    facts = replace(
        landed,
        at=at,
        opinions=(*_opinions(store, history, landed.change_id, ledger), *_reviews(history, reviews, shown)),
        accepted=True,
        unratified=unratified(store, history, change, ledger, at=at),
    )
    verdict = judge(change, facts, history.policy)
    return Evaluation(history.tip, commit.parents[-1], change, landed.change_id, facts, verdict, {})


def _reviews(history: History, seen: Sequence[SeenReview], shown: Shown) -> tuple[Opinion, ...]:
    return seen_opinions(seen, history.repository.forge, history.people, shown)


def _opinions(store: Store, history: History, change_id: str, ledger: DecisionSource) -> tuple[Opinion, ...]:
    def made_by(oid: str) -> bool:
        return was_there(store, oid, history.tip)

    records, accepted = ledger.records(change_id), history.state.snapshot
    return opinions_of(change_id, records, history.people, made_by=made_by, accepted=accepted)
