"""The change that a tree holds against the accepted state, and what stands behind content that is already blocked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_models.registry.change import change_id, diff
from gitops_models.registry.paths import POLICY_SCOPE
from gitops_models.verification.attached import attached
from gitops_models.verification.codeline import follows
from gitops_models.verification.commits import commit_facts
from gitops_models.verification.signers import signers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_models.policy.facts import CommitFact, Facts
    from gitops_models.registry.change import Change
    from gitops_models.registry.snapshot import Entry
    from gitops_models.registry.state import AcceptedState
    from gitops_models.store.repository import Store
    from gitops_models.verification.history import History, Pending


def change_of(history: History, updates: Mapping[str, Entry | None]) -> Change:
    """The change against the accepted state that landing ``updates`` on the tip makes."""
    scopes = {place.scope for path in updates if (place := history.layout.classify(path))}
    head = history.state.snapshot
    for scope in sorted(scopes):
        head = head.with_scope(scope, history.entries(scope))
    head = head.with_entries(updates)
    return diff(history.state, head, scopes=scopes, stage_order=history.policy.stages)


def id_of(history: History, change: Change) -> str:
    """The change id that an approval of ``change`` is bound to."""
    repository = history.repository
    return change_id(repository.id, repository.line, change, history.state.anchor(change))


def blocked_change(history: History, scopes: frozenset[str]) -> Change:
    """The change that the tip holds in blocked scopes, against the accepted state as it is now."""
    head = history.state.snapshot
    for scope in sorted(scopes):
        head = head.with_scope(scope, history.entries(scope))
    return diff(history.state, head, scopes=scopes, stage_order=history.policy.stages)


def blocked_facts(store: Store, history: History, pending: Pending) -> tuple[Change, Facts]:
    """The change that a blocked step's scopes hold at the tip, and its facts by the people and state accepted now."""
    change = blocked_change(history, pending.change.scopes)
    signed = attached(store, history, change)
    facts = replace(
        pending.facts,
        change_id=id_of(history, change),
        commits=blocked_commits(store, history, change),
        people=history.people,
        state=history.state,
        provenance=signed.provenance,
        follows=follows(store, change, history.tip),
        malformed=signed.malformed,
    )
    return change, facts


def blocked_commits(store: Store, history: History, change: Change) -> tuple[CommitFact, ...]:
    """The commits behind what the blocked scopes of ``change`` hold already, judged by the people accepted now.

    A change on top of blocked content is judged with all of them that touch its files; a restoration with none.
    Signatures that were checked under the same policy scope are not checked again, or each of many refused steps in a
    row would cost more than the one before.
    """
    waiting = [pending for scope, pending in sorted(history.pending.items()) if scope in change.scopes]
    known: dict[str, CommitFact | None] = {}
    for pending in waiting:
        same = _policy_scope(pending.facts.state) is _policy_scope(history.state)
        known |= {fact.oid: fact if same else known.get(fact.oid) for fact in pending.facts.commits}
    old = [store.commit(oid) for oid, fact in known.items() if fact is None]
    known |= {fact.oid: fact for fact in commit_facts(store, old, signers(history), history.layout)}
    paths = {path.path for path in change.paths}
    return tuple(fact for fact in known.values() if fact and not paths.isdisjoint(fact.touched))


def _policy_scope(state: AcceptedState) -> Mapping[str, Entry]:
    """All that a signature is held against: people, pinned root, and the layout that says what is governed."""
    return state.snapshot.scope(POLICY_SCOPE)
