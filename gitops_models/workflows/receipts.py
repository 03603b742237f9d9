"""The receipts in the ledger and what they are worth, for ``gm verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.trust.records import Receipt
from gitops_models.verification.receipts import Bench, Heard, Merged, hear

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gitops_models.trust.records import Record
    from gitops_models.workflows.session import Session

__all__ = ["SeenReceipt", "hear_now", "seen_receipts"]


@dataclass(frozen=True)
class SeenReceipt:
    """One receipt: whose word it is, or the code of why it is ignored."""

    record: str
    step: str
    workload: str | None
    code: str | None = None
    detail: str = ""


def seen_receipts(
    session: Session, quiet: Mapping[str, tuple[str, ...]], reach: Callable[[int], object]
) -> tuple[SeenReceipt, ...]:
    """Hear the receipts in the ledger by the people accepted now; changes in ``quiet`` have none.

    ``reach`` makes the session's history hold every step after so many.
    """
    return tuple(_seen(session, quiet, reach))


def hear_now(session: Session, record: Record, receipt: Receipt) -> Heard:
    """Hear a receipt by the people accepted now; GM-T109 when it speaks of no step of the line."""
    history = session.history
    step = next((step for step in history.steps if step.oid == receipt.merge), None)
    if step is None or step.change_id is None:
        raise GmError("GM-T109", f"{receipt.merge[:12]} is no step of the line that changed anything governed")
    state = history.state
    bench = Bench(session.store, history.people, state.snapshot, history.repository.line, state.touched)
    return hear(bench, record, Merged.by(session.store.commit(step.oid), step.change_id, history.tip))


def _seen(
    session: Session, quiet: Mapping[str, tuple[str, ...]], reach: Callable[[int], object]
) -> Iterator[SeenReceipt]:
    for change_id, tips in session.ledger.known_changes().items():
        if quiet.get(change_id) == tips:
            continue
        for record in session.ledger.records(change_id):
            if not isinstance(record.body, Receipt):
                continue
            reach(0)
            try:
                heard = hear_now(session, record, record.body)
            except GmError as error:
                yield SeenReceipt(record.sha256, record.body.merge, None, error.code, error.message)
            else:
                yield SeenReceipt(record.sha256, record.body.merge, heard.workload)
