"""The fold over first-parent history (DESIGN.md section 6).

``accepted(0)`` is the tree of the pin. Each next step is judged against the accepted state before it and by *its*
policy and people. Allowed: the touched scopes take the step's governed blobs. Denied or pending: the touched scopes
are blocked and stay where they were; all other scopes go on. A step that brings a blocked scope back to its accepted
blobs restores it. A late acceptance names the main commit it was made at and takes effect after that step, so that
what was decided before is never decided anew (ADR 0002).
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.document import load_policy
from gitops_models.policy.facts import Facts
from gitops_models.registry.change import change_id, diff
from gitops_models.registry.paths import GM_YAML, POLICY_YAML, Layout
from gitops_models.registry.state import AcceptedState
from gitops_models.registry.trailers import GM_REASON, parse_trailers
from gitops_models.store.history import first_parents, walk_first_parents
from gitops_models.store.snapshots import governed_diff, snapshot
from gitops_models.store.trees import has_file
from gitops_models.verification.acceptance import Judged, judge_step
from gitops_models.verification.commits import MERGE_PARENTS, commit_facts, merge_fact, proposal_facts
from gitops_models.verification.history import History, Pending, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitops_models.policy.document import Policy
    from gitops_models.policy.facts import CommitFact, MergeFact
    from gitops_models.registry.change import Change
    from gitops_models.registry.snapshot import Entry, Snapshot
    from gitops_models.store.objects import Commit
    from gitops_models.store.repository import Store
    from gitops_models.trust.records import Acceptance
    from gitops_models.verification.acceptance import DecisionSource

    Admission = Callable[[Change, AcceptedState], Mapping[str, object]]


def begin(store: Store, pin: str) -> History:
    """The history that consists of the pin alone; its tree is accepted because somebody said so outside Git."""
    layout = layout_at(store, pin)
    accepted = snapshot(store, pin, layout)
    return History(
        repository=accepted.repository(),
        layout=layout,
        pin=pin,
        tip=pin,
        state=AcceptedState.initial(accepted, pin, touched=_touched_before(store, pin, layout)),
        policy=policy_of(accepted),
        people=accepted.people(),
    )


def _touched_before(store: Store, pin: str, layout: Layout) -> dict[str, str]:
    """The last step up to the pin that touched each mutable path, oldest first.

    Readers with different pins must find the same anchors; the first governed commit itself touches nothing.
    """
    steps: list[str] = []
    for oid in walk_first_parents(store, pin):
        if not has_file(store, oid, GM_YAML):
            break
        steps.append(oid)
    touched: dict[str, str] = {}
    for above, oid in itertools.pairwise(reversed(steps)):
        for path in governed_diff(store, above, oid, layout):
            if layout.mutable(path):
                touched.pop(path, None)
                touched[path] = oid
    return touched


def fold(store: Store, *, pin: str, tip: str, ledger: DecisionSource, known: History | None = None) -> History:
    """Judge every first-parent step after the pin (or after ``known.tip``) up to ``tip``, oldest first.

    Raises GM-T600 when the line of ``tip`` does not hold the commit to start from: history was rewritten.
    """
    history = known or begin(store, pin)
    walker = _Walker(store, ledger, history)
    for oid in steps_after(store, history.tip, tip):
        walker.advance(oid)
    return walker.history


def steps_after(store: Store, known: str, tip: str) -> list[str]:
    """The first-parent steps after ``known``, oldest first; GM-T600 when the line of ``tip`` does not hold it."""
    try:
        return first_parents(store, tip, stop=known)
    except GmError as error:
        if error.code != "GM-S011":
            raise
        raise GmError(
            "GM-T600",
            f"the first-parent line of {tip[:12]} does not hold {known[:12]}: history was rewritten",
            where=tip,
        ) from error


def layout_at(store: Store, revision: str) -> Layout:
    """The layout that ``gm.yaml`` at ``revision`` declares. Raises GM-C110 where there is none."""
    bare = snapshot(store, revision, Layout())
    if bare.entry(GM_YAML) is None:
        raise GmError("GM-C110", "this repository has no gm.yaml", where=f"{revision[:12]}:{GM_YAML}")
    return Layout.of(bare.repository())


def policy_of(accepted: Snapshot) -> Policy:
    """The policy of an accepted state. Raises GM-P701 where there is none: no policy means deny."""
    if accepted.entry(POLICY_YAML) is None:
        raise GmError("GM-P701", "there is no policy, and no policy means deny", where=POLICY_YAML)
    return load_policy(accepted.data(POLICY_YAML), POLICY_YAML)


class _Walker:
    """Carries the accepted state from step to step."""

    def __init__(self, store: Store, ledger: DecisionSource, history: History) -> None:
        self.store = store
        self.ledger = ledger
        self.history = history

    def advance(self, oid: str) -> None:
        """Judge the next step, then let late acceptances that were made at it take effect."""
        index = self.history.length + 1
        commit = self.store.commit(oid)
        parent = self.store.commit(commit.parents[0])
        delta = governed_diff(self.store, parent.tree, commit.tree, self.history.layout)
        step = self._judge(commit, delta, index) if delta else Step(oid, index, "untouched")
        self.history = replace(self.history, tip=oid, steps=(*self.history.steps, step))
        self._release(oid)

    def _judge(self, commit: Commit, delta: Mapping[str, tuple[Entry | None, Entry | None]], index: int) -> Step:
        history = self.history
        updates = {path: after for path, (_, after) in delta.items()}
        change = change_of(history, updates)
        commits, merge = self._facts(commit, dict(delta))
        facts = Facts(
            change_id=id_of(history, change),
            at=history.state.at,
            people=history.people,
            state=history.state,
            commits=(*blocked_commits(self.store, history, change.scopes), *commits),
            merge=merge,
            live=False,
        )
        judged = self._verdict(commit, change, facts)
        step = _step(commit, index, change, judged)
        self._apply(step, change, judged)
        return step

    def _facts(
        self, commit: Commit, delta: dict[str, tuple[Entry | None, Entry | None]]
    ) -> tuple[tuple[CommitFact, ...], MergeFact | None]:
        people, layout = self.history.people, self.history.layout
        if len(commit.parents) == 1:
            return commit_facts(self.store, [commit], people, layout), None
        merge = merge_fact(self.store, commit, delta, people, layout)
        if len(commit.parents) != MERGE_PARENTS:
            return (), merge
        tip, head = commit.parents
        return proposal_facts(self.store, head, tip, people, layout), merge

    def _verdict(self, commit: Commit, change: Change, facts: Facts) -> Judged:
        def made_with(acceptance: Acceptance) -> bool:
            spoken = (acceptance.merge, acceptance.head, acceptance.main)
            return spoken == (commit.oid, commit.parents[-1], commit.parents[0])

        committed = datetime.fromtimestamp(commit.committer.time, UTC)
        before = self.history.state.at
        own = max(committed, before) if before else committed
        records = self.ledger.records(facts.change_id)
        return judge_step(change, facts, self.history.policy, records=records, applies=made_with, own=own)

    def _apply(self, step: Step, change: Change, judged: Judged) -> None:
        history = self.history
        actual = {scope: entries for scope, entries in history.actual.items() if scope not in change.scopes}
        pending = {scope: waiting for scope, waiting in history.pending.items() if scope not in change.scopes}
        if judged.accepted:
            state = history.state.accept(change, step=step.oid, at=step.at, persons=step.proposers)
            self._settle(state, pending, actual)
            return
        state = history.state.block(
            change.scopes, step=step.oid, change_id=judged.facts.change_id, codes=judged.verdict.codes
        )
        waiting = Pending(step, change, judged.facts)
        pending |= dict.fromkeys(change.scopes, waiting)
        actual |= {scope: change.after.scope(scope) for scope in change.scopes}
        self._settle(state, pending, actual)

    def _settle(
        self, state: AcceptedState, pending: dict[str, Pending], actual: dict[str, Mapping[str, Entry]]
    ) -> None:
        accepted = state.snapshot
        policy, people, repository = self.history.policy, self.history.people, self.history.repository
        if accepted.scope("policy") is not self.history.state.snapshot.scope("policy"):
            policy, people, repository = policy_of(accepted), accepted.people(), accepted.repository()
        self.history = replace(
            self.history,
            state=state,
            policy=policy,
            people=people,
            repository=repository,
            pending=pending,
            actual=actual,
        )

    def _release(self, oid: str) -> None:
        """Accept blocked model scopes whose approvals were completed while ``oid`` was the tip."""
        waiting = {pending.step.oid: pending for pending in self.history.pending.values()}
        for pending in waiting.values():
            if "policy" not in pending.change.scopes:
                self._release_one(pending, oid)

    def _release_one(self, pending: Pending, oid: str) -> None:
        history = self.history
        change = blocked_change(history, pending.change.scopes)
        facts = replace(
            pending.facts,
            change_id=id_of(history, change),
            commits=blocked_commits(self.store, history, pending.change.scopes),
            people=history.people,
            state=history.state,
        )

        def made_here(acceptance: Acceptance) -> bool:
            return acceptance.merge == pending.step.oid and acceptance.main == oid

        records = self.ledger.records(facts.change_id)
        judged = judge_step(change, facts, history.policy, records=records, applies=made_here, own=None)
        if not judged.accepted:
            return
        late = replace(pending.step, status="accepted", at=judged.at, verdict=judged.verdict, released=oid)
        steps = tuple(late if step.oid == late.oid else step for step in history.steps)
        self.history = replace(history, steps=steps)
        self._apply(late, change, judged)


def blocked_commits(store: Store, history: History, scopes: frozenset[str]) -> tuple[CommitFact, ...]:
    """The commits behind what blocked ``scopes`` hold already, their signers judged by the people accepted now.

    A change on top of blocked content is judged with all of them.
    """
    waiting = [pending for scope, pending in sorted(history.pending.items()) if scope in scopes]
    oids = dict.fromkeys(fact.oid for pending in waiting for fact in pending.facts.commits)
    return commit_facts(store, [store.commit(oid) for oid in oids], history.people, history.layout)


def change_of(history: History, updates: Mapping[str, Entry | None]) -> Change:
    """The change against the accepted state that landing ``updates`` on the tip makes."""
    scopes = {place.scope for path in updates if (place := history.layout.classify(path))}
    head = history.state.snapshot
    for scope in sorted(scopes):
        head = head.with_scope(scope, history.entries(scope))
    head = head.with_entries(updates)
    return diff(history.state, head, scopes=scopes, stage_order=history.policy.stages)


def blocked_change(history: History, scopes: frozenset[str]) -> Change:
    """The change that the tip holds in blocked scopes, against the accepted state as it is now."""
    head = history.state.snapshot
    for scope in sorted(scopes):
        head = head.with_scope(scope, history.entries(scope))
    return diff(history.state, head, scopes=scopes, stage_order=history.policy.stages)


def id_of(history: History, change: Change) -> str:
    """The change id that an approval of ``change`` is bound to."""
    repository = history.repository
    return change_id(repository.id, repository.line, change, history.state.anchor(change))


def _step(commit: Commit, index: int, change: Change, judged: Judged) -> Step:
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
    )
