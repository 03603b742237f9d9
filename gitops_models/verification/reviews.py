"""Reviews on a forge as evidence (POLICY.md section 2): one function before the merge and for a receipt after it.

Of each account the latest review that says anything stands: a comment changes nothing, a dismissed review is gone and
never brings back the one before it. An account counts as the person whom the people file lists it for, by its number;
names can be taken over. Bots and deleted accounts are nobody.

A review speaks for the commit that it is of. It speaks for the merge too where that commit brings the very same change
to the same tip, as after "Update branch". Only commits that the merged head reaches are compared: every reader has
those, and a commit that lies in one clone by chance must not decide anything. A request for changes blocks whatever
commit it is of, until it is withdrawn or dismissed: a push that changes nothing must not shake it off.

An approval speaks for what was accepted when its commit was made, as a signed one does by its change id: where the same
files were changed since and changed back, it must not come into force again.

A pull request shows what the head changes about the line. Where the line itself holds, in the same scopes, more than
was accepted, reviewers did not see all that the merge brings into force: then no approval there counts that is not
signed.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from pydantic import ValidationError

from gitops_models.errors import GmError
from gitops_models.policy.facts import Opinion
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass
from gitops_models.store.history import merge_base
from gitops_models.store.snapshots import governed_diff
from gitops_models.trust.chain import is_commit
from gitops_models.trust.receiptbodies import Review
from gitops_models.verification.commits import three_way, was_there

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from gitops_models.policy.facts import Decision
    from gitops_models.registry.change import Change
    from gitops_models.registry.documents import People
    from gitops_models.registry.paths import Layout
    from gitops_models.registry.snapshot import Entry
    from gitops_models.store.repository import Store
    from gitops_models.trust.receiptbodies import ReviewState

__all__ = ["LIMIT", "SeenReview", "Shown", "recorded", "seen_opinions", "standing_opinions"]

LIMIT = 200
NO_COMMIT = "0" * 40
_SAYS: Mapping[str, Decision] = {"approved": "approve", "changes-requested": "reject"}
_OPINIONATED: tuple[ReviewState, ...] = ("approved", "changes-requested", "dismissed")


class SeenReview(Protocol):
    """A review as the forge's API shows it; ``account`` is None for a deleted one, ``commit`` where none is named."""

    @property
    def id(self) -> int:
        """The review's number."""

    @property
    def account(self) -> int | None:
        """The number of the account that gave it."""

    @property
    def login(self) -> str:
        """What the account is called now."""

    @property
    def bot(self) -> bool:
        """Whether no person is behind the account."""

    @property
    def state(self) -> str:
        """What it says: approved, changes-requested, dismissed, or something that is no opinion."""

    @property
    def commit(self) -> str | None:
        """The commit that was looked at."""

    @property
    def submitted(self) -> datetime:
        """When it was given."""


@dataclass(frozen=True, eq=False)
class Shown:
    """What reviewers of ``head`` are shown: its changes to ``base``, the line's commit that it is merged into.

    ``change``, which ``change_id`` names, is what the merge brings into force; ``anchor`` the last accepted step that
    changed any of its files.
    """

    store: Store
    layout: Layout
    base: str
    head: str
    change: Change
    change_id: str
    anchor: str | None

    def silent(self, commit: str) -> str | None:
        """Why a review of ``commit`` does not speak for the change, or None."""
        if self._unseen is not None:
            return f"reviewers saw not all that changes in {self._unseen}, which is blocked on the line: sign instead"
        if commit != self.head and not (is_commit(self.store, commit) and was_there(self.store, commit, self.head)):
            return f"the review is of {commit[:10]}, which {self.head[:10]} does not build on"
        if self.anchor is not None and not was_there(self.store, self.anchor, commit):
            since = f"{commit[:10]}, begun before {self.anchor[:10]} changed the same files"
            return f"the review is of {since}: update the branch and review again"
        if commit != self.head and self._brings(commit) != self._brings(self.head):
            return f"the review is of {commit[:10]}, and {self.head[:10]} changes something else"
        return None

    @cached_property
    def _unseen(self) -> str | None:
        """The first path that changes against the accepted state otherwise than against the line."""
        shown = self._brings(self.head)
        unseen = (path.path for path in self.change.paths if shown.get(path.path) != (path.before, path.after))
        return next(unseen, None)

    def _brings(self, commit: str) -> Mapping[str, tuple[Entry | None, Entry | None]]:
        """The entries that merging ``commit`` into the base changes, before and after; none where both sides did."""
        merged = three_way(self.store, self.base, commit, self.layout)
        if merged.conflicts:
            return {}
        begun = merge_base(self.store, self.base, commit)
        delta = governed_diff(self.store, begun, commit, self.layout)
        return {path: delta[path] for path in merged.updates}


