"""Which commit touched what, and who signed it.

A commit *touches* a governed path only if its blob there is in none of its parents (DESIGN.md section 5), so merging
main into a proposal makes nobody the author of what main already held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.facts import CommitFact, MergeFact
from gitops_models.registry.merge import merge_paths
from gitops_models.registry.trailers import GM_REASON, parse_trailers
from gitops_models.registry.values import dataclass
from gitops_models.store.history import is_ancestor, merge_base, new_commits
from gitops_models.store.snapshots import governed_diff, tree_diff
from gitops_models.trust.payload import commit_payload
from gitops_models.trust.verify import verify_commit, verify_many

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_models.registry.documents import People
    from gitops_models.registry.paths import Layout
    from gitops_models.registry.snapshot import Entry
    from gitops_models.store.objects import Commit
    from gitops_models.store.repository import Store
    from gitops_models.trust.verify import Trusted, Verified

Delta = dict[str, tuple["Entry | None", "Entry | None"]]

MERGE_PARENTS = 2


@dataclass(frozen=True)
class Merged:
    """The path-level three-way merge of a proposal into a tip.

    ``updates`` are the governed entries that the merge changes on top of the tip (None removes), ``conflicts`` the
    paths that both sides changed to different blobs.
    """

    base: str | None
    updates: Mapping[str, Entry | None]
    conflicts: tuple[str, ...]


def was_there(store: Store, oid: str, tip: str) -> bool:
    """Whether ``oid`` is ``tip`` or lies in its past; what this repository does not know does not."""
    try:
        return is_ancestor(store, oid, tip)
    except GmError:
        return False


def touched_paths(store: Store, commit: Commit, layout: Layout) -> tuple[str, ...]:
    """The governed paths of ``commit`` whose blob (or absence) is in none of its parents, sorted."""
    return tuple(path for path, _ in touched_blobs(store, commit, layout))


def touched_blobs(store: Store, commit: Commit, layout: Layout) -> tuple[tuple[str, str | None], ...]:
    """The touched paths, each with the object id that ``commit`` leaves there; None where it leaves no file."""
    trees: list[str | None] = [store.commit(parent).tree for parent in commit.parents]
    deltas = [governed_diff(store, tree, commit.tree, layout) for tree in trees or [None]]
    shared = set(deltas[0]).intersection(*deltas[1:])
    return tuple((path, entry.oid if entry else None) for path in sorted(shared) for _, entry in [deltas[0][path]])


def three_way(store: Store, tip: str, head: str, layout: Layout | None) -> Merged:
    """Merge ``head`` into ``tip`` path by path on whole blobs; nothing but object ids is compared.

    ``layout`` restricts the merge to governed paths; None merges every path.
    """
    base = merge_base(store, tip, head)
    base_tree = store.commit(base).tree if base else None
    theirs_delta = _delta(store, base_tree, store.commit(head).tree, layout)
    if base == tip:
        return Merged(base, {path: after for path, (_, after) in theirs_delta.items()}, ())
    ours_delta = _delta(store, base_tree, store.commit(tip).tree, layout)
    before = {path: entry for path, (entry, _) in {**ours_delta, **theirs_delta}.items() if entry is not None}
    result = merge_paths(before, _applied(before, ours_delta), _applied(before, theirs_delta))
    return Merged(base, result.entries, result.conflicts)


def commit_facts(
    store: Store, commits: list[Commit], people: People | Trusted, layout: Layout
) -> tuple[CommitFact, ...]:
    """A fact for each of ``commits`` that touches governed paths, in the given order."""
    touching = [(commit, blobs) for commit in commits if (blobs := touched_blobs(store, commit, layout))]
    verified = verify_many([(commit.raw, commit_payload) for commit, _ in touching], people)
    return tuple(_commit_fact(*one, found) for one, found in zip(touching, verified, strict=True))


def proposal_facts(
    store: Store, head: str, tip: str, people: People | Trusted, layout: Layout
) -> tuple[CommitFact, ...]:
    """Facts for the commits that ``head`` would bring to ``tip``."""
    return commit_facts(store, new_commits(store, head, tip), people, layout)


def merge_fact(store: Store, commit: Commit, delta: Delta, people: People | Trusted, layout: Layout) -> MergeFact:
    """The fact about a step with other than one parent: its signer, and paths that a faithful merge would not have.

    Stricter than "each blob comes from one parent": the result must be the three-way merge itself, so a merge can
    not quietly keep the older side of a file either. A merge of any other number of parents is foreign as a whole.
    """
    verified = verify_commit(commit.raw, people)
    foreign = tuple(sorted(delta))
    if len(commit.parents) == MERGE_PARENTS:
        foreign = _foreign_paths(store, commit, delta, layout)
    return MergeFact(
        oid=commit.oid,
        signature=verified.signature,
        actor=verified.actor,
        email_ok=verified.email_ok,
        foreign=foreign,
    )


def _foreign_paths(store: Store, commit: Commit, delta: Delta, layout: Layout) -> tuple[str, ...]:
    tip, head = commit.parents
    merged = three_way(store, tip, head, layout)
    differing = {
        path
        for path in set(delta) | set(merged.updates)
        if path not in delta or path not in merged.updates or delta[path][1] != merged.updates[path]
    }
    return tuple(sorted(differing | set(merged.conflicts)))


def _commit_fact(commit: Commit, blobs: tuple[tuple[str, str | None], ...], verified: Verified) -> CommitFact:
    return CommitFact(
        oid=commit.oid,
        blobs=blobs,
        signature=verified.signature,
        actor=verified.actor,
        email_ok=verified.email_ok,
        reason=parse_trailers(commit.message).get(GM_REASON),
    )


def _delta(store: Store, before: str | None, after: str, layout: Layout | None) -> Delta:
    return tree_diff(store, before, after) if layout is None else governed_diff(store, before, after, layout)


def _applied(before: Mapping[str, Entry], delta: Delta) -> dict[str, Entry]:
    after = dict(before)
    for path, (_, entry) in delta.items():
        if entry is None:
            after.pop(path, None)
        else:
            after[path] = entry
    return after
