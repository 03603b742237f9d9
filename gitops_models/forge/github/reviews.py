"""Reviews and comments of pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.forge.github import reading
from gitops_models.forge.github.calls import Calls
from gitops_models.forge.github.fields import fields_of, unlike
from gitops_models.registry.times import parse_time

if TYPE_CHECKING:
    from gitops_models.forge.github.models import Comment, Review

# A body has up to 65,536 characters, of which JSON may make twelve bytes each: so many fit into one answer.
_PER_PAGE = 20
_MOST_PAGES = 150
_RETARGETS = frozenset({"base_ref_changed", "automatic_base_change_succeeded"})
_BECOMES = {"APPROVE": "approved", "REQUEST_CHANGES": "changes-requested", "COMMENT": "commented"}


class ReviewCalls(Calls):
    """The calls on reviews and comments."""

    def reviews(self, number: int) -> tuple[Review, ...]:
        """Every review of a pull request, in the order in which they were begun; GM-F408 for more than 3,000."""
        path = f"{self.home}/pulls/{number}/reviews"
        found = self.api.pages(path, per_page=_PER_PAGE, most_pages=_MOST_PAGES)
        return tuple(reading.review(fields_of(one, "review")) for one in found)

    def retargeted(self, number: int) -> str | None:
        """When a pull request last got another base branch, None for one that never did; GM-F408 for too many events.

        All that happened to it is listed, because nothing else says what its base was when it was reviewed.
        """
        found = (reading.event(one) for one in self._list(f"/issues/{number}/events", "event"))
        return max((at for name, at in found if name in _RETARGETS), key=parse_time, default=None)

    def submit_review(self, number: int, *, commit: str, event: str, body: str) -> Review:
        """Review ``commit`` with ``APPROVE``, ``REQUEST_CHANGES`` or ``COMMENT``. GM-F405 for one's own pull request.

        GM-F408 when GitHub recorded another opinion or another commit.
        """
        wanted = {"commit_id": commit, "event": event, "body": body}
        made = reading.review(self._send("POST", f"/pulls/{number}/reviews", wanted, "review"))
        if (made.commit, made.state) != (commit, _BECOMES[event]):
            raise unlike(f"GitHub recorded `{made.state}` of {made.commit} for {event} of {commit}")
        return made

    def dismiss_review(self, number: int, review: int, message: str) -> Review:
        """Take the weight from a review."""
        path = f"/pulls/{number}/reviews/{review}/dismissals"
        return reading.review(self._send("PUT", path, {"message": message, "event": "DISMISS"}, "review"))

    def comments(self, number: int) -> tuple[Comment, ...]:
        """The conversation of a pull request."""
        return tuple(reading.comment(one) for one in self._list(f"/issues/{number}/comments", "comment"))

    def comment(self, number: int, body: str) -> Comment:
        """Add to the conversation."""
        return reading.comment(self._send("POST", f"/issues/{number}/comments", {"body": body}, "comment"))

    def edit_comment(self, comment: int, body: str) -> Comment:
        """Replace the text of a comment."""
        path = f"/issues/comments/{comment}"
        return reading.comment(self._send("PATCH", path, {"body": body}, "comment", repeatable=True))
