"""The fold over first-parent history (DESIGN.md section 6).

``accepted(0)`` is the tree of the pin. Each next step is judged against the accepted state before it and by *its*
policy and people. Allowed: the touched scopes take the step's governed blobs. Denied or pending: the touched scopes
are blocked and stay where they were; all other scopes go on. A step that brings a blocked scope back to its accepted
blobs restores it. A late acceptance names the main commit it was made at and takes effect after that step, so that
what was decided before is never decided anew (ADR 0002).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.facts import Facts
from gitops_models.registry.paths import POLICY_SCOPE, Layout
from gitops_models.store.history import first_parents
from gitops_models.store.snapshots import governed_diff
from gitops_models.verification.acceptance import Judged, Place, judge_step
from gitops_models.verification.attached import attached
from gitops_models.verification.beginning import begin, laid_out, layout_at, policy_of
from gitops_models.verification.changes import blocked_commits, blocked_facts, change_of, id_of
from gitops_models.verification.codeline import follows
from gitops_models.verification.commits import (
    MERGE_PARENTS,
    commit_facts,
    merge_fact,
    proposal_facts,
    three_way,
    was_there,
)
from gitops_models.verification.history import History, Pending, Step
from gitops_models.verification.ratification import unratified
from gitops_models.verification.receipts import Bench, Merged, hearing
from gitops_models.verification.reviews import Shown
from gitops_models.verification.signers import ReadAhead, signers
from gitops_models.verification.steps import bound, claimed, differing_scopes, hands_of, step_of, violation
from gitops_models.verification.suspicion import suspects, touches
from gitops_models.verification.timely import Timely

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from gitops_models.policy.facts import CommitFact, MergeFact
    from gitops_models.registry.change import Change
    from gitops_models.registry.snapshot import Entry
    from gitops_models.registry.state import AcceptedState
    from gitops_models.store.objects import Commit
    from gitops_models.store.repository import Store
    from gitops_models.trust.records import Acceptance
    from gitops_models.verification.acceptance import DecisionSource

__all__ = ["begin", "fold", "layout_at", "policy_of", "steps_after"]


def fold(
    store: Store,
    *,
    pin: str,
    tip: str,
    ledger: DecisionSource,
    known: History | None = None,
    now: datetime | None,
    undecided: Mapping[str, str] | None = None,
) -> History:
    """Judge every first-parent step after the pin (or after ``known.tip``) up to ``tip``, oldest first.

    ``now`` is the reader's clock: an acceptance of a later time does not count before that time has come. None takes
    every time for past. ``undecided`` is what it remembers of steps that it saw unaccepted (see ``Memory``): a word
    that they were accepted earlier than that comes too late.

    Raises GM-T600 when the line of ``tip`` does not hold the commit to start from: history was rewritten.
    """
    history = known or begin(store, pin)
    walker = _Walker(store, ledger, history, Timely(store, now, undecided or {}))
    ahead = ReadAhead(store, tip)
    try:
        walker.release()  # what came to the ledger since ``known`` was folded may speak for its tip
        for oid in steps_after(store, history.tip, tip):
            ahead.follow(walker.history)
            walker.advance(oid)
    except _StepsNeeded:
        return fold(store, pin=pin, tip=tip, ledger=ledger, now=now, undecided=undecided)
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


class _StepsNeeded(Exception):  # noqa: N818 - no error: the fold begins again from the pin
    """A key was declared compromised, and the steps that it may have touched are not kept here."""


class _Walker:
    """Carries the accepted state from step to step."""

    def __init__(self, store: Store, ledger: DecisionSource, history: History, timely: Timely) -> None:
        self.store = store
        self.ledger = ledger
        self.history = history
        self.timely = timely

    def advance(self, oid: str) -> None:
        """Judge the next step, then let late acceptances that were made at it take effect."""
        index = self.history.length + 1
        commit = self.store.commit(oid)
        parent = self.store.commit(commit.parents[0])
        delta = governed_diff(self.store, parent.tree, commit.tree, self.history.layout)
        governed = delta or self._drops_proposal(commit)
        step = self._judge(commit, delta, index) if governed else Step(oid, index, "untouched")
        self.history = replace(self.history, tip=oid, steps=(*self.history.steps, step))
        self.release()

    def _drops_proposal(self, commit: Commit) -> bool:
        """Whether a merge that changes nothing governed should have: it kept the older side of a proposal."""
        if len(commit.parents) != MERGE_PARENTS:
            return False
        tip, head = commit.parents
        merged = three_way(self.store, tip, head, self.history.layout)
        return bool(merged.updates or merged.conflicts)

    def _judge(self, commit: Commit, delta: Mapping[str, tuple[Entry | None, Entry | None]], index: int) -> Step:
        history = self.history
        updates = {path: after for path, (_, after) in delta.items()}
        change = change_of(history, updates)
        commits, merge = self._facts(commit, dict(delta))
        signed = attached(self.store, history, change)
        facts = Facts(
            change_id=id_of(history, change),
            at=history.state.at,
            people=history.people,
            state=history.state,
            commits=(*blocked_commits(self.store, history, change), *commits),
            merge=merge,
            live=False,
            provenance=signed.provenance,
            follows=follows(self.store, change, history.tip),
            malformed=signed.malformed,
            unratified=unratified(self.store, history, change, self.ledger, at=self._own_time(commit)),
        )
        judged = self._verdict(commit, change, facts)
        step = step_of(commit, index, change, judged)
        self._apply(step, change, judged)
        return step

    def _facts(
        self, commit: Commit, delta: dict[str, tuple[Entry | None, Entry | None]]
    ) -> tuple[tuple[CommitFact, ...], MergeFact | None]:
        people, layout = signers(self.history), self.history.layout
        if len(commit.parents) == 1:
            return commit_facts(self.store, [commit], people, layout), None
        merge = merge_fact(self.store, commit, delta, people, layout)
        if len(commit.parents) != MERGE_PARENTS:
            return (), merge
        tip, head = commit.parents
        return proposal_facts(self.store, head, tip, people, layout), merge

    def _verdict(self, commit: Commit, change: Change, facts: Facts) -> Judged:
        def made_with(acceptance: Acceptance) -> bool:
            if (acceptance.merge, acceptance.head) != (commit.oid, commit.parents[-1]) or acceptance.main not in places:
                return False
            late = self.timely.too_late(commit.oid, acceptance.main)
            return not late and self.timely.fits(acceptance, self.history.people)

        # A forge that makes the merge has it accepted once it is there: what is no policy is released then; the
        # policy is accepted there, as by a receipt, only while nothing was built on it.
        places = (commit.parents[0], *((commit.oid,) if POLICY_SCOPE in change.scopes else ()))
        records = self.ledger.records(facts.change_id)
        return judge_step(
            change,
            facts,
            self.history.policy,
            records=records,
            place=self._place(made_with, commit, change, facts.change_id, main=commit.oid),
            made_by=self._made_by(commit.parents[0]),
            own=self._own_time(commit),
        )

    def _own_time(self, commit: Commit) -> datetime | None:
        """The time at which a merge that nobody else has to agree to accepts itself: its own claim, not before ours."""
        return max(filter(None, (claimed(commit), self.history.state.at)), default=None)

    def _place(
        self, applies: Callable[[Acceptance], bool], commit: Commit, change: Change, change_id: str, *, main: str
    ) -> Place:
        """The place of a step when ``main`` was the tip; receipts speak for it there that were made there."""
        history = self.history
        state, line = history.state, history.repository.line
        bench = Bench(self.store, history.people, state.snapshot, line, state.touched)
        merged = Merged.by(commit, change_id, main)
        late = self.timely.too_late(commit.oid, main)
        hears = hearing(bench, merged, has_come=lambda at: not late and self.timely.has_come(at))
        anchor = state.anchor(change)
        shown = Shown(self.store, history.layout, merged.base, merged.head, change, change_id, anchor)
        return Place(applies, hears, shown, main)

    def _made_by(self, main: str) -> Callable[[str], bool]:
        """Whether a commit was there when ``main`` was the tip; one that is unknown here was not."""
        return lambda oid: was_there(self.store, oid, main)

    def _apply(self, step: Step, change: Change, judged: Judged) -> None:
        history = self.history
        actual = {scope: entries for scope, entries in history.actual.items() if scope not in change.scopes}
        pending = {scope: waiting for scope, waiting in history.pending.items() if scope not in change.scopes}
        if judged.accepted:
            state = history.state.accept(
                change, step=step.oid, at=step.at, persons=step.proposers, change_id=judged.facts.change_id
            )
            self._settle(replace(state, at=bound(history.state.at, judged)), pending, actual)
            return
        differing = differing_scopes(change)
        free = {scope: why for scope, why in history.state.blocked.items() if scope not in change.scopes}
        state = replace(history.state, blocked=free).block(
            differing,
            step=step.oid,
            change_id=judged.facts.change_id,
            codes=judged.verdict.codes,
            violation=violation(step, judged),
        )
        waiting = Pending(step, change, judged.facts)
        pending |= dict.fromkeys(differing, waiting)
        actual |= {scope: change.after.scope(scope) for scope in differing}
        self._settle(state, pending, actual)

    def _settle(
        self, state: AcceptedState, pending: dict[str, Pending], actual: dict[str, Mapping[str, Entry]]
    ) -> None:
        accepted = state.snapshot
        history = replace(self.history, state=state, pending=pending, actual=actual)
        if accepted.scope(POLICY_SCOPE) is self.history.state.snapshot.scope(POLICY_SCOPE):
            self.history = history
            return
        ruled = replace(history, policy=policy_of(accepted), people=accepted.people(), repository=accepted.repository())
        self.history = laid_out(self.store, self._suspicious(ruled), Layout.of(ruled.repository))

    def _suspicious(self, ruled: History) -> History:
        """The history with the versions that keys declared compromised by this step had a hand in."""
        if ruled.people.compromised == self.history.people.compromised:
            return ruled
        if ruled.skipped:
            raise _StepsNeeded
        found = touches(self.store, ruled)
        return replace(ruled, state=replace(ruled.state, suspect=suspects(found)))

    def release(self) -> None:
        """Accept blocked model scopes whose approvals were completed while the last step was the tip."""
        waiting = {pending.step.oid: pending for pending in self.history.pending.values()}
        for pending in waiting.values():
            held = {scope for scope, holder in self.history.pending.items() if holder is pending}
            # Where another step has touched one of its scopes since, its approvals do not speak for what is there now.
            if POLICY_SCOPE not in held and held == differing_scopes(pending.change):
                self._release_one(pending)

    def _release_one(self, pending: Pending) -> None:
        history, step = self.history, pending.step
        if self.timely.too_late(step.oid, history.tip):
            return
        change, facts = blocked_facts(self.store, history, pending)
        head = self.store.commit(step.oid).parents[-1]

        def made_here(acceptance: Acceptance) -> bool:
            spoken = (acceptance.merge, acceptance.head, acceptance.main)
            return spoken == (step.oid, head, history.tip) and self.timely.fits(acceptance, history.people)

        judged = judge_step(
            change,
            facts,
            history.policy,
            records=self.ledger.records(facts.change_id),
            place=self._place(made_here, self.store.commit(step.oid), change, facts.change_id, main=history.tip),
            made_by=self._made_by(history.tip),
            own=None,
        )
        if not judged.accepted:
            return
        late = replace(
            step,
            status="accepted",
            at=judged.at,
            verdict=judged.verdict,
            change_id=facts.change_id,
            released=history.tip,
            hands=hands_of(judged),
        )
        steps = tuple(late if step.oid == late.oid else step for step in history.steps)
        self.history = replace(history, steps=steps)
        self._apply(late, change, judged)
