"""Landing a proposal where the forge makes the merge: judge, let it merge that head, verify what it made, accept it.

The forge's answer decides nothing. What is on the line afterwards must be the merge of the judged head, path by path,
and bring the change that was judged; then the acceptance is recorded at that step. Between the two a reader sees a
step that waits, and goes on serving what it served. A change whose approvals are reviews on the forge waits for the
receipt of them: nobody's own key speaks for what others said there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.forge.landing import message_of
from gitops_models.policy.denied import Denied
from gitops_models.registry.times import format_time
from gitops_models.store.history import on_first_parent_line
from gitops_models.store.writer import write_tree
from gitops_models.trust.records import Acceptance, make_acceptance
from gitops_models.verification.commits import three_way
from gitops_models.verification.history import LANDS
from gitops_models.workflows.late import check_waiting
from gitops_models.workflows.merging import Landed, check_clock, follow
from gitops_models.workflows.raced import refuse_landed
from gitops_models.workflows.review import add, check
from gitops_models.workflows.tagging import make_missing

if TYPE_CHECKING:
    from gitops_models.forge.base import Hosted, Proposal
    from gitops_models.policy.verdict import Verdict
    from gitops_models.verification.history import Step
    from gitops_models.verification.proposal import Evaluation
    from gitops_models.workflows.patience import Patience
    from gitops_models.workflows.session import Session

MOVED = "Base branch was modified"
WAITS = "its approvals are reviews on the forge: it waits for the receipt of them"


def merge_hosted(session: Session, place: Hosted, proposal: Proposal, patience: Patience) -> Landed:
    """Land the proposal by the forge's merge of the head that was judged.

    Raises ``Denied``, the forge's own GM-F40n (F404 where the head moved, F405 where a rule of the forge is not met),
    GM-F432 where what it made is not what was judged: nothing is accepted then, and the step stays blocked.
    """
    proposal = _asked(place, proposal)
    refuse_landed(session, proposal, patience)
    evaluation, step = _merge(session, place, proposal, patience)
    session.refresh()
    _verify(session, proposal, evaluation, step)
    waiting = _accept(session, evaluation, step)
    tags = () if waiting else _tidy(session, place, proposal)
    return Landed(proposal, step, evaluation, tags, follow(session, step), waiting)


def _tidy(session: Session, place: Hosted, proposal: Proposal) -> tuple[str, ...]:
    """Make the version tags and delete the branch; it has landed, so what fails here is only told."""
    tags: tuple[str, ...] = ()
    try:
        tags = tuple(state.name for state in make_missing(session))
        place.close(proposal)
    except GmError as error:
        place.notes.append(f"{error}; `gm tag` makes tags that are missing")
    return tags


def _asked(place: Hosted, proposal: Proposal) -> Proposal:
    """The proposal with its pull request; the API's own error where it is silent, GM-F430 where there is none."""
    if proposal.number is not None:
        return proposal
    found = next((one for one in place.list() if one.ref == proposal.ref), None)
    if found is None:
        raise GmError("GM-F430", f"{proposal.branch} has no pull request", hint="run the command that opens it again")
    return found


def _merge(session: Session, place: Hosted, proposal: Proposal, patience: Patience) -> tuple[Evaluation, str]:
    """Judge and merge; again where the line moved in between, which the forge refuses by itself."""
    for _ in patience.attempts():
        evaluation = check(session, proposal)
        if not evaluation.verdict.allowed:
            raise Denied(evaluation.verdict)
        title, _, body = message_of(session.store, proposal, evaluation).partition("\n\n")
        try:
            return evaluation, place.merge(proposal, proposal.head, title, body)
        except GmError as error:
            if error.code != "GM-F405" or MOVED not in error.message:
                raise
        session.refresh()
    raise GmError("GM-F202", f"somebody else was quicker each time for {patience.seconds:g} s", where=proposal.branch)


def _verify(session: Session, proposal: Proposal, evaluation: Evaluation, merge: str) -> None:
    """Hold what the forge made against what was judged; GM-F432."""
    if not on_first_parent_line(session.store, merge, session.history.tip):
        raise GmError("GM-F432", f"the forge names {merge[:12]}, which is no step of {session.line}", where=merge)
    commit = session.store.commit(merge)
    if commit.parents[1:] != (proposal.head,):
        raise GmError("GM-F432", f"step {merge[:12]} does not merge {proposal.head[:12]}", where=merge)
    merged = three_way(session.store, commit.parents[0], proposal.head, None)
    tree = write_tree(session.store, session.store.commit(commit.parents[0]).tree, dict(merged.updates))
    if merged.conflicts or tree != commit.tree:
        raise GmError("GM-F432", f"step {merge[:12]} is another merge of {proposal.head[:12]}", where=merge)
    step = _step(session, merge)
    if step.status != "untouched" and step.change_id != evaluation.change_id:
        what = f"step {merge[:12]} brings change {(step.change_id or '')[:8]}, {evaluation.change_id[:8]} was judged"
        raise GmError("GM-F432", what, where=merge)


def _step(session: Session, merge: str) -> Step:
    return next(step for step in session.history.steps if step.oid == merge)


def _accept(session: Session, evaluation: Evaluation, merge: str) -> str:
    """Record the acceptance where signed decisions carry it; returns why the step waits, if it does."""
    if _step(session, merge).status in LANDS:
        return ""
    pending = next((one for one in session.history.pending.values() if one.step.oid == merge), None)
    if pending is None:
        raise _unfit(_step(session, merge).verdict, merge)
    found = check_waiting(session, pending)
    if not found.verdict.allowed:
        if evaluation.verdict.quorum_needed and found.verdict.missing_only:
            return WAITS
        raise _unfit(found.verdict, merge)
    check_clock(session)
    now = session.clock.now()
    body = Acceptance(
        main=merge,
        merge=merge,
        head=evaluation.head,
        change_id=found.change_id,
        at=format_time(now),
        checkpoint=session.ledger.latest_checkpoint(now),
    )
    waiting = add(session, found.change_id, make_acceptance(body, session.signer()))
    if waiting:
        return f"its acceptance is in the outbox and goes out with the next command: {waiting.message}"
    session.refresh()
    return "" if _step(session, merge).status in LANDS else "the line moved meanwhile: accept it with `gm merge`"


def _unfit(verdict: Verdict | None, merge: str) -> GmError:
    findings = verdict.denials if verdict else ()
    why = tuple(f"{one.code}: {one.message}" for one in findings)
    return GmError("GM-F432", f"step {merge[:12]} was merged, and is not accepted", where=merge, details=why)
