"""Clearing up what reconcilers fetched and nothing needs any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.store.repository import Store
from gitops_models.workflows.deliver import places, reconciler_for_directory, reconciler_from_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitops_models.artifacts.garbage import Collected
    from gitops_models.delivery.reconciler import Reconciler
    from gitops_models.workflows.clock import Clock


@dataclass(frozen=True)
class Cleared:
    """One content store and what was (or would be) removed from it."""

    store: Path
    found: Collected


def clear_from_file(config: Path, clock: Clock, *, dry_run: bool = False) -> Iterator[Cleared]:
    """Clear the store of the reconciler that ``config`` describes; GM-R101 while it runs (it clears up by itself)."""
    with reconciler_from_file(config, clock, None) as (reconciler, _):
        yield from _clear(reconciler, dry_run=dry_run)


def clear_of_clone(repo: Path, clock: Clock, *, dry_run: bool = False) -> Iterator[Cleared]:
    """Clear the stores of every directory that this clone deploys to; GM-A624 where there is none."""
    known = [place for place in places(Store.discover(repo)) if place.directory.is_dir()]
    if not known:
        raise GmError("GM-A624", "this clone deploys to no directory", where=str(repo))
    for place in known:
        with reconciler_for_directory(repo, place, clock) as reconciler:
            yield from _clear(reconciler, dry_run=dry_run)


def _clear(reconciler: Reconciler, *, dry_run: bool) -> Iterator[Cleared]:
    garbage = reconciler.garbage
    if garbage:
        history = reconciler.load_history().history
        yield Cleared(garbage.content.root, garbage.clear(history, dry_run=dry_run))
