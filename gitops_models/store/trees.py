"""Tree objects: read strictly from raw bytes, compared, flattened, written in memory.

Read by us and not by a library, because a tree that two programs read differently (duplicate names, wrong order) could
show one content to the judge and another to whoever checks it out. Format: mode SP name NUL 20-byte id, sorted by name
with directories compared as ``name/``.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeAlias, cast

from gitops_models.errors import GmError
from gitops_models.registry.snapshot import Entry
from gitops_models.store.objects import parse_commit, parse_tag
from gitops_models.store.repository import Store

DIRECTORY = 0o040000
REMEMBERED = 1024
_ENTRY = re.compile(rb"([0-7]{5,6}) ([^\0]+)\0(.{20})", re.DOTALL)

Pair: TypeAlias = tuple[Entry | None, Entry | None]
Descend: TypeAlias = Callable[[str], bool]


class Node(NamedTuple):
    """One line of a tree: a file, symlink or submodule (``mode``), or a directory."""

    name: str
    mode: int
    oid: str

    @property
    def directory(self) -> bool:
        """Whether it is a directory."""
        return self.mode == DIRECTORY


def tree_of(store: Store, treeish: str) -> str:
    """Give the id of the tree of a commit, annotated tag or tree."""
    kind, raw = store.raw(treeish)
    if kind == "tree":
        return treeish
    if kind == "commit":
        return parse_commit(treeish, raw).tree
    if kind == "tag":
        return tree_of(store, parse_tag(treeish, raw).target)
    raise GmError("GM-S014", f"object {treeish} is a {kind} and has no tree", where=treeish)


def read_tree(store: Store, oid: str) -> dict[str, Node]:
    """Give the entries of one tree by name, in Git's order; GM-S013 when it is not well-formed."""
    return dict(_nodes(store, oid))


def _nodes(store: Store, oid: str) -> Mapping[str, Node]:
    """The same without a copy; neighbouring commits share most trees, so each is parsed once."""
    known = store.trees.get(("nodes", oid))
    if known is None:
        known = _parse(store, oid)
        store.remember(("nodes", oid), known, limit=REMEMBERED)
    return cast("Mapping[str, Node]", known)


def _parse(store: Store, oid: str) -> dict[str, Node]:
    raw = store.typed(oid, "tree")
    nodes = {}
    previous = b""
    end = 0
    for match in _ENTRY.finditer(raw):
        mode, name = int(match[1], 8), match[2]
        key = name + b"/" if mode == DIRECTORY else name
        if match.start() != end or key <= previous or b"/" in name:
            break
        previous, end = key, match.end()
        text = name.decode("utf-8", "surrogateescape")
        if text in nodes:
            break
        nodes[text] = Node(text, mode, match[3].hex())
    else:
        if end == len(raw):
            return nodes
    raise GmError("GM-S013", f"tree {oid} is malformed: its entries are out of order, doubled or cut", where=oid)


def flatten(store: Store, oid: str, prefix: str = "", descend: Descend | None = None) -> Iterator[tuple[str, Entry]]:
    """Yield path and entry of every file below a tree; ``descend`` may leave directories out by their path."""
    for node in _nodes(store, oid).values():
        path = prefix + node.name
        if not node.directory:
            yield path, Entry(node.mode, node.oid)
        elif descend is None or descend(path):
            yield from flatten(store, node.oid, path + "/", descend)


def compare(
    store: Store, old: str | None, new: str | None, prefix: str = "", descend: Descend | None = None
) -> Iterator[tuple[str, Pair]]:
    """Yield what differs between two trees as (path, (before, after)); equal directories are not opened."""
    if old == new:
        return
    before = _nodes(store, old) if old else {}
    after = _nodes(store, new) if new else {}
    for name in dict.fromkeys((*before, *after)):
        left, right = before.get(name), after.get(name)
        if left == right:
            continue
        yield from _compare_nodes(store, (left, right), prefix + name, descend)


def _compare_nodes(
    store: Store, nodes: tuple[Node | None, Node | None], path: str, descend: Descend | None
) -> Iterator[tuple[str, Pair]]:
    files = [Entry(node.mode, node.oid) if node and not node.directory else None for node in nodes]
    if files[0] or files[1]:
        yield path, (files[0], files[1])
    old, new = (node.oid if node and node.directory else None for node in nodes)
    if (old or new) and (descend is None or descend(path)):
        yield from compare(store, old, new, path + "/", descend)


def tree_diff(store: Store, old: str | None, new: str | None) -> dict[str, Pair]:
    """Give every path that differs between two commits or trees (None is the empty tree), with both entries."""
    trees = [tree_of(store, treeish) if treeish else None for treeish in (old, new)]
    return dict(compare(store, trees[0], trees[1]))


def has_file(store: Store, treeish: str, name: str) -> bool:
    """Tell whether the top directory of a commit or tree has a file of this name; costs one tree."""
    node = _nodes(store, tree_of(store, treeish)).get(name)
    return node is not None and not node.directory


def render_tree(nodes: Mapping[str, Node]) -> bytes:
    """Write a tree's bytes in Git's order."""
    keyed = sorted((_key(node), node) for node in nodes.values())
    return b"".join(_line(node) for _, node in keyed)


def _key(node: Node) -> bytes:
    return _name(node) + (b"/" if node.directory else b"")


def _line(node: Node) -> bytes:
    return b"%o %s\0%s" % (node.mode, _name(node), bytes.fromhex(node.oid))


def _name(node: Node) -> bytes:
    return node.name.encode("utf-8", "surrogateescape")
