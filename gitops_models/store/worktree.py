"""The user's work tree: what is dirty, and following a branch that gm moved, as ``git merge --ff-only`` would.

Nothing is ever overwritten that is not in Git: when a path that has to change was edited, the branch and the files
stay and the caller says so. Hooks do not run. Smudge filters that the user configured do (git-lfs, git-crypt): without
them the files would at once look edited.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pygit2

from gitops_models.errors import GmError
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass
from gitops_models.store import fitness
from gitops_models.store.environment import scrub
from gitops_models.store.gitcli import GitContext, failed, output, run
from gitops_models.store.history import is_ancestor
from gitops_models.store.locks import break_stale_locks
from gitops_models.store.names import check_ref
from gitops_models.store.refs import RefUpdate, prepared, update_refs
from gitops_models.store.repository import Store
from gitops_models.store.trees import tree_diff, tree_of

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_UNFINISHED = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")


@dataclass(frozen=True)
class FastForward:
    """How a branch followed: ``moved``, or the edited paths (``blocked``) and ``reason`` why it was left alone."""

    moved: bool
    updated: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class _Checkout:
    git: GitContext
    git_dir: Path
    work_tree: Path


class _BlockedError(Exception):
    """The work tree refuses; carries the edited paths."""

    def __init__(self, paths: tuple[str, ...], reason: str) -> None:
        super().__init__(reason)
        self.paths = paths
        self.reason = reason


def init(path: str | os.PathLike[str], *, bare: bool = False, initial_branch: str = "main") -> Store:
    """Make a repository (or complete an existing one) and open it; GM-S302 when that is not possible."""
    check_ref(f"refs/heads/{initial_branch}")
    context = GitContext(None, scrub(os.environ))
    options = ["-c", "init.defaultRefFormat=files", "init", "--quiet", "--object-format=sha1"]
    args = [*options, f"--initial-branch={initial_branch}", *(["--bare"] if bare else []), "--", os.fspath(path)]
    done = run(context, args)
    if done.status:
        raise GmError("GM-S302", failed("init", done).message, where=str(path))
    return Store.open(path)


def dirty_paths(store: Store, prefixes: Sequence[str] = ()) -> list[str]:
    """List the paths below ``prefixes`` (all without them) that differ from HEAD or are untracked, sorted.

    A bare repository has none.
    """
    if store.work_tree is None:
        return []
    return _dirty(GitContext(store.git_dir, store.git.env, store.work_tree), prefixes)


def tracked_paths(store: Store, prefix: str) -> list[str]:
    """List what the index has at and below ``prefix``, sorted; a bare repository has none."""
    if store.work_tree is None:
        return []
    context = GitContext(store.git_dir, store.git.env, store.work_tree)
    listed = output(context, ["ls-files", "-z", "--cached", "--", prefix]).decode("utf-8", "surrogateescape")
    return sorted(path for path in listed.split("\0") if path)


def fast_forward(store: Store, branch: str, new: str, *, also: Sequence[RefUpdate] = ()) -> FastForward:
    """Move a local branch forward to ``new``; where it is checked out, index and files follow.

    ``also`` are refs that move in the same transaction. Raises GM-S101 when ``new`` does not descend from the branch or
    a ref has moved meanwhile. When edits stand in the way nothing moves and the result says which.
    """
    name = f"refs/heads/{branch}"
    old = store.ref(name)
    if old is not None and not is_ancestor(store, old, new):
        raise GmError("GM-S101", f"{visible(branch)} and {new[:12]} have diverged", where=name)
    updates = [*also, *([RefUpdate(name, new, old)] if old != new else [])]
    checkout = next((found for found in _checkouts(store) if _head(found.git_dir) == name), None)
    if checkout is None or old == new:
        update_refs(store, updates, "gm: fast-forward")
        return FastForward(moved=True)
    try:
        return _follow(store, checkout, updates, (old, new))
    except _BlockedError as blocked:
        return FastForward(moved=False, blocked=blocked.paths, reason=blocked.reason)


def _follow(
    store: Store, checkout: _Checkout, updates: Sequence[RefUpdate], step: tuple[str | None, str]
) -> FastForward:
    old, new = step
    for name in _UNFINISHED:
        if (checkout.git_dir / name).exists():
            raise _BlockedError((), f"an unfinished merge or rebase is in {checkout.work_tree}")
    touched = tree_diff(store, old, new)
    before = tree_of(store, old) if old else EMPTY_TREE
    after = tree_of(store, new)
    _refuse_untracked(checkout, [path for path, (left, _) in touched.items() if left is None])
    break_stale_locks(store)
    with prepared(store, updates, "gm: fast-forward"):
        _read_tree(store, checkout, (before, after), tuple(touched))
    return FastForward(moved=True, updated=tuple(touched))


def _read_tree(store: Store, checkout: _Checkout, trees: tuple[str, str], touched: tuple[str, ...]) -> None:
    """Two-way merge of index and work tree (git-read-tree(1)): checks everything before it changes anything."""
    # Stale stat data would make an untouched file look edited; git merge refreshes first as well.
    run(checkout.git, ["update-index", "-q", "--refresh"])
    done = run(checkout.git, ["read-tree", "-m", "-u", trees[0], trees[1]])
    if done.status == 0:
        return
    if "index.lock': File exists" in done.stderr:
        raise GmError("GM-S102", f"the index of {checkout.work_tree} is locked", where=str(store.git_dir))
    edited = set(_dirty(checkout.git, ()))
    paths = tuple(path for path in touched if path in edited)
    raise _BlockedError(paths, failed("read-tree", done).message)


def _refuse_untracked(checkout: _Checkout, added: Sequence[str]) -> None:
    """Refuse to overwrite any untracked file: an ignored one counts as expendable to git, not to us."""
    present = [path for path in added if os.path.lexists(checkout.work_tree / path)]
    if not present:
        return
    listed = output(checkout.git, ["ls-files", "-z", "--cached"]).decode("utf-8", "surrogateescape")
    tracked = set(listed.split("\0"))
    untracked = tuple(path for path in present if path not in tracked)
    if untracked:
        raise _BlockedError(untracked, "untracked files would be overwritten")


def _dirty(git: GitContext, prefixes: Sequence[str]) -> list[str]:
    # Submodules by their commit only: a look inside would run what their own settings name (core.fsmonitor).
    args = ["status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=dirty"]
    listed = output(git, [*args, "--", *prefixes]).decode("utf-8", "surrogateescape")
    return sorted(record[3:] for record in listed.split("\0") if record)


def _checkouts(store: Store) -> Iterator[_Checkout]:
    """Every work tree of this repository: its own, the main one and the linked ones (git-worktree(1))."""
    candidates = [store.git_dir, store.common_dir, *sorted(store.common_dir.glob("worktrees/*"))]
    for git_dir in dict.fromkeys(candidates):
        work_tree = store.work_tree if git_dir == store.git_dir else _work_tree(git_dir)
        if work_tree is not None and work_tree.is_dir():
            yield _Checkout(GitContext(git_dir, store.git.env, work_tree), git_dir, work_tree)


def _work_tree(git_dir: Path) -> Path | None:
    pointer = git_dir / "gitdir"
    if pointer.is_file():
        return Path(pointer.read_text().strip()).parent
    try:
        workdir = fitness.open_libgit2(git_dir).workdir
    except (GmError, pygit2.GitError):
        return None
    return Path(workdir) if workdir else None


def _head(git_dir: Path) -> str:
    try:
        return (git_dir / "HEAD").read_text().strip().removeprefix("ref: ")
    except OSError:
        return ""
