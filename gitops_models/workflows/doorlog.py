"""The door's log of refusals, beside the memory of the server's repository."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gitops_models.registry.text import visible
from gitops_models.registry.times import format_time

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_models.errors import GmError
    from gitops_models.store.repository import Store
    from gitops_models.workflows.clock import Clock

LOG = "refusals.log"
LARGEST = 1024 * 1024  # bytes, before the log begins anew; the one before it is kept
LONGEST = 2000  # characters of one line
MOST = 100  # lines of one push


def log_refusals(store: Store, refusals: tuple[GmError, ...], clock: Clock) -> None:
    """Append what was refused, one line each; text of the pusher is shown escaped, and no push can fill the disk."""
    path = store.common_dir / "gm" / LOG
    now = format_time(clock.now())
    lines = [f"{now} {_line(refusal)}"[:LONGEST] for refusal in refusals[:MOST]]
    if len(refusals) > MOST:
        lines.append(f"{now} and {len(refusals) - MOST} more refusals of this push")
    path.parent.mkdir(parents=True, exist_ok=True)
    _rotate(path)
    with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
        log.writelines(f"{line}\n" for line in lines)


def _line(refusal: GmError) -> str:
    return f"{refusal.code} {visible(refusal.where or '-')} {visible(refusal.message)}"


def _rotate(path: Path) -> None:
    # Two pushes may come here at once: the second one finds no log any more.
    with suppress(FileNotFoundError):
        if path.stat().st_size >= LARGEST:
            path.replace(path.with_name(f"{LOG}.1"))
