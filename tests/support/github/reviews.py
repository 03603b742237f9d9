"""Operations of reviews, with GitHub's own rules about who may say what."""

from tests.support.github import bodies, events, pulling
from tests.support.github.messages import Refused, not_found
from tests.support.github.pulls import ONE, pull_of
from tests.support.github.routing import route
from tests.support.github.state import Review

STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED", None: "PENDING"}
REVIEWS = ONE + "/reviews"


def refused(message):
    return Refused(422, "Unprocessable Entity", [message])


@route("GET", REVIEWS)
def list_reviews(call):
    pull = pull_of(call)
    shown = [review for review in pull.reviews if review.state != "PENDING" or review.author is call.account]
    return [bodies.review(call.repo, pull, review) for review in shown]


@route("POST", REVIEWS)
def create_review(call):
    pull, given = pull_of(call), call.body
    if call.account is None:
        call.allow("write")
    event, commit = given.get("event"), given.get("commit_id") or pull.head
    _judge(call, pull, event, given)
    if not _belongs(call.repo, pull, commit):
        raise refused("commit_id is not part of the pull request")
    at = call.fake.now() if event else None
    review = Review(call.fake.next_id(), call.account, STATES[event], commit, given.get("body", ""), at)
    pull.reviews.append(review)
    if event:
        pull.reviewers = [account for account in pull.reviewers if account is not call.account]
        events.review(call.repo, pull, call.account, "submitted", review)
    return bodies.review(call.repo, pull, review)


def _judge(call, pull, event, given):
    if event in ("APPROVE", "REQUEST_CHANGES") and call.account is pull.author:
        words = "approve" if event == "APPROVE" else "request changes on"
        raise refused(f"Can not {words} your own pull request")
    if event in ("REQUEST_CHANGES", "COMMENT") and not given.get("body") and not given.get("comments"):
        raise refused("Body can't be blank")
    if event == "APPROVE" and call.account is call.fake.actions and not call.repo.settings.actions_may_approve:
        raise refused("GitHub Actions is not permitted to approve pull requests.")
    if pull.state == "closed" and event in ("APPROVE", "REQUEST_CHANGES") and pull.merged:
        raise refused("Can not approve a merged pull request")


def _belongs(repo, pull, oid):
    """A commit that is, or before a force push was, of the pull request."""
    commit = repo.bare.commit(oid)
    return commit is not None and not repo.bare.contains(pull.base_oid, str(commit.id))


@route("PUT", REVIEWS + "/{review_id}/dismissals")
def dismiss_review(call):
    pull = pull_of(call)
    call.allow("write")
    review = next((each for each in pull.reviews if str(each.id) == call.names["review_id"]), None)
    if review is None:
        raise not_found()
    if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise refused(f"Can not dismiss a {review.state.lower()} pull request review")
    pulling.dismiss(call.repo, pull, review, call.account)
    return bodies.review(call.repo, pull, review)
