"""Proposals as pull requests on GitHub: branches by Git, pages, reviews, checks and merges by the API.

GitHub's word decides nothing: reviews are judged like a receipt of them, and what a merge brought is verified by who
asked for it. Only branches of this repository whose name gm gives are called by that name; every other pull request,
and each from a fork, is called by its number, so that nobody can give theirs somebody else's name.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.forge.base import Login
from gitops_models.forge.git_only import GitOnlyForge
from gitops_models.forge.github import models
from gitops_models.forge.github.settings import read_settings
from gitops_models.forge.github.translation import proposal_of, reviews_of, together
from gitops_models.policy.render.markdown import quoted
from gitops_models.registry.text import visible
from gitops_models.store.transport import fetch, ls_remote

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitops_models.forge.base import CheckReport, Opinion, Page, Proposal, SeenReview
    from gitops_models.forge.github.client import GitHub
    from gitops_models.forge.github.models import Account, PullRequest
    from gitops_models.forge.protection import Settings
    from gitops_models.store.refs import RefUpdate
    from gitops_models.store.repository import Store

CHECK = "gm-policy"
ACTIONS = "github-actions"
NO_PERSON = frozenset({"GM-F401", "GM-F402"})
DECORATION = frozenset({"GM-F402", "GM-F403", "GM-F405"})
_EVENTS = {"approve": "APPROVE", "reject": "REQUEST_CHANGES"}
_OPINIONATED = ("approved", "changes-requested")


class GitHubForge:
    """The pull requests into ``line``. ``notes`` is what could not be done and stops nothing.

    Every method raises GM-F401 to F409 for what the API does.
    """

    name = "github"
    merges = True

    def __init__(self, store: Store, remote: str, line: str, github: GitHub) -> None:
        self.store = store
        self.remote = remote
        self.line = line
        self.github = github
        self.git = GitOnlyForge(store, remote)
        self.notes: list[str] = []
        self._bot = f"{ACTIONS}[bot]"

    @cached_property
    def _id(self) -> int:
        return self.github.repository().id

    def list(self) -> Sequence[Proposal]:
        """Every open pull request into the line, gm's own first; a head that Git does not have stays unjudged.

        Only the heads of gm's own branches are fetched: anybody may ask for the merge of anything of any size. ``get``
        fetches the one that somebody looks at.
        """
        pulls = self.github.pulls(base=self.line)
        found = {pull.number: self._proposal(pull) for pull in pulls}
        for pull in pulls:
            if not found[pull.number].source:
                self._bring(pull)
        return tuple(sorted(found.values(), key=lambda one: (bool(one.source), one.ref)))

    def get(self, number: int) -> Proposal:
        """The open pull request of this number.

        Raises GM-F101 for one that is closed, GM-F433 for one into another branch, GM-F431 where the API names another
        head than Git has.
        """
        pull = self.github.pull(number)
        if pull.state != "open":
            raise GmError(
                "GM-F101", f"pull request {number} is {'merged' if pull.merged else 'closed'}", where=pull.url
            )
        if pull.base_ref != self.line:
            what = f"pull request {number} is for {visible(pull.base_ref)}, not for {self.line}"
            raise GmError("GM-F433", what, where=pull.url)
        name = f"refs/pull/{number}/head"
        here = ls_remote(self.store, self.remote, name).get(name)
        if here != pull.head:
            what = f"the API says that {number} is at {pull.head[:12]}, Git says {here[:12] if here else 'nothing'}"
            raise GmError("GM-F431", what, where=pull.url)
        self._bring(pull)
        return self._proposal(pull)

    def standing(self, ref: str) -> Proposal | None:
        """The proposal whose branch stands there, asked for or not."""
        return self.git.standing(ref)

    def open(self, proposal: Proposal, page: Page | None = None) -> Proposal:
        """Push the branch and ask for its merge; what was done of that before is taken up.

        What decorates the page (labels, whom to ask) never fails it: see ``notes``.
        """
        self.git.open(proposal)
        pull = self._asked(proposal) or self._ask(proposal, page)
        if page is not None:
            self._decorate(pull, page)
        return self._proposal(pull)

    def close(self, proposal: Proposal) -> None:
        """Close the pull request where it is open, and delete its branch where it is one of gm's and still there."""
        if proposal.number is not None and self.github.pull(proposal.number).state == "open":
            self.github.edit_pull(proposal.number, state="closed")
        known = None if proposal.source else self.git.standing(proposal.ref)
        if known is not None and known.head == proposal.head:
            self.git.close(proposal)

    def publish(self, updates: Sequence[RefUpdate], why: str) -> None:
        """Move all refs or none, each only from the value that was judged."""
        self.git.publish(updates, why)

    def whoami(self) -> Login | None:
        """Whose token is used; None for a workflow's or an App's."""
        try:
            me = self.github.me()
        except GmError as error:
            if error.code not in NO_PERSON:
                raise
            return None
        return Login(me.id, me.login) if me.kind == "User" else None

    def reviews(self, proposal: Proposal) -> tuple[SeenReview, ...]:
        """Every review of the pull request while its head is the proposal's, else GM-F204.

        Checks stand on commits, and a merge lands every pull request of its head: those of all open ones into the line
        with this head count, so that a copy neither hides a request for changes nor is judged otherwise. GM-F408 for a
        review of a kind that gm does not know: it might take an approval back.
        """
        if proposal.number is None:
            return ()
        same = {pull.number for pull in self.github.pulls(base=self.line) if pull.head == proposal.head}
        seen = [reviews_of(self.github, number) for number in sorted(same | {proposal.number})]
        self._unmoved(proposal)
        return together(seen)

    def review(self, proposal: Proposal, opinion: Opinion, words: str) -> None:
        """Say one's opinion of the very head that was judged; a withdrawal takes the weight from one's own reviews."""
        number, event = _numbered(proposal), _EVENTS.get(opinion)
        if event is not None:
            body = f"{quoted(words)}<br>" if words else ""
            said = f"{body}Signed with gm: the decision in the ledger is what counts where the policy asks for one."
            self.github.submit_review(number, commit=proposal.head, event=event, body=said)
            return
        me = self.whoami()
        for review in self.github.reviews(number):
            if me and review.account and review.account.id == me.id and review.state in _OPINIONATED:
                self.github.dismiss_review(number, review.id, quoted(words) if words else "withdrawn")

    def begin_check(self, head: str) -> int:
        """Post the check run on ``head`` as in progress; the newest of its name is the one that counts."""
        made = self.github.create_check(CHECK, head, status="in_progress")
        self._bot = f"{made.app_slug or ACTIONS}[bot]"
        return made.id

    def end_check(self, check: int, report: CheckReport) -> None:
        """Complete the check run that was begun."""
        remarks = [models.Annotation(one.path, 1, 1, one.level, one.message, one.title) for one in report.annotations]
        self.github.update_check(
            check,
            status="completed",
            conclusion="success" if report.passed else "failure",
            title=report.title,
            summary=report.summary,
            annotations=remarks,
            external_id=report.change_id or None,
        )

    def comment(self, proposal: Proposal, key: str, text: str) -> None:
        """Say ``text`` in the one comment of this key; a mark in somebody else's comment is passed over.

        One's own is of the account whose token it is, else of the bot of the App that posts the check.
        """
        number, mark = _numbered(proposal), f"<!-- gm:{key} -->"
        me, body = self.whoami(), f"{mark}\n{text}"
        for known in self.github.comments(number):
            account = known.account
            mine = account is not None and (account.id == me.id if me else _bot(account) == self._bot)
            if mine and known.body.startswith(mark):
                if known.body.strip() != body.strip():
                    self.github.edit_comment(known.id, body)
                return
        self.github.comment(number, body)

    def protection(self) -> Settings:
        """How the line is protected, as far as this token may see."""
        return read_settings(self.github, self.line)

    def merge(self, proposal: Proposal, expect_head: str, title: str, body: str) -> str:
        """Let GitHub merge; GM-F404 where the head has moved. What it made is for the caller to verify."""
        return self.github.merge(_numbered(proposal), expect_head=expect_head, title=title, message=body)

    def _unmoved(self, proposal: Proposal) -> None:
        head = self.github.pull(_numbered(proposal)).head
        if head != proposal.head:
            what = f"pull request {proposal.number} is at {head[:12]} now, {proposal.head[:12]} was looked at"
            raise GmError("GM-F204", what, where=proposal.url)

    def _asked(self, proposal: Proposal) -> PullRequest | None:
        pulls = self.github.pulls(base=self.line, head=proposal.branch)
        return next((pull for pull in pulls if pull.head_repository == self._id), None)

    def _ask(self, proposal: Proposal, page: Page | None) -> PullRequest:
        title, body = (page.title, page.body) if page else (proposal.title or proposal.branch, "")
        try:
            return self.github.open_pull(title, body, proposal.branch, self.line)
        except GmError as error:
            # Somebody else asked in the same moment: then there is one.
            known = self._asked(proposal) if error.code == "GM-F405" else None
            if known is None:
                raise
            return known

    def _decorate(self, pull: PullRequest, page: Page) -> None:
        number, author = pull.number, pull.author.id if pull.author else None
        self._try(f"labels of pull request {number}", lambda: self.github.add_labels(number, page.labels))
        for login in page.reviewers:  # one by one: for a single account without access GitHub refuses them all
            if login.id != author:
                self._try(f"asking {login.name} for a review", partial(self._request, number, login.name))

    def _request(self, number: int, login: str) -> None:
        self.github.request_reviewers(number, [login])

    def _try(self, what: str, work: Callable[[], object]) -> None:
        try:
            work()
        except GmError as error:
            if error.code not in DECORATION:
                raise
            self.notes.append(f"{what}: {error.message}")

    def _bring(self, pull: PullRequest) -> None:
        """Fetch the head where it is not here; the objects are checked and no ref is written."""
        if self.store.has(pull.head):
            return
        try:
            fetch(self.store, self.remote, [f"refs/pull/{pull.number}/head"])
        except GmError as error:
            self.notes.append(f"pull request {pull.number} cannot be fetched: {error.message}")

    def _proposal(self, pull: PullRequest) -> Proposal:
        return proposal_of(pull, own=pull.head_repository == self._id)


def _bot(account: Account) -> str | None:
    return account.login if account.kind == "Bot" else None


def _numbered(proposal: Proposal) -> int:
    if proposal.number is None:
        raise GmError("GM-F430", f"{proposal.branch} has no pull request yet", where=proposal.branch)
    return proposal.number
