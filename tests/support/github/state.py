"""What the fake remembers; plain records without behaviour."""

from dataclasses import dataclass, field
from typing import Any

ACTIONS_APP = 15368  # https://api.github.com/apps/github-actions
GHOST = 10137  # https://api.github.com/users/ghost


@dataclass(eq=False)
class Account:
    """A user, an organization or an App's bot. A Bot has an App; ``keys`` are its signing keys (authorized_keys)."""

    id: int
    login: str
    kind: str = "User"
    permission: str = "none"
    token: str = ""
    name: str | None = None
    emails: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    app_id: int | None = None
    app_key: str = ""  # the public half, PEM, of what the App signs its claims with
    deleted: bool = False

    @property
    def slug(self):
        return self.login.removesuffix("[bot]")

    @property
    def noreply(self):
        return f"{self.id}+{self.login}@users.noreply.github.com"


@dataclass
class Settings:
    """The repository's settings, by their names in the API."""

    allow_merge_commit: bool = True
    allow_squash_merge: bool = True
    allow_rebase_merge: bool = True
    allow_auto_merge: bool = False
    allow_update_branch: bool = False
    delete_branch_on_merge: bool = False
    merge_commit_title: str = "MERGE_MESSAGE"
    merge_commit_message: str = "PR_TITLE"
    squash_merge_commit_title: str = "COMMIT_OR_PR_TITLE"
    squash_merge_commit_message: str = "COMMIT_MESSAGES"
    default_branch: str = "main"
    private: bool = False
    actions_may_approve: bool = False


@dataclass(eq=False)
class Review:
    """``state`` in GitHub's words: APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED, PENDING."""

    id: int
    author: Account
    state: str
    commit: str
    body: str
    at: str | None


@dataclass(eq=False)
class Pull:
    """A pull request. ``base_oid`` is what the API calls ``base.sha``: not always the tip of the base."""

    id: int
    number: int
    author: Account
    title: str
    body: str | None
    head_repo: Any
    head_owner: Account
    head_ref: str
    head: str
    base_ref: str
    base_oid: str
    created: str
    updated: str
    draft: bool = False
    state: str = "open"
    closed: str | None = None
    merged: str | None = None
    merged_by: Account | None = None
    merge_commit: str | None = None
    last_pusher: Account | None = None
    reviews: list[Review] = field(default_factory=list)
    comments: list = field(default_factory=list)
    bases: list = field(default_factory=list)  # number, name, account and time of each change of the base
    labels: list[str] = field(default_factory=list)
    reviewers: list[Account] = field(default_factory=list)
    teams: list = field(default_factory=list)


@dataclass(eq=False)
class Comment:
    id: int
    author: Account
    body: str
    created: str
    updated: str
    number: int


@dataclass(eq=False)
class Check:
    """A check run; ``output`` is what the client gave."""

    id: int
    name: str
    head: str
    author: Account
    status: str
    conclusion: str | None
    started: str | None
    completed: str | None
    external: str
    details: str | None
    output: dict = field(default_factory=dict)
    annotations: list = field(default_factory=list)


@dataclass(eq=False)
class Status:
    id: int
    sha: str
    author: Account
    state: str
    context: str
    description: str | None
    target: str | None
    at: str


@dataclass(eq=False)
class DeploymentStatus:
    id: int
    author: Account
    given: dict
    at: str


@dataclass(eq=False)
class Deployment:
    id: int
    sha: str
    ref: str
    author: Account
    given: dict
    at: str
    statuses: list[DeploymentStatus] = field(default_factory=list)


@dataclass(eq=False)
class Team:
    id: int
    organization: str
    slug: str
    members: list[Account]
