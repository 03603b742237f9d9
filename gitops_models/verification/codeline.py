"""Which commits of code follow one that is called poisoned, where both lie in this very repository.

Only what the line's tip reaches is looked at: every reader has that, so all come to the same answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.selection import commits_asked
from gitops_models.store.history import is_ancestor, new_commits

if TYPE_CHECKING:
    from collections.abc import Collection

    from gitops_models.registry.change import Change
    from gitops_models.store.repository import Store

MOST = 4
"""Poisoned commits of one change that are followed, the first by name: each costs a walk over the line.

With a rollback there is one (GM-P522); elsewhere what is not followed is no descent, and named versions are refused.
"""


def follows(store: Store, change: Change, tip: str) -> frozenset[tuple[str, str]]:
    """Pairs (poisoned commit, commit of code that descends from it) that the judge of ``change`` may ask for.

    Never raises: what cannot be read follows nothing.
    """
    try:
        asked = commits_asked(change)
    except GmError:  # a document that cannot be read is the judge's to name
        return frozenset()
    found = [(bad, followers(store, bad, asked[bad], tip)) for bad in sorted(asked)[:MOST]]
    return frozenset((bad, code) for bad, codes in found for code in codes)


def followers(store: Store, bad: str, codes: Collection[str], tip: str) -> frozenset[str]:
    """Those of ``codes`` that descend from ``bad``, all of them commits that ``tip`` reaches."""
    try:
        if not codes or not store.has(bad) or not is_ancestor(store, bad, tip):
            return frozenset()
        after = {bad}
        for commit in new_commits(store, tip, bad):
            if not after.isdisjoint(commit.parents):
                after.add(commit.oid)
    except GmError:
        return frozenset()
    return frozenset(after.intersection(codes) - {bad})
