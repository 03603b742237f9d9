"""What is remembered of places from one process to the next, one file for each target: it saves attempts, no truth.

Failures that wait for other inputs, and since when each condition is so. Losing it costs one more attempt.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from gitops_models.delivery import durable
from gitops_models.delivery.retries import Setback
from gitops_models.delivery.states import Condition
from gitops_models.delivery.values import ModelStage
from gitops_models.errors import GmError, find_code
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MOST_BYTES = 64 * 1024 * 1024
_CONDITION = tuple(field.name for field in fields(Condition) if field.name != "commit")


@dataclass(frozen=True)
class Memo:
    """One place: why it waits for other inputs, its conditions, and the digest that is served there."""

    setback: Setback | None = None
    conditions: tuple[Condition, ...] = ()
    digest: str | None = None


class Memos:
    """Reads and writes the memos of the targets below ``root``; ``None`` keeps nothing."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = root

    def load(self, target: str) -> dict[ModelStage, Memo]:
        """Return what was kept; nothing where the file is missing or makes no sense."""
        if self._root is None:
            return {}
        try:
            with self._path(self._root, target).open("rb") as file:
                rows = json.loads(file.read(MOST_BYTES))
            return {ModelStage(*name.split("#", 1)): _memo(row) for name, row in rows.items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return {}

    def save(self, target: str, memos: Mapping[ModelStage, Memo]) -> None:
        """Keep them; a disk that is full must not stop what is served from being healed."""
        if self._root is None:
            return
        rows = {str(at): _row(one) for at, one in sorted(memos.items())}
        path = self._path(self._root, target)
        with contextlib.suppress(OSError):
            durable.make_directory(path.parent)
            temporary = durable.temporary_of(path)
            temporary.write_bytes(json.dumps(rows).encode())  # not flushed: what a power cut takes is only time
            temporary.replace(path)

    def forget(self, target: str) -> None:
        """Have everything tried again."""
        if self._root is not None:
            with contextlib.suppress(OSError):
                durable.remove_file(self._path(self._root, target))

    @staticmethod
    def _path(root: Path, target: str) -> Path:
        return root / f"{target}.json"


def _row(one: Memo) -> dict[str, Any]:
    return {
        "setback": _setback_row(one.setback),
        "digest": one.digest,
        "conditions": [[getattr(found, name) for name in _CONDITION] for found in one.conditions],
    }


def _setback_row(setback: Setback | None) -> dict[str, Any] | None:
    if setback is None or not setback.final:
        return None
    error = setback.error
    said = {"code": error.code, "message": error.message, "where": error.where, "details": list(error.details)}
    return {"inputs": setback.inputs, "error": said, "bad": setback.bad, "proposal": setback.proposal}


def _memo(row: Mapping[str, Any]) -> Memo:
    conditions = tuple(Condition(**dict(zip(_CONDITION, found, strict=True))) for found in row["conditions"])
    return Memo(_setback(row["setback"]), conditions, row["digest"])


def _setback(row: Mapping[str, Any] | None) -> Setback | None:
    if row is None:
        return None
    said = row["error"]
    find_code(said["code"])
    error = GmError(said["code"], said["message"], where=said["where"], details=tuple(said["details"]))
    return Setback(str(row["inputs"]), error, final=True, bad=row["bad"], proposal=row["proposal"])
