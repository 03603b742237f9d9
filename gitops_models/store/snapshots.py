"""The governed files of any commit, read from objects without a checkout."""

from collections.abc import Callable, Iterator, Mapping
from typing import cast

from gitops_models.errors import GmError
from gitops_models.registry.paths import Layout, model_scope
from gitops_models.registry.scopes import GITLINK
from gitops_models.registry.snapshot import Entry, Scope, Snapshot
from gitops_models.store.repository import Store
from gitops_models.store.trees import (
    NO_TREE,
    REMEMBERED,
    TOO_LARGE,
    MalformedTreeError,
    Node,
    Pair,
    Walk,
    compare,
    flatten,
    read_tree,
    tree_diff,
    tree_of,
    whole,
)

__all__ = ["governed_diff", "governed_scopes", "snapshot", "tree_diff"]


def governed_scopes(store: Store, treeish: str, layout: Layout) -> dict[str, Mapping[str, Entry]]:
    """Give the governed entries of a commit or tree by scope (``policy``, ``model:<name>``) and path.

    A model's directory that was read before is not read again: successive snapshots share its scope.
    """
    tree = tree_of(store, treeish)
    policy: dict[str, dict[str, Entry]] = {}
    reaches = _reaches(layout)
    walk = Walk(lambda path: reaches(path) and path != layout.models, _units(layout), _marks(layout))
    for path, entry in flatten(store, tree, walk=walk):
        _file(policy, layout, path, entry)
    scopes: dict[str, Mapping[str, Entry]] = {**policy}
    for node in _models_root(store, tree, layout):
        if node.directory:
            scopes[model_scope(node.name)] = _model(store, node, layout)
        else:
            _file(policy, layout, f"{layout.models}/{node.name}", Entry(node.mode, node.oid))
    return {**policy, **scopes}


def snapshot(store: Store, treeish: str, layout: Layout) -> Snapshot:
    """Give all documents at one commit or tree."""
    return Snapshot(layout, governed_scopes(store, treeish, layout), store)


def governed_diff(store: Store, old: str | None, new: str | None, layout: Layout) -> dict[str, Pair]:
    """Give every governed path that differs between two commits or trees (None is the empty tree), before and after.

    Equal directories are not opened: the cost grows with the difference only. An entry after the change that calls
    itself a file but is none, or is missing, comes out as what has no content here (a submodule), and so does a
    directory that is malformed: it is judged and refused, and stops nobody from reading on.
    """
    before, after = (_tree(store, treeish) if treeish else None for treeish in (old, new))
    key = ("governed", before, after, layout)
    known = store.trees.get(key)
    if known is None:
        found = compare(store, before, after, walk=Walk(_reaches(layout), _units(layout), _marks(layout)))
        known = {
            path: (old_entry, _with_content(store, new_entry))
            for path, (old_entry, new_entry) in found
            if layout.classify(path) is not None
        }
        store.remember(key, known, limit=REMEMBERED)
    return dict(cast("dict[str, Pair]", known))


def _tree(store: Store, treeish: str) -> str:
    try:
        return tree_of(store, treeish)
    except GmError as error:
        if error.code not in {NO_TREE, TOO_LARGE}:
            raise
        # A commit whose tree is a file or too large: read, and marked, as a malformed directory.
        return treeish


def _with_content(store: Store, entry: Entry | None) -> Entry | None:
    if entry is None or entry.mode == GITLINK or store.is_blob(entry.oid):
        return entry
    return Entry(GITLINK, entry.oid)


def _reaches(layout: Layout) -> Callable[[str], bool]:
    """Tell which directories may hold governed paths: the roots, what is below them and what leads to them.

    In any case of letters, because a path that only a careless file system takes for a governed one is refused.
    """
    roots = tuple(root.casefold() for root in layout.roots())

    def reaches(path: str) -> bool:
        folded = path.casefold()
        return any(folded == root or folded.startswith(f"{root}/") or root.startswith(f"{folded}/") for root in roots)

    return reaches


def _units(layout: Layout) -> Callable[[str], bool]:
    """Tell the directories that are judged by themselves: each model, and every other root."""
    models = layout.models.casefold()
    roots = {root.casefold() for root in layout.roots()} - {models}
    return lambda path: path.casefold() in roots or path.casefold().rpartition("/")[0] == models


def _marks(layout: Layout) -> Callable[[str], str]:
    """Give, for a directory that holds roots or is the models root, the name of a governed path that stands for it."""
    roots = tuple(f"{root}/" for root in layout.roots())

    def mark(prefix: str) -> str:
        folded = prefix.casefold()
        below = next((root[len(prefix) : -1] for root in roots if root.casefold().startswith(folded)), "")
        return below or "."

    return mark


def _models_root(store: Store, tree: str, layout: Layout) -> Iterator[Node]:
    oid = tree
    for part in layout.models.split("/"):
        node = _read(store, oid).get(part)
        if node is None or not node.directory:
            return
        oid = node.oid
    yield from _read(store, oid).values()


def _read(store: Store, oid: str) -> dict[str, Node]:
    try:
        return read_tree(store, oid)
    except MalformedTreeError:  # the walk over everything else has marked it
        return {}


def _model(store: Store, node: Node, layout: Layout) -> Scope:
    key = (node.oid, node.name, layout)
    if key not in store.trees:
        entries = whole(store, node.oid, f"{layout.models}/{node.name}")
        store.remember(key, Scope(layout, entries), limit=REMEMBERED)
    return cast("Scope", store.trees[key])


def _file(scopes: dict[str, dict[str, Entry]], layout: Layout, path: str, entry: Entry) -> None:
    place = layout.classify(path)
    if place is not None:
        scopes.setdefault(place.scope, {})[path] = entry
