"""Landing a proposal: judge it on the tip that the push is leased at, and win or run the race again."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gitops_models.errors import GmError
from gitops_models.forge.landing import prepare_landing
from gitops_models.policy.denied import Denied
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass
from gitops_models.store.history import on_first_parent_line
from gitops_models.store.transport import RETRYABLE
from gitops_models.store.worktree import fast_forward
from gitops_models.trust.chain import ChainReader
from gitops_models.verification.acceptance import is_early
from gitops_models.verification.fold import fold
from gitops_models.verification.history import LANDS
from gitops_models.workflows.patience import Patience
from gitops_models.workflows.propose import forge
from gitops_models.workflows.raced import refuse_landed, still_open
from gitops_models.workflows.review import check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_models.forge.base import Hosted, Proposal
    from gitops_models.forge.landing import Landing
    from gitops_models.trust.records import Record
    from gitops_models.verification.proposal import Evaluation
    from gitops_models.workflows.session import Session

BROKEN = frozenset({"GM-S201", "GM-S210"})


@dataclass(frozen=True)
class Landed:
    """The step that landed a proposal; ``waiting`` says why it is not accepted yet, where a forge made the merge."""

    proposal: Proposal
    step: str
    evaluation: Evaluation
    tags: tuple[str, ...]
    left_alone: str | None
    waiting: str = ""


def merge(session: Session, proposal: Proposal, *, patience: Patience | None = None) -> Landed:
    """Land the proposal in one atomic push, judged on the very tip that the push is leased at.

    A race that was lost is run again from the new tip for as long as ``patience`` lasts. Raises ``Denied`` when the
    policy does not allow it, GM-F202 when the line kept moving, GM-F203 when somebody else landed the proposal, GM-F204
    when it is another one now. Where the forge makes the merge: as ``merge_hosted`` says.
    """
    patience = patience or Patience()
    if (place := forge(session)).merges:
        from gitops_models.workflows.merging_hosted import merge_hosted  # noqa: PLC0415 - Git alone never needs it

        return merge_hosted(session, cast("Hosted", place), proposal, patience)
    refuse_landed(session, proposal, patience)
    for _ in patience.attempts():
        evaluation = check(session, proposal)
        if not evaluation.verdict.allowed:
            raise Denied(evaluation.verdict)
        landing = prepare(session, proposal, evaluation)
        rehearse(session, landing)
        if publish(session, landing, f"land {proposal.branch}"):
            return Landed(proposal, landing.merge, evaluation, landing.tags, follow(session, landing.merge))
        still_open(session, proposal)
    raise GmError("GM-F202", f"somebody else was quicker each time for {patience.seconds:g} s", where=proposal.branch)


def prepare(session: Session, proposal: Proposal, evaluation: Evaluation) -> Landing:
    """Write what lands an allowed proposal; GM-F303 where the clock stands before the last acceptance."""
    if evaluation.verdict.quorum_needed:
        check_clock(session)
    return prepare_landing(
        session.store,
        session.writer(),
        proposal,
        evaluation,
        line=session.line,
        signer=session.signer(),
        ident=session.ident(),
        at=session.clock.now(),
    )


def rehearse(session: Session, landing: Landing) -> None:
    """Judge the landing as every reader will, while nobody has it yet; ``Denied`` with what they would say."""
    proposed = {update.name: update.new for update in landing.updates if update.new}
    ledger = _Rehearsed(session, proposed)
    known, now = session.history, session.clock.now()
    after = fold(session.store, pin=known.pin, tip=landing.merge, ledger=ledger, known=known, now=now)
    step = after.steps[-1]
    if step.status not in LANDS and step.verdict is not None:
        raise Denied(step.verdict)


class _Rehearsed:
    """The ledger as the landing will leave it: its chain was built on everything that this clone knows."""

    def __init__(self, session: Session, proposed: Mapping[str, str]) -> None:
        self.session = session
        self.proposed = proposed

    def records(self, change_id: str) -> tuple[Record, ...]:
        """The good records of a change in chain order."""
        tip = self.proposed.get(f"refs/gm/changes/{change_id}")
        return ChainReader(self.session.store).read([tip]).records if tip else self.session.ledger.records(change_id)


def publish(session: Session, landing: Landing, what: str) -> bool:
    """Whether the landing is on the line now; False for a race that was lost.

    A connection that broke says nothing about what the server did, so the line is asked.
    """
    try:
        forge(session).publish(landing.updates, what)
    except GmError as error:
        if error.code not in RETRYABLE | BROKEN:
            raise
        why = _refresh(session)
        if on_first_parent_line(session.store, landing.merge, session.history.tip):
            return True
        if why or error.code in BROKEN:
            raise error if error.code in BROKEN else why or error from None
        return False
    _refresh(session)  # it has landed: a remote that goes away now takes nothing of that back
    return True


def _refresh(session: Session) -> GmError | None:
    """Look at the remote again; returns why that was not possible."""
    try:
        session.refresh()
    except GmError as error:
        if error.code not in BROKEN:
            raise
        return error
    return None


def check_clock(session: Session) -> None:
    """Refuse to accept anything by a clock that stands before the last acceptance: no reader would count it."""
    now = session.clock.now()
    if is_early(now, session.history.state):
        last = format_time(session.history.state.at or now)
        raise GmError("GM-F303", f"the last step was accepted at {last}, your clock says {format_time(now)}")


def follow(session: Session, step: str) -> str | None:
    """Let the local line and its work tree follow; returns why they were left alone, if they were."""
    if session.remote is None or session.store.ref(f"refs/heads/{session.line}") is None:
        return None
    try:
        followed = fast_forward(session.store, session.line, step)
    except GmError as error:
        return error.message
    return None if followed.moved else followed.reason
