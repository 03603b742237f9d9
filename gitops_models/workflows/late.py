"""Late approval: a step that landed without its acceptance is released by the approval that completes its quorum.

Its acceptance names the step and the line's tip at which it was made, and takes effect there (ADR 0002). A blocked
policy is never released this way; it is restored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.denied import Denied
from gitops_models.registry.paths import POLICY_SCOPE
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass
from gitops_models.trust.records import Acceptance, make_acceptance
from gitops_models.verification.proposal import evaluate_blocked
from gitops_models.workflows.objections import objections
from gitops_models.workflows.remotes import has_bytes
from gitops_models.workflows.review import add, decide
from gitops_models.workflows.shown import hold_to, last_shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.forge.base import SeenReview
    from gitops_models.trust.records import Record
    from gitops_models.verification.history import Pending
    from gitops_models.verification.proposal import Evaluation
    from gitops_models.workflows.session import Session

SHORTEST = 7
ATTEMPTS = 3


@dataclass(frozen=True)
class Late:
    """What a late decision did.

    ``record`` is None where only the acceptance was missing; ``released`` says whether the step is accepted now,
    ``waiting`` why records are still in the outbox.
    """

    step: str
    evaluation: Evaluation
    record: Record | None = None
    released: bool = False
    waiting: GmError | None = None


def waiting_steps(session: Session) -> tuple[Pending, ...]:
    """The steps that keep a model blocked, oldest first; each may still be approved."""
    found = {pending.step.oid: pending for pending in session.history.pending.values()}
    models = (pending for pending in found.values() if POLICY_SCOPE not in pending.change.scopes)
    return tuple(sorted(models, key=lambda pending: pending.step.index))


def find_waiting(session: Session, name: str) -> Pending | None:
    """The blocked step that ``name`` begins the id of: its commit's, or that of the change it holds."""
    if len(name) < SHORTEST:
        return None
    for pending in waiting_steps(session):
        if pending.step.oid.startswith(name) or _judge(session, pending).change_id.startswith(name):
            return pending
    return None


def check_waiting(session: Session, pending: Pending) -> Evaluation:
    """Judge the blocked step as if it were accepted now, by what is signed and against what is asked on the forge."""
    found = _judge(session, pending)
    against = objections(session, pending, found.change_id)
    return _judge(session, pending, against) if against else found


def _judge(session: Session, pending: Pending, reviews: Sequence[SeenReview] = ()) -> Evaluation:
    now, bytes_there = session.clock.now(), has_bytes(session)
    return evaluate_blocked(
        session.store, session.history, pending, session.ledger, at=now, has_bytes=bytes_there, reviews=reviews
    )


def approve_late(
    session: Session,
    pending: Pending,
    *,
    decision: str = "approve",
    reason: str = "",
    keep_local: bool = False,
    change: str | None = None,
) -> Late:
    """Sign a decision on what a blocked step holds; the one that completes the quorum brings the acceptance with it.

    Raises GM-F103 where that is another change now than ``change``, or else than the one that was shown here last.
    """
    signer = session.signer()
    evaluation = check_waiting(session, pending)
    step = pending.step.oid
    hold_to(evaluation.change_id, shown=last_shown(session.store, step), given=change, name=step)
    record = decide(session, evaluation, session.actor(signer), signer, decision=decision, reason=reason)
    if keep_local:
        return Late(pending.step.oid, evaluation, record)
    waiting = add(session, evaluation.change_id, record)
    evaluation = check_waiting(session, pending)
    if waiting or decision != "approve" or not evaluation.verdict.allowed:
        return Late(pending.step.oid, evaluation, record, waiting=waiting)
    accepted = accept_late(session, pending)
    return Late(pending.step.oid, accepted.evaluation, record, accepted.released, accepted.waiting)


def accept_late(session: Session, pending: Pending) -> Late:
    """Record that a blocked step is accepted from the line's tip on.

    Raises ``Denied`` where the policy does not allow it, GM-F202 when the line kept moving meanwhile.
    """
    step = pending.step.oid
    for _ in range(ATTEMPTS):
        tip, evaluation = session.history.tip, check_waiting(session, pending)
        if not evaluation.verdict.allowed:
            raise Denied(evaluation.verdict)
        try:
            waiting = add(session, evaluation.change_id, _acceptance(session, evaluation, step))
        except GmError:
            session.refresh()
            if session.history.tip == tip:
                raise
            continue
        session.refresh()
        if waiting or _released(session, step):
            return Late(step, evaluation, released=not waiting, waiting=waiting)
        found = find_waiting(session, step)
        if found is None:
            break
        pending = found
    raise GmError("GM-F202", f"the line moved while step {step[:12]} was being accepted", where=step)


def _acceptance(session: Session, evaluation: Evaluation, step: str) -> Record:
    from gitops_models.workflows.merging import check_clock  # noqa: PLC0415 - who only looks lands nothing

    check_clock(session)
    now = session.clock.now()
    body = Acceptance(
        main=session.history.tip,
        merge=step,
        head=evaluation.head,
        change_id=evaluation.change_id,
        at=format_time(now),
        checkpoint=session.ledger.latest_checkpoint(now),
    )
    return make_acceptance(body, session.signer())


def _released(session: Session, step: str) -> bool:
    return any(known.oid == step and known.released is not None for known in session.history.steps)
