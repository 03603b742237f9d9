"""The commit graph: the first-parent line, ancestry, new commits. Order comes from parents, never from dates."""

from collections.abc import Iterator, Sequence

import pygit2

from gitops_models.errors import GmError
from gitops_models.store.gitcli import run
from gitops_models.store.objects import Commit, parse_parents
from gitops_models.store.repository import LIBGIT2_ERRORS, Store


def parents(store: Store, oid: str) -> tuple[str, ...]:
    """Give the parents of a commit; much cheaper than parsing it."""
    found = parse_parents(store.typed(oid, "commit"))
    if found is None:
        raise GmError("GM-S013", f"commit {oid} has no readable head", where=oid)
    return found


def walk_first_parents(store: Store, tip: str) -> Iterator[str]:
    """Yield the commits of the first-parent line, newest first, ``tip`` included, down to the root."""
    oid: str | None = tip
    while oid is not None:
        yield oid
        above = parents(store, oid)
        oid = above[0] if above else None


def first_parents(store: Store, tip: str, *, stop: str | None = None) -> list[str]:
    """List the steps after ``stop`` up to ``tip``, oldest first; without ``stop`` from the root.

    Raises GM-S011 when ``stop`` is not on the first-parent line of ``tip``.
    """
    found: list[str] = []
    for oid in walk_first_parents(store, tip):
        if oid == stop:
            return found[::-1]
        found.append(oid)
    if stop is not None:
        raise GmError("GM-S011", f"{stop} is not on the first-parent line of {tip}", where=stop)
    return found[::-1]


def on_first_parent_line(store: Store, oid: str, tip: str) -> bool:
    """Tell whether ``oid`` is ``tip`` or lies on its first-parent line (being an ancestor is not enough)."""
    return any(found == oid for found in walk_first_parents(store, tip))


def merge_base(store: Store, one: str, other: str) -> str | None:
    """Give the best common ancestor of two commits, None when they share none."""
    try:
        found = store.libgit2.merge_base(one, other)
    except LIBGIT2_ERRORS:
        # libgit2 stops at a commit whose author it cannot parse; git goes on.
        return _asked(store, one, [one, other]) or None
    return str(found) if found else None


def is_ancestor(store: Store, ancestor: str, descendant: str) -> bool:
    """Tell whether ``ancestor`` is ``descendant`` or one of its ancestors over any parent."""
    if ancestor == descendant:
        return True
    try:
        return store.libgit2.descendant_of(descendant, ancestor)
    except LIBGIT2_ERRORS:
        return _asked(store, descendant, ["--is-ancestor", ancestor, descendant]) is not None


def _asked(store: Store, where: str, words: Sequence[str]) -> str | None:
    """What ``git merge-base`` answers, None for no; GM-S013 for history that git cannot read either."""
    said = run(store.git, ["merge-base", *words])
    if said.status not in {0, 1}:
        raise GmError("GM-S013", f"the ancestry of {where} cannot be read", where=where)
    return None if said.status else said.stdout.decode().strip()


def new_commits(store: Store, tip: str, exclude: str | Sequence[str] | None) -> list[Commit]:
    """List the commits that ``tip`` reaches and none of ``exclude`` does, parents before children."""
    hidden = [exclude] if isinstance(exclude, str) else list(exclude or ())
    for oid in (tip, *hidden):
        store.typed(oid, "commit")
    try:
        oids = _walk(store, tip, hidden)
    except LIBGIT2_ERRORS:
        # libgit2 stops at a commit whose author it cannot parse; git goes on.
        revisions = "\n".join((tip, *(f"^{oid}" for oid in hidden))) + "\n"
        listed = run(store.git, ["rev-list", "--topo-order", "--reverse", "--stdin"], stdin=revisions.encode())
        if listed.status:
            raise GmError("GM-S013", f"the history of {tip} cannot be read", where=tip) from None
        oids = listed.stdout.decode().split()
    return [store.commit(oid) for oid in oids]


def _walk(store: Store, tip: str, hidden: Sequence[str]) -> list[str]:
    walker = store.libgit2.walk(tip, pygit2.enums.SortMode.TOPOLOGICAL | pygit2.enums.SortMode.REVERSE)
    for oid in hidden:
        walker.hide(oid)
    return [str(found.id) for found in walker]
