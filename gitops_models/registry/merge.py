"""Path-level three-way merge on whole blobs (DESIGN.md section 5).

No content merge, no rename detection, no attributes: `git merge-tree` was seen to move a governed file into another
model's folder and to make a blob that nobody approved.
"""

from collections.abc import Mapping

from gitops_models.registry.scopes import Entry
from gitops_models.registry.values import dataclass


@dataclass(frozen=True)
class MergeResult:
    """What to set on top of ``ours`` (None removes), and the paths that both sides changed differently, sorted."""

    entries: Mapping[str, Entry | None]
    conflicts: tuple[str, ...]


def merge_paths(base: Mapping[str, Entry], ours: Mapping[str, Entry], theirs: Mapping[str, Entry]) -> MergeResult:
    """Merge two trees: changed on one side takes that blob, changed on both to different blobs is a conflict.

    All three map full paths to entries; an absent path is a value like any other. A conflicting path keeps ``ours``.
    """
    entries: dict[str, Entry | None] = {}
    conflicts = []
    for path in sorted(base.keys() | theirs.keys()):
        old, mine, yours = base.get(path), ours.get(path), theirs.get(path)
        if yours in (old, mine):
            continue
        if mine == old:
            entries[path] = yours
        else:
            conflicts.append(path)
    return MergeResult(entries, tuple(conflicts))
