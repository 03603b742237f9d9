"""gm gc."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitops_models.cli.options import Options, of
from gitops_models.cli.output import emit, next_step, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.workflows.collecting import Cleared

_USUAL = Path("gm-reconciler.yaml")
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024


def command(
    context: typer.Context,
    *,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="A reconciler's own file.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed; remove nothing.")] = False,
) -> None:
    """Remove fetched bytes that nothing served, held or to be restored needs."""
    from gitops_models.workflows.clock import SystemClock
    from gitops_models.workflows.collecting import clear_from_file, clear_of_clone

    options = of(context)
    usual = options.repo / _USUAL
    file = options.repo / config if config else (usual if usual.is_file() else None)
    if file:
        found = list(clear_from_file(file, SystemClock(), dry_run=dry_run))
    else:
        found = list(clear_of_clone(options.repo, SystemClock(), dry_run=dry_run))
    _tell(options, found, dry_run=dry_run)


def _tell(options: Options, found: Sequence[Cleared], *, dry_run: bool) -> None:
    rows = [
        (str(one.store), str(one.found.removed), _size(one.found.removed_bytes), _size(one.found.kept_bytes))
        for one in found
    ]
    body = {
        "dryRun": dry_run,
        "stores": [
            {
                "store": str(one.store),
                "removed": one.found.removed,
                "removedBytes": one.found.removed_bytes,
                "kept": one.found.kept,
                "keptBytes": one.found.kept_bytes,
            }
            for one in found
        ],
    }
    emit(options, "Collected", body, table(rows, ("STORE", "WOULD GO" if dry_run else "REMOVED", "BYTES", "KEPT")))
    next_step(options, "gm gc" if dry_run and any(one.found.removed for one in found) else "gm status")


def _size(count: float) -> str:
    unit = 0
    while count >= _STEP and unit < len(_UNITS) - 1:
        count /= _STEP
        unit += 1
    return f"{count:.0f} {_UNITS[unit]}" if unit == 0 else f"{count:.1f} {_UNITS[unit]}"
