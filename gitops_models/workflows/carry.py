"""Carrying decisions that were signed elsewhere into the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.trust.records import Record, verify_record
from gitops_models.workflows.review import add

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gitops_models.workflows.session import Session


def carry(session: Session, files: Sequence[Path]) -> list[Record]:
    """Append the decision in each file; all are checked before the first is added.

    Raises the record's own GM-T code, GM-T402 for something else than a decision, GM-T002 for a key of nobody here.
    """
    found = [_decision(session, path) for path in files]
    for record, change_id in found:
        add(session, change_id, record)
    return [record for record, _ in found]


def _decision(session: Session, path: Path) -> tuple[Record, str]:
    record = verify_record(path.read_bytes())
    if record.kind != "decision" or record.change_id is None:
        raise GmError("GM-T402", f"{path.name} holds a {record.kind}, not a decision", where=str(path))
    if session.history.people.actor(record.fingerprint) is None:
        raise GmError("GM-T002", f"{path.name} is signed by a key of nobody here", where=str(path))
    return record, record.change_id
