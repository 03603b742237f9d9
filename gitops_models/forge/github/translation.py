"""From GitHub's words to those of every forge."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, cast, get_args

from gitops_models.errors import GmError
from gitops_models.forge.base import ABSENT, Proposal, ReviewState, SeenReview, parse_branch
from gitops_models.registry.text import visible
from gitops_models.registry.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitops_models.forge.github.models import PullRequest, Review

PERSON = "User"
GHOST = "ghost"
ASKS = "changes-requested"
_OPINIONATED = ("approved", ASKS, "dismissed")
_STATES = frozenset(get_args(ReviewState))


def proposal_of(pull: PullRequest, *, own: bool) -> Proposal:
    """The proposal that a pull request is; ``own``: its branch is of the repository itself.

    Any other branch than one that gm named there goes by the number: nobody gives theirs somebody else's name.
    """
    title, author = pull.title.split("\n", 1)[0], pull.author.login if pull.author else GHOST
    named = parse_branch(f"refs/heads/{pull.head_ref}", pull.head, title=title, author=author) if own else None
    if named is None:
        source = f"refs/pull/{pull.number}/head"
        named = Proposal(
            ABSENT, ABSENT, ABSENT, ABSENT, str(pull.number), pull.head, title=title, author=author, source=source
        )
    return replace(named, number=pull.number, url=pull.url)


class Reviewed(Protocol):
    """What is asked of a forge about one pull request."""

    def reviews(self, number: int) -> Sequence[Review]:
        """Every review of it, or an error."""
        ...

    def retargeted(self, number: int) -> str | None:
        """When it last got another base branch."""
        ...


def reviews_of(forge: Reviewed, number: int) -> tuple[SeenReview, ...]:
    """The reviews of a pull request that were submitted, without approvals from before it got its base branch.

    Against another base its page showed something else. Requests for changes stay. GM-F408 for a kind of review that
    gm does not know: it might take an approval back.
    """
    said = forge.reviews(number)
    since = forge.retargeted(number)  # asked last: what came between the answers is not missed
    seen = (_seen(review, review.submitted) for review in said if review.submitted is not None)
    return tuple(one for one in seen if one.state != "approved" or since is None or one.submitted > parse_time(since))


def together(pulls: Sequence[Sequence[SeenReview]]) -> tuple[SeenReview, ...]:
    """The reviews of several pull requests of one head: who asks for changes on one of them does so on all.

    Neither an approval on a copy nor a review that is dismissed there takes that back.
    """
    asking = {account for seen in pulls for account, state in _standing(seen).items() if state == ASKS}
    return tuple(one for seen in pulls for one in seen if one.account not in asking or one.state == ASKS)


def _standing(seen: Iterable[SeenReview]) -> dict[int | None, str]:
    """What each account's latest review on one pull request says that says anything."""
    said = (one for one in seen if one.state in _OPINIONATED)
    return {one.account: one.state for one in sorted(said, key=lambda one: (one.submitted, one.id))}


def _seen(review: Review, submitted: str) -> SeenReview:
    if review.state not in _STATES:
        raise GmError("GM-F408", f"review {review.id} is `{visible(review.state)}`, which gm does not know")
    account = review.account
    return SeenReview(
        id=review.id,
        account=account.id if account else None,
        login=account.login if account else GHOST,
        bot=account is not None and account.kind != PERSON,
        state=cast("ReviewState", review.state),
        commit=review.commit,
        submitted=parse_time(submitted),
    )
