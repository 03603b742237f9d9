"""Whose signatures count at one point of history, for every scheme."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.store.history import new_commits
from gitops_models.store.snapshots import governed_diff
from gitops_models.trust.keyrings import listed_keys
from gitops_models.trust.payload import commit_payload
from gitops_models.trust.verify import people_trusted, verify_many

if TYPE_CHECKING:
    from gitops_models.registry.documents import People
    from gitops_models.registry.paths import Layout
    from gitops_models.store.objects import Commit
    from gitops_models.store.repository import Store
    from gitops_models.trust.verify import Trusted
    from gitops_models.verification.history import History

__all__ = ["ReadAhead", "signers"]

_GPG = b"\ngpgsig -----BEGIN PGP "


def signers(history: History) -> Trusted:
    """What signatures are held against after the last accepted step: its people file, and the root its policy pins."""

    def root() -> bytes | None:
        from gitops_models.verification.attached import root_of  # noqa: PLC0415 - few histories have keyless commits

        return root_of(history.state.snapshot)

    return people_trusted(history.people, root)


class ReadAhead:
    """Has the GPG signatures up to ``tip`` checked together: gpg takes longer to start than to check a hundred.

    What it finds is kept where the signatures are checked; nothing is decided here. Read are the commits that the fold
    may ask for: whoever signed a commit that changes nothing governed is nobody's concern. What cannot be read ahead is
    read, and judged or found to be an error, where the fold comes to it.
    """

    def __init__(self, store: Store, tip: str) -> None:
        self._store = store
        self._tip = tip
        self._people: People | None = None
        self._keys: frozenset[str] = frozenset()

    def follow(self, history: History) -> None:
        """Read ahead from the tip of ``history`` when its people file lists GPG keys that it did not list before."""
        if history.people is self._people:
            return
        self._people = history.people
        keys = frozenset(key.fingerprint for key in listed_keys(history.people) if key.type == "gpg")
        if keys - self._keys:
            with suppress(GmError):
                ahead = [commit.raw for commit in self._ahead(history.tip) if self._governed(commit, history.layout)]
                verify_many([(raw, commit_payload) for raw in ahead], signers(history))
        self._keys = keys

    def _ahead(self, known: str) -> list[Commit]:
        return [commit for commit in new_commits(self._store, self._tip, known) if _GPG in commit.raw]

    def _governed(self, commit: Commit, layout: Layout) -> bool:
        before = self._store.commit(commit.parents[0]).tree if commit.parents else None
        return bool(governed_diff(self._store, before, commit.tree, layout))
