"""From GitHub's JSON to gm's plain data: accounts, pull requests, reviews, comments. Raises GM-F408."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.forge.github.fields import unlike
from gitops_models.forge.github.models import (
    Account,
    ChangedFile,
    Comment,
    Commit,
    PullRequest,
    RepositoryInfo,
    Review,
    Reviewers,
)
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from gitops_models.forge.github.fields import Fields

# The account "ghost" stands in for every deleted one, so it is nobody.
_GHOST = 10137
_SETTINGS = (
    "allow_merge_commit",
    "allow_squash_merge",
    "allow_rebase_merge",
    "delete_branch_on_merge",
    "allow_auto_merge",
    "allow_update_branch",
)


def account(data: Fields) -> Account:
    """An account that there is."""
    return Account(data.number("id"), data.word("login"), data.maybe_word("type") or "User")


def maybe_account(data: Fields, name: str = "user") -> Account | None:
    """The account in a field; None for a deleted one."""
    found = data.maybe_child(name)
    # A commit by somebody who has no account has an empty object there.
    if found is None or not found.values or found.number("id") == _GHOST:
        return None
    return account(found)


def repository(data: Fields) -> RepositoryInfo:
    """A repository with its merge settings."""
    return RepositoryInfo(
        id=data.number("id"),
        owner_id=data.child("owner").number("id"),
        full_name=data.word("full_name"),
        default_branch=data.word("default_branch"),
        private=data.flag("private"),
        merge_commit_title=data.maybe_word("merge_commit_title"),
        merge_commit_message=data.maybe_word("merge_commit_message"),
        **{name: data.maybe_flag(name) for name in _SETTINGS},
    )


def pull_request(data: Fields) -> PullRequest:
    """A pull request, of an answer, a list or an event; lists leave out ``merged``."""
    head, base = data.child("head"), data.child("base")
    fork, into = head.maybe_child("repo"), base.maybe_child("repo")
    said = data.maybe_flag("merged")
    merged = data.maybe_time("merged_at") is not None if said is None else said
    return PullRequest(
        number=data.number("number"),
        state=state_word(data.word("state")),
        merged=merged,
        draft=data.maybe_flag("draft") or False,
        title=data.text("title"),
        body=data.maybe_text("body") or "",
        head=head.oid("sha"),
        head_ref=head.word("ref"),
        head_repository=fork.number("id") if fork else None,
        base_ref=base.word("ref"),
        base=base.oid("sha"),
        author=maybe_account(data),
        merge_commit=data.maybe_oid("merge_commit_sha") if merged else None,
        labels=labels(data.maybe_children("labels") or ()),
        url=data.maybe_word("html_url") or "",
        mergeable=data.maybe_flag("mergeable"),
        base_repository=into.number("id") if into else None,
    )


def review(data: Fields) -> Review:
    """One review, of the API (``CHANGES_REQUESTED``) or an event (``changes_requested``)."""
    return Review(
        id=data.number("id"),
        account=maybe_account(data),
        state=state_word(data.word("state")),
        commit=data.maybe_oid("commit_id"),
        submitted=data.maybe_time("submitted_at"),
        body=data.maybe_text("body") or "",
    )


def reviewers(data: Fields) -> Reviewers:
    """Who was asked for a review."""
    accounts = tuple(account(one) for one in data.children("users"))
    return Reviewers(accounts, tuple(one.word("slug") for one in data.children("teams")))


def labels(data: tuple[Fields, ...]) -> tuple[str, ...]:
    """The names of labels, in their order."""
    return tuple(one.word("name") for one in data)


def comment(data: Fields) -> Comment:
    """A comment of the conversation."""
    return Comment(data.number("id"), maybe_account(data), data.maybe_text("body") or "")


def event(data: Fields) -> tuple[str, str]:
    """What happened to a pull request, and when."""
    at = data.maybe_time("created_at")
    if at is None:
        raise unlike("event.created_at is missing")
    return data.word("event"), at


def commit(data: Fields) -> Commit:
    """A commit with what GitHub says of its signature."""
    inner = data.child("commit")
    verification = inner.maybe_child("verification")
    return Commit(
        sha=data.oid("sha"),
        tree=inner.child("tree").oid("sha"),
        parents=tuple(one.oid("sha") for one in data.children("parents")),
        message=inner.text("message"),
        author=maybe_account(data, "author"),
        committer=maybe_account(data, "committer"),
        verified=verification.flag("verified") if verification else None,
        reason=verification.maybe_word("reason") if verification else None,
    )


def changed_file(data: Fields) -> ChangedFile:
    """One file of a pull request; a path is data and shown escaped."""
    previous = data.maybe_text("previous_filename")
    return ChangedFile(visible(data.text("filename")), data.word("status"), visible(previous) if previous else None)


def state_word(said: str) -> str:
    """One spelling for the states: ``CHANGES_REQUESTED`` is ``changes-requested``."""
    return said.lower().replace("_", "-")
