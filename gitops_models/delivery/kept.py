"""What is known of one place from the runs before. Values and what they mean; no I/O."""

from __future__ import annotations

import zlib
from dataclasses import field, replace
from typing import TYPE_CHECKING

from gitops_models.delivery.memos import Memo
from gitops_models.delivery.states import Done, Sync
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from gitops_models.delivery.glimpse import Glimpse
    from gitops_models.delivery.results import Result
    from gitops_models.delivery.retries import Healing, Setback
    from gitops_models.delivery.states import Condition
    from gitops_models.delivery.values import Deployment, Desired, ModelStage


@dataclass
class Kept:
    """What is known of one place. ``glimpse`` is ``None`` where only observing tells whether something changed."""

    desired: Desired | None = None
    result: Result | None = None
    glimpse: Glimpse | None = None
    rehash: datetime | None = None
    setback: Setback | None = None
    healing: Healing | None = None
    asking: Setback | None = None
    conditions: dict[str, Condition] = field(default_factory=dict)
    digest: str | None = None
    missing: tuple[Deployment, ...] = ()


def is_wanted(kept: Kept, desired: Desired) -> bool:
    """Whether what is wanted is what was wanted at the last look."""
    return kept.desired is desired or (kept.result is not None and kept.desired == desired)


def is_well(result: Result) -> bool:
    """Whether there is nothing to come back to."""
    return result.error is None and result.sync is not Sync.DRIFTED


def settled(result: Result) -> Result:
    """What the next run says where nobody looks: nothing was done, and what drifted was healed."""
    if not is_well(result):
        return replace(result, done=Done.WAITING, checks=())
    return replace(result, done=Done.NOTHING, drift=(), checks=())


def spread(at: ModelStage) -> float:
    """From 0.75 to 1.25, the same for the same place: not everything is hashed in the same run."""
    return 0.75 + zlib.crc32(str(at).encode()) / (1 << 33)


def recalled(memo: Memo) -> Kept:
    """Return what another process left."""
    conditions = {one.type: one for one in memo.conditions}
    return Kept(setback=memo.setback, conditions=conditions, digest=memo.digest)


def memo_of(kept: Kept) -> Memo:
    """Return what the next process is to know."""
    setback = kept.setback if kept.setback and kept.setback.final else None
    return Memo(setback, tuple(replace(one, commit=None) for one in kept.conditions.values()), kept.digest)
