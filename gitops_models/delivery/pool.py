"""Several places at once. What one of them raises is its own result."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_Item = TypeVar("_Item")
_Found = TypeVar("_Found")

DEFAULT_WORKERS = 4


def each(
    work: Callable[[_Item], _Found],
    items: Sequence[_Item],
    *,
    workers: int,
    failed: Callable[[_Item, Exception], _Found],
) -> list[_Found]:
    """Return what ``work`` makes of each item, in their order; of one that raises, what ``failed`` makes of it.

    At most ``workers`` at a time. One item alone is done in the calling thread.
    """

    def guarded(item: _Item) -> _Found:
        try:
            return work(item)
        except Exception as error:  # noqa: BLE001 - whatever one model does to us, the others go on
            return failed(item, error)

    if workers < 2 or len(items) < 2:  # noqa: PLR2004 - alone there is nothing to do at once
        return [guarded(item) for item in items]
    with ThreadPoolExecutor(min(workers, len(items)), thread_name_prefix="gm-place") as pool:
        return list(pool.map(guarded, items))
