"""``gm trust checkpoint``: a workload signs what history amounts to, as a waypoint for readers without memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass
from gitops_models.trust.records import RECORD_NAMESPACE, Checkpoint, make_checkpoint
from gitops_models.verification.checkpoints import decided_digest, judge_checkpoints, may_not_sign, waiting_steps
from gitops_models.workflows.inspect import replay_all

if TYPE_CHECKING:
    from gitops_models.trust.ledger import Appended
    from gitops_models.workflows.session import Session

EMPTY = "0" * 64


@dataclass(frozen=True)
class Checkpointed:
    """What was signed; ``appended`` is None for a dry run."""

    body: Checkpoint
    signer: str
    sha256: str | None = None
    appended: Appended | None = None


def checkpoint(session: Session, *, dry_run: bool = False) -> Checkpointed:
    """Judge all of history anew and sign what it amounts to.

    Raises GM-T502 without a pin, GM-C170 where the remote cannot be asked (the view may be old), GM-T611 for a key
    that may not, GM-T602, GM-T610, GM-T613 or GM-T615 where earlier checkpoints say otherwise.
    """
    if not session.pinned:
        raise GmError("GM-T502", "a checkpoint speaks for a history that begins at a pin")
    if session.offline:
        raise GmError("GM-C170", f"nothing can be said of the newest tip: {session.offline}")
    signer = session.signer()
    if problem := may_not_sign(session.history.people, signer.fingerprint, RECORD_NAMESPACE):
        raise GmError("GM-T611", problem, where="policies/people.yaml")
    replay_all(session)
    _refuse_contradiction(session)
    body = _body(session)
    actor = session.actor(signer).id
    if dry_run:
        return Checkpointed(body, actor)
    record = make_checkpoint(body, signer)
    return Checkpointed(body, actor, record.sha256, session.writer().append_checkpoint(record))


def _refuse_contradiction(session: Session) -> None:
    now = session.clock.now()
    known = judge_checkpoints(session.store, session.history, session.ledger.checkpoints())
    known.refuse()
    if known.newest is not None and known.newest.made_at > now:
        raise GmError("GM-T613", f"the newest checkpoint says {known.newest.at}, this clock {format_time(now)}")


def _body(session: Session) -> Checkpoint:
    history = session.history
    body = Checkpoint(
        main=history.tip,
        repository=history.repository.id,
        line=history.repository.line,
        since=history.pin,
        waiting=waiting_steps(history),
        ledger_sha256=EMPTY,
        policy_version=history.policy.version,
        at=format_time(session.clock.now()),
    )
    return body.model_copy(update={"ledger_sha256": decided_digest(history, body)})
