"""The door's log of refusals, beside the memory of the server's repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.registry.text import visible
from gitops_models.registry.times import format_time

if TYPE_CHECKING:
    from gitops_models.errors import GmError
    from gitops_models.store.repository import Store
    from gitops_models.workflows.clock import Clock

LOG = "refusals.log"


def log_refusals(store: Store, refusals: tuple[GmError, ...], clock: Clock) -> None:
    """Append what was refused, one line each; text of the pusher is shown escaped."""
    path = store.common_dir / "gm" / LOG
    lines = [
        f"{format_time(clock.now())} {refusal.code} {visible(refusal.where or '-')} {visible(refusal.message)}\n"
        for refusal in refusals
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
        log.writelines(lines)
