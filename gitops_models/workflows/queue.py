"""Open proposals with what they wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.workflows.review import check, proposals
from gitops_models.workflows.shown import remember_shown

if TYPE_CHECKING:
    from gitops_models.forge.base import Proposal
    from gitops_models.workflows.session import Session


@dataclass(frozen=True)
class Waiting:
    """One open proposal: ``state`` is ready, waiting, denied, a code, or not fetched (``gm show`` fetches it).

    ``unblock`` are people who could help.
    """

    proposal: Proposal
    state: str
    proposers: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unblock: tuple[str, ...] = ()
    change_id: str | None = None


def waiting(session: Session, *, mine: bool = False, for_me: bool = False) -> list[Waiting]:
    """Every open proposal, judged; one that cannot be judged shows its code and stops no other.

    A decision is held to what stood in the list until the proposal was looked at in full (see ``shown``).
    """
    found = [_judge(session, proposal) for proposal in proposals(session)]
    if mine or for_me:
        me = session.actor(session.signer()).id
        found = [item for item in found if (mine and me in item.proposers) or (for_me and me in item.unblock)]
    for item in found:
        if item.change_id is not None:
            remember_shown(session.store, item.proposal.ref, item.change_id, in_full=False)
    return found


def _judge(session: Session, proposal: Proposal) -> Waiting:
    if not session.store.has(proposal.head):
        return Waiting(proposal, "not fetched")
    try:
        evaluation = check(session, proposal)
    except GmError as error:
        return Waiting(proposal, error.code)
    verdict = evaluation.verdict
    proposers = tuple(sorted(evaluation.facts.proposers))
    if verdict.allowed:
        return Waiting(proposal, "ready", proposers, change_id=evaluation.change_id)
    missing = tuple(role for quorum in verdict.quorums for role in quorum.missing)
    people = {
        person for quorum in verdict.quorums for role in quorum.missing for person in quorum.candidates.get(role, ())
    }
    state = "waiting" if verdict.missing_only else f"denied {verdict.codes[0]}"
    return Waiting(proposal, state, proposers, missing, tuple(sorted(people)), evaluation.change_id)
