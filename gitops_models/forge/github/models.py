"""What gm reads of GitHub's answers, in plain data: only the fields that are used, in gm's own words.

Numbers are ids that GitHub never gives again; logins are renamed and given to others, so nothing is decided by a login.
Texts that people write (titles, bodies, descriptions) stand here as they came: show them with ``visible`` only.
Logins, names and states are made visible already. Words of an enumeration that gm does not know stay as they are.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Account:
    """Somebody on the forge. ``kind``: ``User``, ``Bot``, ``Organization`` or another word of the API."""

    id: int
    login: str
    kind: str


@dataclass(frozen=True)
class RepositoryInfo:
    """A repository and the settings that decide what a merge looks like; None where the answer does not say.

    ``merge_commit_title`` is ``PR_TITLE`` or ``MERGE_MESSAGE``, ``merge_commit_message`` ``PR_BODY``, ``PR_TITLE`` or
    ``BLANK``. GitHub tells settings to those who may change them only.
    """

    id: int
    owner_id: int
    full_name: str
    default_branch: str
    private: bool
    allow_merge_commit: bool | None = None
    allow_squash_merge: bool | None = None
    allow_rebase_merge: bool | None = None
    merge_commit_title: str | None = None
    merge_commit_message: str | None = None
    delete_branch_on_merge: bool | None = None
    allow_auto_merge: bool | None = None
    allow_update_branch: bool | None = None


@dataclass(frozen=True)
class PullRequest:
    """A pull request. ``head`` and ``base`` are object ids, ``author`` is None when the account was deleted.

    ``merge_commit`` is the commit that a merged one became; of one that is not merged GitHub tells the id of a trial
    merge, which is left out here. ``head_repository`` is None when the fork was deleted. ``mergeable`` is None while
    GitHub has not worked it out, and in lists.
    """

    number: int
    state: str
    merged: bool
    draft: bool
    title: str
    body: str
    head: str
    head_ref: str
    head_repository: int | None
    base_ref: str
    base: str
    author: Account | None
    merge_commit: str | None
    labels: tuple[str, ...]
    url: str
    mergeable: bool | None = None
    base_repository: int | None = None


@dataclass(frozen=True)
class Review:
    """One review. ``submitted`` is RFC 3339 with ``Z``, None while it is pending; ``account`` None when deleted.

    ``state``: ``approved``, ``changes-requested``, ``commented``, ``dismissed``, ``pending`` or another word.
    """

    id: int
    account: Account | None
    state: str
    commit: str | None
    submitted: str | None
    body: str


@dataclass(frozen=True)
class Reviewers:
    """Who was asked for a review and has not given one since."""

    accounts: tuple[Account, ...]
    teams: tuple[str, ...]


@dataclass(frozen=True)
class Comment:
    """A comment in the conversation of a pull request."""

    id: int
    account: Account | None
    body: str


@dataclass(frozen=True)
class Check:
    """A check run on ``head``. ``app_id`` says who set it; anybody with the right may set one of any name."""

    id: int
    name: str
    head: str
    status: str
    conclusion: str | None
    app_id: int | None
    app_slug: str | None
    external_id: str | None = None


@dataclass(frozen=True)
class Annotation:
    """A remark of a check at lines of a file. ``level``: ``notice``, ``warning`` or ``failure``."""

    path: str
    start_line: int
    end_line: int
    level: str
    message: str
    title: str = ""


@dataclass(frozen=True)
class Status:
    """A commit status: ``error``, ``failure``, ``pending`` or ``success`` under the name ``context``."""

    id: int
    context: str
    state: str
    description: str | None = None


@dataclass(frozen=True)
class CombinedStatus:
    """The newest status of every context of one commit."""

    sha: str
    state: str
    statuses: tuple[Status, ...]


@dataclass(frozen=True)
class Deployment:
    """A deployment of ``sha`` to ``environment``; a ``payload`` that is no object is left out."""

    id: int
    sha: str
    environment: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    task: str = "deploy"


@dataclass(frozen=True)
class DeploymentStatus:
    """What became of a deployment."""

    id: int
    state: str
    description: str
    log_url: str


@dataclass(frozen=True)
class Commit:
    """A commit as GitHub tells it. ``verified`` is its own opinion of the signature, which gm never relies on."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    message: str
    author: Account | None
    committer: Account | None
    verified: bool | None
    reason: str | None


@dataclass(frozen=True)
class ChangedFile:
    """One file of a pull request; ``previous`` is its name before a renaming."""

    path: str
    status: str
    previous: str | None


@dataclass(frozen=True)
class Branch:
    """A branch and its tip."""

    name: str
    head: str
    protected: bool


@dataclass(frozen=True)
class Rule:
    """A rule in force on a branch: ``pull_request``, ``non_fast_forward``, ``required_status_checks`` and so on.

    ``ruleset`` is the id of the ruleset it comes from, ``source`` the repository or organisation of that.
    """

    kind: str
    parameters: Mapping[str, Any]
    ruleset: int | None
    source: str


@dataclass(frozen=True)
class Bypass:
    """Who may pass by a ruleset. ``id`` is None for kinds that have none."""

    kind: str
    id: int | None
    mode: str


@dataclass(frozen=True)
class Ruleset:
    """A ruleset. ``bypass`` is None where GitHub does not tell, which is not the same as nobody."""

    id: int
    name: str
    target: str
    enforcement: str
    source: str = ""
    bypass: tuple[Bypass, ...] | None = None


@dataclass(frozen=True)
class RequiredCheck:
    """A check that must pass; ``app_id`` None: from whomever."""

    context: str
    app_id: int | None


@dataclass(frozen=True)
class BranchProtection:
    """The classic protection of a branch. None where nothing is demanded or the answer does not say.

    ``approvals``: how many; None: no review is demanded. ``bypass_reviews``: whether somebody needs no reviews.
    """

    checks: tuple[RequiredCheck, ...] | None
    strict: bool | None
    approvals: int | None
    dismiss_stale: bool | None
    code_owners: bool | None
    last_push: bool | None
    bypass_reviews: bool
    enforce_admins: bool | None
    force_pushes: bool | None
    deletions: bool | None
    signatures: bool | None
    linear: bool | None
    restricted: bool
