"""The whole history judged anew, portion by portion, so that who waits can be told how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.verification.fold import begin, fold, steps_after

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from gitops_models.store.repository import Store
    from gitops_models.verification.acceptance import DecisionSource
    from gitops_models.verification.history import History

PORTION = 64


def replay(
    store: Store,
    ledger: DecisionSource,
    *,
    pin: str,
    tip: str,
    now: datetime | None,
    undecided: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> History:
    """Judge every step from ``pin`` to ``tip``; ``progress`` is told steps done and steps in all, now and then.

    ``now`` is the reader's clock and ``undecided`` what it remembers, as in ``fold``.

    Raises GM-T600 when the first-parent line of ``tip`` does not hold ``pin``.
    """
    history = begin(store, pin)
    steps = steps_after(store, pin, tip)
    for done in range(PORTION, len(steps) + PORTION, PORTION):
        portion = steps[:done]
        history = fold(store, pin=pin, tip=portion[-1], ledger=ledger, known=history, now=now, undecided=undecided)
        if progress:
            progress(len(portion), len(steps))
    return history
