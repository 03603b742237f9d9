"""``gm receipt``: a workload signs for every step of the line what was said of its pull request on the forge.

Readers never ask a forge. A step that needs reviews waits for its receipt; one that was accepted without gets it all
the same, so that the audit does not depend on the forge either. A receipt is made at the line's tip, and accepts its
step there: a run that comes late catches up with everything before it, and a run that the line has outrun leaves
everything to the next, or readers who had looked between would be told of a past that they did not see.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from gitops_models.errors import GmError
from gitops_models.registry.paths import POLICY_SCOPE, POLICY_YAML
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass
from gitops_models.store.history import on_first_parent_line
from gitops_models.trust.records import Acceptance, Receipt, make_acceptance
from gitops_models.verification.history import LANDS
from gitops_models.verification.proposal import evaluate_landed
from gitops_models.verification.receipts import Bench, Merged, hear
from gitops_models.verification.reviews import recorded
from gitops_models.verification.steps import differing_scopes
from gitops_models.workflows.inspect import replay_all
from gitops_models.workflows.merging import check_clock
from gitops_models.workflows.receiptpulls import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitops_models.policy.verdict import Verdict
    from gitops_models.trust.records import Record
    from gitops_models.verification.history import Pending, Step
    from gitops_models.verification.receipts import Heard
    from gitops_models.workflows.receiptpens import Pen
    from gitops_models.workflows.receiptpulls import Asked, PullRequests
    from gitops_models.workflows.session import Session

__all__ = ["MOST", "Given", "Receipts", "Weighed", "due", "heard", "receipts"]

MOST = 200
"""So many accepted steps without a receipt are looked at; those that wait for one are looked at always."""

OF_ONE = frozenset({"GM-F402", "GM-F403", "GM-F404", "GM-F405", "GM-F408", "GM-F431", "GM-T100", "GM-T120"})
"""Codes of what is wrong with one pull request: the other steps get their receipts all the same."""

Word = Literal["signed", "planned", "known", "none", "disagrees", "failed"]


@dataclass(frozen=True)
class Given:
    """What became of one step.

    ``word``: signed; planned (a dry run); known (there is such a receipt); none (no pull request: somebody pushed);
    disagrees (the forge and Git do) or failed (nothing can be said of its pull request): ``problem`` says why.
    ``verdict`` is None for a step that is not judged again.
    ``status`` is what readers say of the step now.
    """

    step: str
    word: Word
    status: str
    body: Receipt | None = None
    verdict: Verdict | None = None
    record: str | None = None
    acceptance: str | None = None
    problem: GmError | None = None


@dataclass(frozen=True)
class Receipts:
    """What one run gave. ``left_to`` is the tip that the line moved on to, whose run makes the receipts."""

    tip: str
    workload: str | None
    given: tuple[Given, ...] = ()
    left_to: str | None = None


@dataclass(frozen=True)
class Weighed:
    """A receipt that could be signed, and the verdict on a step that waits for it."""

    body: Receipt
    verdict: Verdict | None


def receipts(session: Session, pulls: PullRequests, pen_of: Callable[[Session], Pen] | None) -> Receipts:
    """Give every step its receipt; without ``pen_of`` nothing is signed.

    Raises GM-T502 without a pin, GM-C170 where the remote cannot be asked, GM-C188 for a run on a commit that is not of
    the line, GM-F303 for a clock that stands before the last acceptance, what ``pen_of`` raises, GM-F4nn of the forge
    as a whole, GM-T712 of Sigstore, and GM-S2nn where a receipt cannot be pushed. What was signed before that stays.
    What is wrong with one pull request (``OF_ONE``), which strangers may bring about, is told at its step.
    """
    if not session.pinned:
        raise GmError("GM-T502", "a receipt speaks for a history that begins at a pin")
    if session.offline:
        raise GmError("GM-C170", f"nothing can be said of the newest step: {session.offline}")
    replay_all(session)
    tip, pen = session.history.tip, pen_of(session) if pen_of else None
    workload = pen.workload if pen else None
    if pen and _outrun(session, pen):
        return Receipts(pen.commit or tip, workload, left_to=tip)
    given: list[Given] = []
    for oid in due(session):
        one = _try(session, pulls, oid, pen)
        if one is None:
            return Receipts(tip, workload, tuple(given), left_to=session.history.tip)
        given.append(one)
    return Receipts(tip, workload, tuple(given))


def due(session: Session) -> list[str]:
    """The steps to look at: accepted ones without a receipt, oldest first, then the tip, then what waits before it.

    A receipt of the tip has the earliest time of those that accept something: readers meet it first.
    """
    history = session.history
    waiting = {pending.step.oid: pending.step for pending in history.pending.values()}
    lacking: list[str] = []
    for step in reversed(history.steps):
        if step.change_id is None or step.oid in waiting:
            continue
        if len(lacking) == MOST or any(heard(session, step.oid, step.change_id)):
            break
        lacking.append(step.oid)
    late = sorted(waiting.values(), key=lambda step: (step.oid != history.tip, step.index))
    return [*reversed(lacking), *(step.oid for step in late)]


def _outrun(session: Session, pen: Pen) -> bool:
    """Whether the line has moved on from the commit that the run is on; GM-C188 where that is none of the line."""
    tip = session.history.tip
    if pen.commit in {None, tip}:
        return False
    if not _on_line(session, pen.commit or "", tip):
        raise GmError("GM-C188", f"the run is on {pen.commit}, the line is at {tip}", where=tip)
    return True


def _on_line(session: Session, oid: str, tip: str) -> bool:
    return session.store.has(oid) and on_first_parent_line(session.store, oid, tip)


def _try(session: Session, pulls: PullRequests, oid: str, pen: Pen | None) -> Given | None:
    """What becomes of one step; one that nothing can be said of stands in no other's way."""
    try:
        return _give(session, pulls, oid, pen)
    except GmError as error:
        if error.code not in OF_ONE:
            raise
        word: Word = "disagrees" if error.code == "GM-F431" else "failed"
        return Given(oid, word, _step(session, oid).status, problem=error)


