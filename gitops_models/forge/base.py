"""What gm asks of a forge, in plain data (FORGE.md)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, Protocol

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gitops_models.forge.protection import Settings
    from gitops_models.store.refs import RefUpdate

ABSENT = "-"
BRANCHES = "refs/heads/gm/"
ReviewState = Literal["approved", "changes-requested", "commented", "dismissed", "pending"]
Opinion = Literal["approve", "reject", "withdraw"]
_PLAIN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class Proposal:
    """A branch that asks for a change. ``head`` is its tip, ``id`` the first 8 hex of its change id at opening.

    ``number`` and ``url`` are those of its pull request, on a forge that has them. ``source`` is the full ref where
    that is a branch of another shape, or of another repository; such a proposal is called by its number.
    """

    event: str
    model: str
    version: str
    stage: str
    id: str
    head: str
    title: str = ""
    author: str = ""
    number: int | None = None
    source: str = ""
    url: str = ""

    @property
    def ref(self) -> str:
        """The full name of the branch."""
        return self.source or f"{BRANCHES}{self.event}/{self.model}/{self.version}/{self.stage}/{self.id}"

    @property
    def branch(self) -> str:
        """The branch as people write it."""
        return self.ref.removeprefix("refs/heads/")

    @property
    def about(self) -> str:
        """``fraud@1.2.0``, ``fraud`` or ``policy``."""
        return self.model if self.version == ABSENT else f"{self.model}@{self.version}"

    def answers_to(self, name: str) -> bool:
        """Whether a person who writes ``name`` can mean this proposal."""
        names = {self.id, self.branch, self.ref, self.about, self.url}
        if self.number is not None:
            names |= {str(self.number), f"#{self.number}"}
        return bool(name) and name in names


def parse_branch(ref: str, head: str, *, title: str = "", author: str = "") -> Proposal | None:
    """The proposal that the branch ``ref`` holds; None for a branch of another shape."""
    parts = ref.removeprefix(BRANCHES).split("/")
    if not ref.startswith(BRANCHES) or not _PLAIN.fullmatch(ref):
        return None
    if len(parts) != 5 or not all(parts):  # noqa: PLR2004 - the five parts of the name
        return None
    event, model, version, stage, identity = parts
    return Proposal(event, model, version, stage, identity, head, title, author)


@dataclass(frozen=True)
class Login:
    """An account of a forge: the number is what counts, the name can be taken over."""

    id: int
    name: str


@dataclass(frozen=True)
class SeenReview:
    """A review as the forge shows it now. ``account`` is None for an account that was deleted.

    ``commit`` is the head that was looked at. Nothing of this is evidence by itself: it is judged like a receipt of it.
    """

    id: int
    account: int | None
    login: str
    bot: bool
    state: ReviewState
    commit: str | None
    submitted: datetime


@dataclass(frozen=True)
class Page:
    """What people read of a proposal on a forge with pull requests; the body ends with the trailers."""

    title: str
    body: str
    labels: tuple[str, ...] = ()
    reviewers: tuple[Login, ...] = ()


@dataclass(frozen=True)
class Annotation:
    """One remark of a check at a file."""

    path: str
    level: Literal["failure", "warning", "notice"]
    title: str
    message: str


@dataclass(frozen=True)
class CheckReport:
    """What the judge said of a head: ``passed``, a title of one line, a summary in Markdown, remarks at files."""

    passed: bool
    title: str
    summary: str
    annotations: tuple[Annotation, ...] = ()
    change_id: str = ""


class Forge(Protocol):
    """Opens, lists and lands proposals. ``merges`` tells a ``Hosted`` one, which makes the merge itself."""

    name: str
    merges: bool

    def open(self, proposal: Proposal, page: Page | None = None) -> Proposal:
        """Publish the proposal's branch, whose commits exist locally, and ask for its merge; twice changes nothing."""
        ...

    def standing(self, ref: str) -> Proposal | None:
        """The proposal whose branch stands there, asked for or not: what a command that was killed left."""
        ...

    def list(self) -> Sequence[Proposal]:
        """Every open proposal, sorted by branch."""
        ...

    def close(self, proposal: Proposal) -> None:
        """Withdraw the proposal, or tidy up after its landing."""
        ...

    def publish(self, updates: Sequence[RefUpdate], why: str) -> None:
        """Move all refs or none, each only from the value that was judged."""
        ...

    def reviews(self, proposal: Proposal) -> tuple[SeenReview, ...]:
        """Every review of the proposal, all of them or an error; none where decisions are signed only."""
        ...


class Hosted(Forge, Protocol):
    """A forge with pages, accounts, reviews and checks, that makes the merge: GitHub.

    ``notes`` is what could not be done and stops nothing: a label, asking somebody.
    """

    notes: list[str]

    def get(self, number: int) -> Proposal:
        """The proposal of a pull request, whatever its branch is called and whether it is open."""
        ...

    def whoami(self) -> Login | None:
        """Whose token is used; None where it is no person's."""
        ...

    def review(self, proposal: Proposal, opinion: Opinion, words: str) -> None:
        """Say one's opinion of the proposal's head as a review."""
        ...

    def begin_check(self, head: str) -> int:
        """Show that ``head`` is being judged, so that what passed before does not stand; returns the check."""
        ...

    def end_check(self, check: int, report: CheckReport) -> None:
        """Show what the judge said, in the check that was begun."""
        ...

    def comment(self, proposal: Proposal, key: str, text: str) -> None:
        """Say ``text`` at the proposal, in the one comment of this ``key``."""
        ...

    def protection(self) -> Settings:
        """How the line is protected, as far as whoever asks may see; see ``protection.judge``."""
        ...

    def merge(self, proposal: Proposal, expect_head: str, title: str, body: str) -> str:
        """Let the forge merge the proposal if its head is the expected one; the merge commit."""
        ...
