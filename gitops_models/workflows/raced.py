"""What became of a proposal while somebody else was quicker, and what a landing that was cut short left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.store.transport import RETRYABLE
from gitops_models.verification.commits import was_there
from gitops_models.workflows.propose import forge
from gitops_models.workflows.tagging import make_missing

if TYPE_CHECKING:
    from gitops_models.forge.base import Proposal
    from gitops_models.workflows.patience import Patience
    from gitops_models.workflows.session import Session


def refuse_landed(session: Session, proposal: Proposal, patience: Patience) -> None:
    """Raise GM-F203 for a proposal that is on the line already, and finish its landing, which was cut short.

    Git moves the refs of one push one after the other and deletes last, so a remote that dies may keep the branch and
    lack the tags; records stand before the line.
    """
    if not was_there(session.store, proposal.head, session.history.tip):
        return
    _finish(session, proposal, patience)
    raise _landed_already(session, proposal)


def still_open(session: Session, proposal: Proposal) -> None:
    """Raise where the proposal was landed (GM-F203), withdrawn or changed (GM-F204) since it was found."""
    if _is_open(session, proposal):
        return
    if was_there(session.store, proposal.head, session.history.tip):
        raise _landed_already(session, proposal)
    raise GmError("GM-F204", f"{proposal.branch} was withdrawn or changed meanwhile", where=proposal.branch)


def _finish(session: Session, proposal: Proposal, patience: Patience) -> None:
    for _ in patience.attempts():
        try:
            make_missing(session)
            return forge(session).close(proposal)
        except GmError as error:
            if error.code not in RETRYABLE:
                raise
            session.refresh()
            if not _is_open(session, proposal):
                return None
    raise GmError("GM-F202", f"{proposal.branch} could not be deleted", where=proposal.branch)


def _is_open(session: Session, proposal: Proposal) -> bool:
    return any(known.ref == proposal.ref and known.head == proposal.head for known in forge(session).list())


def _landed_already(session: Session, proposal: Proposal) -> GmError:
    brought = (step.oid for step in session.history.steps if _brought(session, step.oid, proposal.head))
    return GmError("GM-F203", f"{proposal.branch} has landed already", where=next(brought, proposal.branch))


def _brought(session: Session, step: str, head: str) -> bool:
    return head in session.store.commit(step).parents[1:]
