"""The ledger as the door sees it while a push is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.trust.chain import ChainReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_models.store.repository import Store
    from gitops_models.trust.records import Record


class PushedLedger:
    """The ledger as it would be after the push: what is there, then what the push adds."""

    def __init__(self, store: Store, proposed: Mapping[str, str]) -> None:
        self.store = store
        self.proposed = proposed
        self.reader = ChainReader(store)

    def records(self, change_id: str) -> tuple[Record, ...]:
        """The good records of a change in chain order."""
        name = f"refs/gm/changes/{change_id}"
        tips = (self.store.ref(name), self.proposed.get(name))
        return self.reader.read(tip for tip in tips if tip).records

    def added(self, old: str | None, new: str) -> tuple[Record, ...]:
        """The good records that a chain has at ``new`` and did not have at ``old``."""
        known = {record.sha256 for record in self.reader.read([old] if old else []).records}
        return tuple(record for record in self.reader.read([new]).records if record.sha256 not in known)
