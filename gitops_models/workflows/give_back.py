"""``gm trust ledger restore``: what this clone has seen of the ledger, pushed back after the remote lost it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from gitops_models.trust.ledgerview import Rewritten
    from gitops_models.workflows.session import Session


@dataclass(frozen=True)
class GivenBack:
    """What one ref had lost. ``anew``: the records are added in new links, because others wrote there since."""

    ref: str
    records: tuple[str, ...]
    kinds: tuple[str, ...]
    anew: bool


def give_back(session: Session, *, dry_run: bool = False) -> tuple[GivenBack, ...]:
    """Push the union of what was seen and fetched back to the remote; a second call finds nothing to do.

    A signing key is asked for only where links have to be made anew. Raises what the remote's refusal raises (GM-S203
    for a door, which takes no acceptance of another hour: restore on the server itself).
    """
    lost = session.ledger.rewritten()
    if lost and not dry_run:
        ledger = session.writer() if any(one.whole is None for one in lost) else session.ledger
        ledger.restore()
        session.ledger.refresh()
    return tuple(_given(one) for one in lost)


def _given(one: Rewritten) -> GivenBack:
    return GivenBack(
        one.ref,
        tuple(record.sha256 for record in one.lost),
        tuple(record.kind for record in one.lost),
        one.whole is None,
    )
