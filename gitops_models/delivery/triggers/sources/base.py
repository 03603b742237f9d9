"""The seam: a question about what is served, and whoever answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gitops_models.delivery.triggers.values import Answer

AWAY, REFUSED, NO_TOKEN, UNFIT = "GM-R602", "GM-R603", "GM-R604", "GM-R606"


@dataclass(frozen=True)
class Subject:
    """What is asked about: one version at one stage. ``damage`` looks at what is served and lists the differences."""

    model: str
    stage: str
    version: str
    digest: str
    now: datetime
    damage: Callable[[], tuple[str, ...]] = tuple

    @property
    def words(self) -> dict[str, str]:
        """The words that an operator may leave open in addresses, paths and arguments."""
        return {"model": self.model, "stage": self.stage, "version": self.version, "sha256": self.digest}

    @property
    def slots(self) -> dict[str, str]:
        """The variables of a query."""
        return {"model": self.model, "version": self.version, "digest": self.digest}


class MetricSource(Protocol):
    """One place that signals come from."""

    def read(self, query: str | None, subject: Subject) -> Answer:
        """Say what ``query`` gives for ``subject``.

        Raises GM-R602 where it cannot be reached, GM-R603 where it refuses or answers nonsense, GM-R604 without its
        token, GM-R606 for a query that does not fit.
        """


def needed(query: str | None, what: str) -> str:
    """Return the query; GM-R606 where the source needs one and there is none."""
    if query is None:
        raise GmError(UNFIT, f"this source needs a query: {what}")
    return query
