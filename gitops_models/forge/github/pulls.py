"""Pull requests: list, open, edit, merge, and who is asked to look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.forge.github import reading
from gitops_models.forge.github.calls import Calls, segment
from gitops_models.forge.github.fields import fields_of, unlike

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.forge.github.models import ChangedFile, Commit, PullRequest, Reviewers

# GitHub lists no more than these, without a word that there are more.
MOST_COMMITS = 250
MOST_FILES = 3000
_LOST = frozenset({"GM-F407", "GM-F408"})
_MAYBE_MERGED = _LOST | {"GM-F404", "GM-F405"}


class PullCalls(Calls):
    """The calls on pull requests."""

    def pulls(self, state: str = "open", base: str | None = None, head: str | None = None) -> tuple[PullRequest, ...]:
        """Pull requests in ``state`` (``open``, ``closed``, ``all``); ``base`` and ``head`` are names of branches.

        ``head`` is a branch of this repository, or ``owner:branch``.
        """
        query = {"state": state, "sort": "created", "direction": "asc"}
        if base is not None:
            query["base"] = base
        if head is not None:
            query["head"] = head if ":" in head else f"{self.owner}:{head}"
        found = [reading.pull_request(one) for one in self._list("/pulls", "pull request", query)]
        # A filter that GitHub does not understand it leaves out, and says nothing of it.
        return tuple(one for one in found if _fits(one, state, base, head))

    def pull(self, number: int) -> PullRequest:
        """One pull request."""
        found = reading.pull_request(self._get(f"/pulls/{number}", "pull request"))
        if found.number != number:
            raise unlike(f"GitHub answers with pull request {found.number} for {number}")
        return found

    def pulls_of_commit(self, oid: str) -> tuple[PullRequest, ...]:
        """Pull requests that ``oid`` belongs to or was merged by."""
        return tuple(reading.pull_request(one) for one in self._list(f"/commits/{segment(oid)}/pulls", "pull request"))

    def pull_commits(self, number: int) -> tuple[Commit, ...]:
        """The commits of a pull request, oldest first; GM-F408 from 250 on, where GitHub stops."""
        found = self._list(f"/pulls/{number}/commits", "commit", key="sha")
        if len(found) >= MOST_COMMITS:
            raise unlike(f"GitHub lists no more than {MOST_COMMITS} commits of pull request {number}")
        return tuple(reading.commit(one) for one in found)

    def pull_files(self, number: int) -> tuple[ChangedFile, ...]:
        """The changed files of a pull request; GM-F408 from 3000 on, where GitHub stops."""
        found = self._list(f"/pulls/{number}/files", "file", key="filename")
        if len(found) >= MOST_FILES:
            raise unlike(f"GitHub lists no more than {MOST_FILES} files of pull request {number}")
        return tuple(reading.changed_file(one) for one in found)

    def open_pull(self, title: str, body: str, head: str, base: str, *, draft: bool = False) -> PullRequest:
        """Ask for ``head`` to be merged into ``base``; a lost answer is resolved by looking for it."""
        wanted = {"title": title, "body": body, "head": head, "base": base, "draft": draft}
        try:
            return reading.pull_request(self._send("POST", "/pulls", wanted, "pull request"))
        except GmError as error:
            if error.code not in _LOST:
                raise
            found = [one for one in self.pulls(base=base, head=head) if one.title == title]
            if len(found) != 1:
                raise
            return found[0]

    def edit_pull(
        self, number: int, *, title: str | None = None, body: str | None = None, state: str | None = None
    ) -> PullRequest:
        """Change the texts of a pull request, or its state: ``open`` or ``closed``."""
        wanted = {"title": title, "body": body, "state": state}
        return reading.pull_request(self._send("PATCH", f"/pulls/{number}", wanted, "pull request", repeatable=True))

    def labels(self, number: int) -> tuple[str, ...]:
        """The labels of a pull request."""
        return reading.labels(self._list(f"/issues/{number}/labels", "label"))

    def add_labels(self, number: int, names: Sequence[str]) -> tuple[str, ...]:
        """Add labels, which GitHub makes where they are new; all labels after that."""
        path = f"{self.home}/issues/{number}/labels"
        answer = self.api.request("POST", path, body={"labels": list(names)}, repeatable=True)
        if not isinstance(answer.data, list):
            raise unlike("the labels are not a list")
        return reading.labels(tuple(fields_of(one, "label") for one in answer.data))

    def requested_reviewers(self, number: int) -> Reviewers:
        """Who was asked for a review and has not given one since."""
        return reading.reviewers(self._get(f"/pulls/{number}/requested_reviewers", "reviewers"))

    def request_reviewers(self, number: int, logins: Sequence[str], teams: Sequence[str] = ()) -> PullRequest:
        """Ask people and teams (by their short names) for a review. GM-F405 for who has no access."""
        wanted = {"reviewers": list(logins), "team_reviewers": list(teams) or None}
        return reading.pull_request(
            self._send("POST", f"/pulls/{number}/requested_reviewers", wanted, "pull request", repeatable=True)
        )

    def merge(self, number: int, *, expect_head: str, title: str, message: str) -> str:
        """Merge with a merge commit, only if the head still is ``expect_head``; the id of the merge commit.

        A lost answer is resolved by asking the pull request again. GM-F404 when the head has moved, GM-F405 when GitHub
        refuses, with its reason. What the commit holds is for the caller to verify.
        """
        wanted = {"merge_method": "merge", "sha": expect_head, "commit_title": title, "commit_message": message}
        try:
            answer = self._send("PUT", f"/pulls/{number}/merge", wanted, "merge")
            merged, commit = answer.flag("merged"), answer.oid("sha")
        except GmError as error:
            if error.code not in _MAYBE_MERGED:
                raise
            return self._merged_after(number, expect_head, error)
        if not merged:
            raise unlike(f"GitHub says that it did not merge pull request {number}, and that it did")
        return commit

    def _merged_after(self, number: int, expect_head: str, error: GmError) -> str:
        """The merge commit after an answer that does not settle it; ``error`` when there is none."""
        for pause in (0.0, *self.api.pauses):
            if pause:
                self.api.sleep(pause)
            try:
                found = self.pull(number)
            except GmError:
                raise error from None
            if found.head != expect_head:
                raise GmError("GM-F404", f"the head of pull request {number} is {found.head} now") from error
            if found.merge_commit:
                return found.merge_commit
            if error.code not in _LOST:
                break
        raise error


def _fits(pull: PullRequest, state: str, base: str | None, head: str | None) -> bool:
    branch = None if head is None else head.rpartition(":")[2]
    return state in ("all", pull.state) and base in (None, pull.base_ref) and branch in (None, pull.head_ref)