def recorded(seen: Iterable[SeenReview], known: Callable[[int], bool]) -> tuple[Review, ...]:
    """Return what a receipt holds of the reviews seen: those that stand, by account, of accounts that can be somebody.

    Where there are more than ``LIMIT``, those of accounts that are not ``known``, and so count for nothing, are left
    out. Raises GM-T120 where there are more even so, and for a review that is none as forges write them.
    """
    latest: dict[int, SeenReview] = {}
    for review in sorted((one for one in seen if _nobody(one) is None), key=lambda one: (one.submitted, one.id)):
        latest[review.account or 0] = review
    standing = [review for _, review in sorted(latest.items())]
    if len(standing) > LIMIT:
        standing = [review for review in standing if known(review.account or 0)]
    if len(standing) > LIMIT:
        raise GmError("GM-T120", f"{len(standing)} people have reviewed; a receipt holds {LIMIT}")
    return tuple(_record(review) for review in standing)


def seen_opinions(seen: Sequence[SeenReview], forge: str, people: People, shown: Shown) -> tuple[Opinion, ...]:
    """Return the reviews seen on ``forge`` as opinions, as the receipt of them will count; who is nobody comes last."""
    kept = recorded(seen, lambda account: people.person_of_login(forge, account) is not None)
    nobody = [
        _opinion(f"{forge}:{review.login}", None, review.state, review.submitted, shown, problem=why)
        for review in seen
        if review.state in _SAYS and (why := _nobody(review)) is not None
    ]
    return (*standing_opinions(kept, forge, people, shown), *nobody)


def standing_opinions(said: Iterable[Review], forge: str, people: People, shown: Shown) -> tuple[Opinion, ...]:
    """Return each account's standing review as an opinion; one that cannot count carries the reason."""
    latest: dict[int, Review] = {}
    for review in sorted(said, key=lambda one: (one.submitted, one.id)):
        if review.state in _OPINIONATED:
            latest[review.user_id] = review
    found = []
    for account, review in sorted(latest.items()):
        if review.state not in _SAYS:
            continue
        person = people.person_of_login(forge, account)
        problem = None if person else f"account {account} of {forge} belongs to nobody in the people file"
        if person and review.state == "approved":
            problem = shown.silent(review.commit_id)
        who = person.id if person else None
        found.append(_opinion(f"{forge}:{account}", who, review.state, review.submitted, shown, problem=problem))
    return tuple(found)


def _opinion(
    account: str, person: str | None, state: str, submitted: datetime, shown: Shown, *, problem: str | None
) -> Opinion:
    return Opinion(
        person=person,
        fingerprint=account,
        decision=_SAYS[state],
        sha256=None,
        change_id=shown.change_id,
        created=submitted,
        source="forge",
        problem=problem,
    )


def _nobody(review: SeenReview) -> str | None:
    """Why a review can be nobody's word at all, or None."""
    if review.state not in _OPINIONATED:
        return f"{review.state} says nothing"
    if review.bot:
        return "a bot does not review"
    return "the account was deleted" if review.account is None else None


def _record(review: SeenReview) -> Review:
    said = {
        "id": review.id,
        "user_id": review.account,
        "state": review.state,
        "commit_id": review.commit or NO_COMMIT,
        "submitted_at": format_time(review.submitted),
    }
    try:
        return Review.model_validate(said)
    except ValidationError as error:
        raise GmError("GM-T120", f"review {review.id} is none as forges write them") from error
