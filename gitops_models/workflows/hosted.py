"""The forge with pull requests of a repository whose gm.yaml names one. Its modules are imported only there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.store.config import remote_address
from gitops_models.workflows.propose import GITHUB, forge

if TYPE_CHECKING:
    from gitops_models.forge.base import Hosted, Proposal
    from gitops_models.trust.records import Decision
    from gitops_models.workflows.session import Session

SILENT = frozenset({"GM-F401", "GM-F406", "GM-F407", "GM-F408", "GM-F410"})
"""Codes of an API that does not answer; what is signed works without it."""


def connect(session: Session, remote: str) -> Hosted:
    """The pull requests of the repository that the remote's address names, asked once for a session.

    Raises GM-F410, F411, F413 and F414; no request is made.
    """
    if session.hosted is None:
        from gitops_models.forge.github.connect import github_of  # noqa: PLC0415 - Git alone never needs it
        from gitops_models.forge.github.forge import GitHubForge  # noqa: PLC0415 - as above

        github = github_of(remote_address(session.store, remote), os.environ)
        session.hosted = GitHubForge(session.store, remote, session.line, github)
    return session.hosted


def hosted(session: Session) -> Hosted:
    """The forge with pull requests; GM-F430 where the forge is Git alone."""
    if session.remote is None or session.history.repository.forge != GITHUB:
        raise GmError("GM-F430", "gm.yaml names no forge with pull requests, or this clone has no remote")
    return connect(session, session.remote)


def say_opinion(session: Session, proposal: Proposal, decision: Decision) -> GmError | None:
    """Submit a signed decision as a review too; returns why that was not possible, if it was not.

    With one's own token only: as a review, what another account says would be another person's word (GM-F434).
    """
    if proposal.number is None or not forge(session).merges:
        return None
    try:
        place = hosted(session)
        _refuse_stranger(session, place, decision.person)
        place.review(proposal, decision.decision, decision.reason)
    except GmError as error:
        return error
    return None


def _refuse_stranger(session: Session, place: Hosted, signer: str) -> None:
    """GM-F434 where the token is of no person, or of another one than whoever signed."""
    account = place.whoami()
    if account is None:
        raise GmError("GM-F434", "the token is a workflow's or an App's, and only people review")
    person = session.history.people.person_of_login(place.name, account.id)
    if person is not None and person.id != signer:
        raise GmError("GM-F434", f"the token is {person.id}'s, and the decision {signer}'s", where=account.name)
