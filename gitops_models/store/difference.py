"""What a work tree's tracked files have that its commit does not."""

from gitops_models.registry.values import dataclass
from gitops_models.store.gitcli import GitContext, output
from gitops_models.store.repository import Store

_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-renames", "--no-color")


@dataclass(frozen=True)
class Uncommitted:
    """Changed tracked paths, sorted, and the binary patch from HEAD to the work tree."""

    paths: tuple[str, ...]
    patch: bytes


def tracked_changes(store: Store) -> Uncommitted:
    """Compare HEAD with the tracked files of the work tree; untracked files are no difference. Empty when bare."""
    if store.work_tree is None:
        return Uncommitted((), b"")
    context = GitContext(store.git_dir, store.git.env, store.work_tree)
    # Stale stat data would make an untouched file look edited.
    output(context, ["update-index", "-q", "--really-refresh"])
    named = output(context, ["diff-index", "--name-only", "-z", *_PLAIN, "HEAD", "--"]).decode(
        "utf-8", "surrogateescape"
    )
    paths = tuple(sorted(path for path in named.split("\0") if path))
    patch = output(context, ["diff-index", "--binary", "--patch", *_PLAIN, "HEAD", "--"]) if paths else b""
    return Uncommitted(paths, patch)
