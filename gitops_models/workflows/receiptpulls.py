"""Which pull request a step of the line was, and what its reviewers said: the forge's word, held against Git's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.forge.base import SeenReview
    from gitops_models.forge.github.models import PullRequest, RepositoryInfo, Review
    from gitops_models.verification.receipts import Merged
    from gitops_models.workflows.session import Session

__all__ = ["Asked", "PullRequests", "ask", "pull_requests"]


class PullRequests(Protocol):
    """What a receipt asks of a forge."""

    def repository(self) -> RepositoryInfo:
        """The repository that is asked."""
        ...

    def pulls_of_commit(self, oid: str) -> Sequence[PullRequest]:
        """Pull requests that ``oid`` belongs to or was merged by."""
        ...

    def reviews(self, number: int) -> Sequence[Review]:
        """Every review of a pull request, or an error."""
        ...

    def retargeted(self, number: int) -> str | None:
        """When a pull request last got another base branch."""
        ...


@dataclass(frozen=True)
class Asked:
    """The pull request that a step was, and the reviews seen on it."""

    number: int
    reviews: tuple[SeenReview, ...]


def pull_requests(session: Session) -> PullRequests:
    """The forge of this repository; GM-C187 where the accepted gm.yaml names none that has pull requests."""
    import os  # noqa: PLC0415 - for this verb alone

    from gitops_models.forge.github.connect import github_of  # noqa: PLC0415 - as above
    from gitops_models.store.config import remote_address  # noqa: PLC0415 - as above

    forge = session.history.repository.forge
    if forge != "github" or session.remote is None:
        raise GmError("GM-C187", f"forge: {forge} shows no reviews of pull requests", where="gm.yaml")
    return github_of(remote_address(session.store, session.remote), os.environ)


def ask(pulls: PullRequests, merged: Merged, line: str) -> Asked | None:
    """The pull request into ``line`` that the step merged, None where the forge knows of none.

    A head may have been merged for several pull requests at once: the reviews of all of them count, so that nobody gets
    rid of a request for changes by asking once more. A forge says of every pull request whose head the step brought
    along that the step merged it, also of a stranger's for an earlier commit: those of another head are passed over.
    Raises GM-F431 where they are all there is: nothing that the forge says of reviews would be of this change.
    """
    from gitops_models.forge.github.translation import reviews_of, together  # noqa: PLC0415 - for this verb alone

    found = [pull for pull in pulls.pulls_of_commit(merged.step) if pull.merged and pull.base_ref == line]
    here = pulls.repository().id if found else None  # a fork's pull requests have numbers of their own
    found = [pull for pull in found if pull.base_repository == here]
    mine = [pull for pull in found if merged.head == pull.head]
    theirs = next((pull for pull in found if pull.merge_commit == merged.step), None)
    if not mine and theirs is not None:
        said = f"the API says that {theirs.number} was merged at {theirs.head[:12]}, Git says {merged.head[:12]}"
        raise GmError("GM-F431", said, where=merged.step)
    if not mine:
        return None
    first = min(mine, key=lambda pull: (pull.merge_commit != merged.step, pull.number))
    return Asked(first.number, together([reviews_of(pulls, pull.number) for pull in mine]))
