"""The ledger of a reader that follows several repositories: the union of what each of them ever showed."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from gitops_models.store.repository import Store
from gitops_models.trust.ledger import Ledger, Scribe
from gitops_models.trust.ledgerview import LedgerView

__all__ = ["UnitedLedger"]


class UnitedLedger(Ledger):
    """A ledger of ``remote`` that also reads what was seen at ``others``, behind what ``remote`` shows.

    Records speak for themselves, so it does not matter who brought them. Only ``remote`` is written to, and only there
    a record that is gone is a finding: another repository need not have all of them.
    """

    def __init__(
        self, store: Store, remote: str | None = None, *, others: Sequence[str] = (), scribe: Scribe | None = None
    ) -> None:
        super().__init__(store, remote, scribe=scribe)
        self.others = {name: LedgerView(store, name) for name in others}

    def refresh(self) -> None:
        """Forget where the refs of all of them were."""
        super().refresh()
        for other in self.others.values():
            other.refresh()

    @cached_property
    def _tips(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        mine = super()._tips
        theirs = [other._tips for other in self.others.values()]  # noqa: SLF001 - of the class that this one extends
        # What stands first is read first: nobody else's copy may put a record before those of the remote.
        return {**mine, **{prefix: topics for tips in theirs for prefix, topics in tips.items() if prefix not in mine}}
