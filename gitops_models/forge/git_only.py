"""The forge that needs no server: proposals are branches on the remote, or local branches where there is no remote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.forge.base import BRANCHES, Proposal, parse_branch
from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.store.worktree import fast_forward

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.forge.base import Page, SeenReview
    from gitops_models.store.repository import Store


class GitOnlyForge:
    """Proposals as branches under ``gm/``; all that lands together lands in one atomic transaction."""

    name = "git"
    merges = False

    def __init__(self, store: Store, remote: str | None) -> None:
        self.store = store
        self.remote = remote

    @property
    def tracking(self) -> str:
        """Where this clone sees the proposals."""
        return f"refs/remotes/{self.remote}/gm/" if self.remote else BRANCHES

    def list(self) -> Sequence[Proposal]:
        """Every open proposal, sorted by branch."""
        refs = self.store.refs(self.tracking)
        found = (self._proposal(name, oid) for name, oid in sorted(refs.items()))
        return tuple(proposal for proposal in found if proposal)

    def open(self, proposal: Proposal, page: Page | None = None) -> Proposal:  # noqa: ARG002 - the commit says it all
        """Publish the proposal's branch; opening the same one twice changes nothing."""
        known = self.standing(proposal.ref)
        if known is None or known.head != proposal.head:
            self.publish([RefUpdate(proposal.ref, new=proposal.head, old=None)], f"open {proposal.branch}")
        return proposal

    def standing(self, ref: str) -> Proposal | None:
        """The proposal whose branch stands there."""
        return next((known for known in self.list() if known.ref == ref), None)

    def close(self, proposal: Proposal) -> None:
        """Delete the proposal's branch if it still has the known tip."""
        self.publish([RefUpdate(proposal.ref, new=None, old=proposal.head)], f"close {proposal.branch}")

    def publish(self, updates: Sequence[RefUpdate], why: str) -> None:
        """Move all refs or none, each only from the value that was judged.

        Raises the store's conflict code when one of them moved meanwhile.
        """
        if self.remote is None:
            self._publish_here(updates, why)
            return
        from gitops_models.store.transport import push  # noqa: PLC0415 - most commands only read

        push(self.store, self.remote, updates)

    def reviews(self, proposal: Proposal) -> tuple[SeenReview, ...]:  # noqa: ARG002 - as the protocol has it
        """None: decisions are signed."""
        return ()

    def _publish_here(self, updates: Sequence[RefUpdate], why: str) -> None:
        """Without a remote the line may be checked out: index and files follow in the same transaction."""
        checked_out = f"refs/heads/{self.store.head_branch()}"
        line = next((update for update in updates if update.name == checked_out and update.new and update.old), None)
        if line is None or line.new is None:
            update_refs(self.store, updates, why)
            return
        others = [update for update in updates if update is not line]
        followed = fast_forward(self.store, checked_out.removeprefix("refs/heads/"), line.new, also=others)
        if not followed.moved:
            raise GmError("GM-S301", followed.reason, where=checked_out, details=followed.blocked)

    def _proposal(self, name: str, oid: str) -> Proposal | None:
        ref = BRANCHES + name.removeprefix(self.tracking)
        commit = self.store.commit(oid)
        title = commit.message.split("\n", 1)[0]
        return parse_branch(ref, oid, title=title, author=commit.author.name if commit.author else "")
