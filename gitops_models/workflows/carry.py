"""Carrying decisions and receipts that were signed elsewhere into the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.trust.dsse import MAX_BYTES
from gitops_models.trust.records import Receipt, Record, verify_record
from gitops_models.verification.decisions import standing_of
from gitops_models.workflows.inspect import replay_all
from gitops_models.workflows.receipts import hear_now
from gitops_models.workflows.review import add

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gitops_models.workflows.session import Session


def carry(session: Session, files: Sequence[Path]) -> list[Record]:
    """Append the decision or receipt in each file; all are checked before the first is added.

    Raises the record's own GM-T code, GM-T402 for something else, GM-T002 for a key of nobody here, and for a receipt
    what ``verification.receipts.hear`` raises.
    """
    found = [_record(session, path) for path in files]
    for record, change_id in found:
        add(session, change_id, record)
    return [record for record, _ in found]


def _record(session: Session, path: Path) -> tuple[Record, str]:
    with path.open("rb") as stream:
        record = verify_record(stream.read(MAX_BYTES + 1))
    if isinstance(record.body, Receipt):
        replay_all(session)  # the step may lie in the prefix that was taken over
        hear_now(session, record, record.body)
        return record, record.body.change_id
    if record.kind != "decision" or record.change_id is None:
        raise GmError("GM-T402", f"{path.name} holds a {record.kind}, not a decision", where=str(path))
    standing = standing_of(record, session.history.people, session.accepted)
    if standing.actor is None:
        what = standing.detail if record.keyless else f"{path.name} is signed by a key of nobody here"
        raise GmError(standing.code or "GM-T002", what, where=str(path))
    return record, record.change_id
