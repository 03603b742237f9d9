"""What the file system says of a served version without reading it: whether something may have changed since.

Inode, size, mode, mtime and ctime of the place, of the entry that is served, and of every file in it. A write, a
rename, a new link and a change of mode all move the ctime, which no user can set. What this cannot show (a change in
the very tick of the clock in which it was taken, a disk that decays, root that sets the clock back, a page written
through mmap and not yet flushed) is found by hashing everything again, which happens at a slower pace; and a glimpse is
believed only where everything in it was older than a moment when the hashing began, as in Git's index ("racily clean").
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from gitops_models.delivery.values import ModelStage

SETTLED_NS = 2_000_000_000  # coarser than the time stamps of any file system in use
_Sign = tuple[int, ...] | None


@dataclass(frozen=True)
class Glimpse:
    """Signs of some paths, and when the newest change among them was. ``more`` is whatever else has to stay equal."""

    paths: tuple[str, ...]
    signs: tuple[_Sign, ...]
    newest_ns: int
    more: object = None

    def holds(self) -> bool:
        """Whether the paths still give the same signs."""
        for path, sign in zip(self.paths, self.signs, strict=True):  # noqa: SIM110 - all() costs as much as lstat
            if _sign(path) != sign:
                return False
        return True

    def settled(self, at: datetime) -> bool:
        """Whether nothing was changed so shortly before ``at`` that a later change could look the same."""
        return self.newest_ns + SETTLED_NS <= int(at.timestamp() * 1e9)


@runtime_checkable
class Glimpsing(Protocol):
    """A target that can say cheaply whether what it serves may have changed."""

    def glimpse(self, at: ModelStage) -> Glimpse | None:
        """Return the signs of what is served now, ``None`` where only observing tells."""

    def holds(self, at: ModelStage, glimpse: Glimpse) -> bool:
        """Whether everything still gives the same signs."""

    def layout(self) -> object:
        """Return something that changes when a model is put there or taken away."""


def take(*paths: Path, tree: Path | None = None) -> Glimpse:
    """Return the signs of ``paths``, none for one that is missing, and of all of ``tree``. Raises ``OSError``."""
    names = (*map(os.fspath, paths), *(_below(os.fspath(tree)) if tree else ()))
    signs = tuple(_sign(name) for name in names)
    newest = max((max(sign[-2:]) for sign in signs if sign), default=0)
    return Glimpse(names, signs, newest)


def _sign(path: str) -> _Sign:
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _below(folder: str) -> Iterator[str]:
    yield folder
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if entry.is_dir(follow_symlinks=False):
                yield from _below(entry.path)
            else:
                yield entry.path
