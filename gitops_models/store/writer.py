"""Objects built in memory: blobs, trees, signed commits and tags. No index, no work tree, no ref is touched."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import pygit2

from gitops_models.errors import GmError
from gitops_models.registry.snapshot import Entry
from gitops_models.registry.text import visible
from gitops_models.store.names import check_oid, check_ref
from gitops_models.store.objects import Ident
from gitops_models.store.repository import LIBGIT2_ERRORS, Store
from gitops_models.store.trees import DIRECTORY, Node, read_tree, render_tree, tree_of

REGULAR = 0o100644
Sign: TypeAlias = Callable[[bytes], str]
Update: TypeAlias = bytes | Entry | None
_FORBIDDEN_PARTS = frozenset({"", ".", "..", ".git"})


def write_blob(store: Store, data: bytes) -> str:
    """Store bytes and give the blob's id."""
    return _write(store, pygit2.enums.ObjectType.BLOB, data)


def write_tree(store: Store, base: str | None, updates: Mapping[str, Update]) -> str:
    """Give the tree that ``base`` (a commit, a tree or nothing) becomes by ``updates``.

    A path maps to new content (a regular file), to an existing entry, or to None, which removes it; directories that
    become empty vanish. Raises GM-S016 for a path that no tree can hold or that a file stands in the way of.
    """
    for path, update in updates.items():
        if update is not None:
            _check_path(path)
    tree = tree_of(store, base) if base else None
    oid = _update(store, tree, {tuple(path.split("/")): update for path, update in updates.items()}, "")
    return oid or _write(store, pygit2.enums.ObjectType.TREE, b"")


def write_commit(
    store: Store,
    tree: str,
    parents: Sequence[str],
    message: str,
    author: Ident,
    committer: Ident,
    sign: Sign | None = None,
) -> str:
    """Store a commit and give its id. ``sign`` gets the payload bytes and returns the armored signature."""
    lines = [f"tree {check_oid(tree)}", *(f"parent {check_oid(oid)}" for oid in parents)]
    lines += [f"author {_ident(author)}", f"committer {_ident(committer)}"]
    head = "\n".join(lines).encode()
    body = b"\n\n" + _message(message)
    if sign is not None:
        armored = sign(head + body).strip("\n")
        head += b"\ngpgsig " + armored.replace("\n", "\n ").encode("ascii")
    return _write(store, pygit2.enums.ObjectType.COMMIT, head + body)


def write_tag(store: Store, name: str, target: str, message: str, tagger: Ident, sign: Sign | None = None) -> str:
    """Store an annotated tag (short ``name``) of an object and give its id; the ref is the caller's to create."""
    check_ref(f"refs/tags/{name}")
    kind, _ = store.raw(target)
    head = f"object {target}\ntype {kind}\ntag {name}\ntagger {_ident(tagger)}\n\n".encode()
    payload = head + _message(message)
    signature = sign(payload).strip("\n") + "\n" if sign is not None else ""
    return _write(store, pygit2.enums.ObjectType.TAG, payload + signature.encode("ascii"))


def _write(store: Store, kind: pygit2.enums.ObjectType, data: bytes) -> str:
    # A ref must never outlive the object it names: the object is on the disk before the ref moves.
    pygit2.settings.enable_fsync_gitdir(value=True)
    try:
        return str(store.libgit2.odb.write(kind, data))
    except LIBGIT2_ERRORS as error:
        raise GmError("GM-S002", f"an object cannot be written: {error}", where=str(store.git_dir)) from error


def _check_path(path: str) -> None:
    parts = path.split("/")
    if "\0" in path or any(part.lower() in _FORBIDDEN_PARTS for part in parts):
        raise GmError("GM-S016", f"{visible(path)} is not a path that a tree can hold", where=visible(path))


def _ident(ident: Ident) -> str:
    if any(char in text for text in (ident.name, ident.email) for char in "<>\n\0"):
        raise GmError("GM-S019", f"the name or e-mail of {visible(ident.name)} holds a forbidden character")
    return ident.render()


def _message(message: str) -> bytes:
    if "\0" in message:
        raise GmError("GM-S019", "a message cannot hold NUL")
    return (message.rstrip("\n") + "\n").encode()


def _update(store: Store, tree: str | None, updates: Mapping[tuple[str, ...], Update], prefix: str) -> str | None:
    """Give the id of the updated directory, None when nothing is left in it."""
    nodes = read_tree(store, tree) if tree else {}
    here = {parts[0]: update for parts, update in updates.items() if len(parts) == 1}
    below: dict[str, dict[tuple[str, ...], Update]] = {}
    for parts, update in updates.items():
        if len(parts) > 1:
            below.setdefault(parts[0], {})[parts[1:]] = update
    removed = {name for name, update in here.items() if update is None}
    for name in removed:
        if name in nodes and not nodes[name].directory:
            del nodes[name]
    for name, nested in below.items():
        _update_directory(store, nodes, name, nested, prefix)
    for name, update in here.items():
        if update is not None:
            _put(store, nodes, name, update, prefix)
    return _write(store, pygit2.enums.ObjectType.TREE, render_tree(nodes)) if nodes else None


def _update_directory(
    store: Store, nodes: dict[str, Node], name: str, nested: Mapping[tuple[str, ...], Update], prefix: str
) -> None:
    node = nodes.get(name)
    if node is not None and not node.directory:
        if all(update is None for update in nested.values()):
            return
        raise GmError("GM-S016", f"{prefix}{name} is a file, so nothing can stand below it", where=prefix + name)
    oid = _update(store, node.oid if node else None, nested, f"{prefix}{name}/")
    nodes.pop(name, None)
    if oid is not None:
        nodes[name] = Node(name, DIRECTORY, oid)


def _put(store: Store, nodes: dict[str, Node], name: str, update: bytes | Entry, prefix: str) -> None:
    if name in nodes and nodes[name].directory:
        raise GmError("GM-S016", f"{prefix}{name} is a directory, so it cannot be a file", where=prefix + name)
    entry = update if isinstance(update, Entry) else Entry(REGULAR, write_blob(store, update))
    nodes[name] = Node(name, entry.mode, check_oid(entry.oid))