def _give(session: Session, pulls: PullRequests, oid: str, pen: Pen | None) -> Given | None:
    """What becomes of one step; None where the line moved on meanwhile."""
    step = _step(session, oid)
    merged = _merged(session, step)
    asked = ask(pulls, merged, session.history.repository.line)
    if asked is None:
        return Given(oid, "none", step.status)
    if pen and step.status not in LANDS:
        _look_again(session)
        if _outrun(session, pen):
            return None
        step = _step(session, oid)
        merged = _merged(session, step)
    weighed = _weigh(session, step, merged, asked)
    plan = Given(oid, "planned", step.status, weighed.body, weighed.verdict)
    known = [one for one in heard(session, oid, weighed.body.change_id) if _same(one, weighed)]
    if known:
        return replace(plan, word="known", record=known[0].sha256)
    return _sign(session, plan, weighed, pen) if pen else plan


def _weigh(session: Session, step: Step, merged: Merged, asked: Asked) -> Weighed:
    """What a receipt of the step would say now. A step that waits for nothing is not judged again."""
    history, now = session.history, session.clock.now()
    pending = _releasable(session, step.oid)
    verdict, change_id, allowed = None, merged.change_id, step.status in LANDS
    if pending is not None:
        found = evaluate_landed(session.store, history, pending, session.ledger, at=now, reviews=asked.reviews)
        verdict, change_id, allowed = found.verdict, found.change_id, found.verdict.allowed
    forge, people = history.repository.forge, history.people
    body = Receipt(
        main=history.tip,
        forge=forge,
        pull_request=asked.number,
        head=merged.head,
        base=merged.base,
        merge=merged.step,
        change_id=change_id,
        at=format_time(now),
        reviews=recorded(asked.reviews, lambda account: people.person_of_login(forge, account) is not None),
        verdict="allowed" if allowed else "denied",
        policy_sha256=session.accepted.sha256(POLICY_YAML) or "",
    )
    return Weighed(body, verdict)


def _releasable(session: Session, oid: str) -> Pending | None:
    """The step where it waits for a word that it is accepted, and one made now would be heard."""
    history = session.history
    held = {scope for scope, pending in history.pending.items() if pending.step.oid == oid}
    if not held:
        return None
    pending = history.pending[min(held)]
    if oid == history.tip:
        return pending
    return pending if POLICY_SCOPE not in held and held == differing_scopes(pending.change) else None


def _same(heard: Heard, weighed: Weighed) -> bool:
    """Whether a receipt says the same, and a step that could be accepted does not still wait in spite of it."""
    one, body = heard.receipt, weighed.body
    if weighed.verdict is not None and body.verdict == "allowed":
        return False  # by a clock that stood elsewhere, or at a tip that readers had seen beyond
    return (one.pull_request, one.verdict, one.reviews) == (body.pull_request, body.verdict, body.reviews)


def _sign(session: Session, plan: Given, weighed: Weighed, pen: Pen) -> Given:
    body = weighed.body
    if weighed.verdict is not None:
        check_clock(session)
    record = pen.write(body)
    merged = Merged.by(session.store.commit(body.merge), body.change_id, session.history.tip)
    hear(_bench(session), record, merged)
    _append(session, pen, body.change_id, record)
    accepted = _accept(session, weighed, pen)
    if weighed.verdict is not None:
        _look_again(session)
    status = _step(session, body.merge).status
    return replace(plan, word="signed", status=status, record=record.sha256, acceptance=accepted)


def _accept(session: Session, weighed: Weighed, pen: Pen) -> str | None:
    """Sign an acceptance too, as a workload that may: it needs nobody who reads receipts."""
    body = weighed.body
    if pen.accepts is None or weighed.verdict is None or body.verdict == "denied":
        return None
    said = Acceptance(
        main=body.main,
        merge=body.merge,
        head=session.store.commit(body.merge).parents[-1],
        change_id=body.change_id,
        at=body.at,
        checkpoint=session.ledger.latest_checkpoint(session.clock.now()),
    )
    record = make_acceptance(said, pen.accepts)
    _append(session, pen, body.change_id, record)
    return record.sha256


def _append(session: Session, pen: Pen, change_id: str, record: Record) -> None:
    appended = pen.ledger(session).append(change_id, record)
    session.ledger.refresh()
    if appended.waiting is not None:
        raise appended.waiting


def heard(session: Session, oid: str, change_id: str) -> Iterator[Heard]:
    """The receipts of a step that count here: anybody may write junk, which is none."""
    merged = Merged.by(session.store.commit(oid), change_id, session.history.tip)
    for record in session.ledger.records(change_id):
        if isinstance(record.body, Receipt) and record.body.merge == oid:
            with suppress(GmError):
                yield hear(_bench(session), record, merged)


def _bench(session: Session) -> Bench:
    history = session.history
    state = history.state
    return Bench(session.store, history.people, state.snapshot, history.repository.line, state.touched)


def _look_again(session: Session) -> None:
    session.refresh()
    replay_all(session)


def _merged(session: Session, step: Step) -> Merged:
    return Merged.by(session.store.commit(step.oid), step.change_id or "", session.history.tip)


def _step(session: Session, oid: str) -> Step:
    return next(step for step in session.history.steps if step.oid == oid)
